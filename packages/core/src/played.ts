import type { Calendar } from './calendar.ts'
import type { Day } from './day.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { DayPlayed } from './session.ts'
import type { DurationMs } from './values.ts'
import { checkDuration, checkInstant } from './values.ts'

/**
 * On which days the `durationMs` before `until` lie: the parts, in the order of time, sum to the whole. What would lie
 * before 1970 lies on its first day.
 * @throws StoreError `INVALID_ARGUMENT` when that is more than 1,000 days.
 */
export function splitByDay(calendar: Calendar, until: Date, durationMs: DurationMs): readonly DayPlayed[] {
  const endMs = checkInstant(until, 'until').getTime()
  const startMs = endMs - checkDuration(durationMs, 'durationMs')
  const parts: { day: DayPlayed['day']; playedMs: number }[] = []
  for (let atMs = startMs; atMs < endMs;) {
    if (parts.length === LIMITS.SESSION_REPORT_DAYS_MAX) {
      throw invalidArgument(`${durationMs} ms are more than ${LIMITS.SESSION_REPORT_DAYS_MAX} days; report earlier`)
    }
    const day = calendar.dayOf(new Date(Math.max(0, atMs)))
    const nextMs = Math.min(endMs, endMsOf(calendar, day))
    parts.push({ day, playedMs: nextMs - atMs })
    atMs = nextMs
  }
  return parts
}

/** When the day has ended, in milliseconds since 1970. */
export function endMsOf(calendar: Calendar, day: Day): number {
  return calendar.startOf(day).getTime() + calendar.lengthOf(day)
}
