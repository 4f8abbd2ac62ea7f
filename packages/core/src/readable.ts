import type { Day } from './day.ts'
import type { Sum } from './driver.ts'
import { invalidArgument, StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { DurationMs, EntryId } from './values.ts'
import { describe } from './values.ts'

type Key = { readonly entryId: EntryId; readonly day: Day }

/** The sum, if every row in it could be read. @throws StoreError `MALFORMED`: what cannot be read is not zero. */
export function readableUsage({ entryId, day }: Key, sum: Sum): DurationMs {
  return readableSum(sum, `the usage of entry ${describe(entryId)} on ${day}`)
}

/** The cooldown, if it could be read. @throws StoreError `MALFORMED`: what cannot be read is neither none nor past. */
export function readableCooldown(entryId: EntryId, until: Date | undefined): Date | undefined {
  if (until === undefined || !Number.isNaN(until.getTime())) return until
  throw new StoreError('MALFORMED', `the cooldown of entry ${describe(entryId)} cannot be read; set or clear it`)
}

/** The extra time, if every row in it could be read. @throws StoreError `MALFORMED`: what cannot be read is not none. */
export function readableGrant({ entryId, day }: Key, sum: Sum): DurationMs {
  return readableSum(sum, `the extra time of entry ${describe(entryId)} about ${day}`)
}

/** What is booked ahead, if every row in it could be read. @throws StoreError `MALFORMED`. */
export function readableReserved({ entryId, day }: Key, sum: Sum): DurationMs {
  return readableSum(sum, `what sessions of entry ${describe(entryId)} have booked ahead about ${day}`)
}

/** @throws StoreError `MALFORMED`; `INVALID_ARGUMENT` past the largest duration. */
function readableSum({ durationMs, unreadable }: Sum, what: string): DurationMs {
  if (unreadable === 0 && durationMs > LIMITS.DURATION_MS_MAX) {
    throw invalidArgument(
      `${what}, or in the period around it, comes to more than 2^53 - 1 ms; add less, or correct it`,
    )
  }
  if (unreadable === 0 && Number.isSafeInteger(durationMs)) return durationMs
  throw new StoreError('MALFORMED', `${what} cannot be read; repair its row`)
}
