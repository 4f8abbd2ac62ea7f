import type { Calendar } from './calendar.ts'
import { endMsOf } from './played.ts'
import type { QuotaLimit, Reservation } from './session.ts'
import type { DurationMs } from './values.ts'
import { checkFields, checkInteger, checkList } from './values.ts'

/**
 * Time is booked ahead, in slices, as far as every limit leaves room: what is played never passes a limit, however many
 * machines share it, as long as each stops when its slice is over. A slice ends with the day. A machine that dies keeps
 * at most one slice from the others, until it is recovered or its service goes on with the session. What was played of
 * such a slice is known only when somebody tells it: in `continueSession` (`activeMs`), which counts it, on the days
 * before now, before the next slice is booked; or in a late report, which comes on top. Another machine may recover it
 * only when the slice is over, by the two machines' clocks: those that share a quota are not to differ by a slice.
 */
export interface StrictQuota {
  /** 1 to 16. */
  readonly limits: readonly QuotaLimit[]
  /** How much is booked ahead by each checkpoint, in milliseconds, from 1. */
  readonly sliceMs: DurationMs
}

/** How many limits a strict quota has at most. */
export const STRICT_LIMITS_MAX = 16

/** The quota, in objects of ours. @throws StoreError `INVALID_ARGUMENT`. */
export function checkStrict(strict: StrictQuota | undefined): StrictQuota | undefined {
  if (strict === undefined) return undefined
  const { limits, sliceMs } = checkFields(strict, ['limits', 'sliceMs'], 'strict')
  const own = checkList(limits, 'strict.limits', 1, STRICT_LIMITS_MAX).map((limit) => {
    const { period, limitMs } = checkFields(limit, ['period', 'limitMs'], 'limit')
    return { period, limitMs }
  })
  return { limits: own, sliceMs: checkInteger(sliceMs, 'strict.sliceMs', 1, Number.MAX_SAFE_INTEGER) }
}

/** The next slice: it ends with the day, as the next day has its own limit. */
export function reservationAt(now: Date, calendar: Calendar, { limits, sliceMs }: StrictQuota): Reservation {
  const day = calendar.dayOf(now)
  return { day, upToMs: Math.min(sliceMs, endMsOf(calendar, day) - now.getTime()), limits }
}
