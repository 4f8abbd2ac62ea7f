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

/** How much that is, over all days. */
export function totalOf(played: readonly DayPlayed[]): DurationMs {
  return played.reduce((sum, { playedMs }) => sum + playedMs, 0)
}

/** Each day once, with all that was played on it, in the order of time. */
export function joinDays(played: readonly DayPlayed[]): readonly DayPlayed[] {
  const days = new Map<Day, DurationMs>()
  for (const { day, playedMs } of played) days.set(day, (days.get(day) ?? 0) + playedMs)
  return [...days].map(([day, playedMs]) => ({ day, playedMs })).toSorted((a, b) => (a.day < b.day ? -1 : 1))
}

/** The latest 32 days. What was played before them lies on the first of them. */
export function latestDays(played: readonly DayPlayed[]): readonly DayPlayed[] {
  const days = joinDays(played)
  const [first, ...latest] = days.slice(-LIMITS.SESSION_DAYS_MAX)
  if (first === undefined) return []
  return [{ day: first.day, playedMs: first.playedMs + totalOf(days.slice(0, -LIMITS.SESSION_DAYS_MAX)) }, ...latest]
}

/** The last `ms` of what was played; where that is less, the rest lies on its last day. */
export function lastMsOf(played: readonly DayPlayed[], ms: DurationMs): readonly DayPlayed[] {
  let left = ms
  const parts = played
    .toReversed()
    .map(({ day, playedMs }) => {
      const part = Math.min(left, playedMs)
      left -= part
      return { day, playedMs: part }
    })
    .toReversed()
  const last = parts.at(-1)
  if (last !== undefined && left > 0) parts.push({ day: last.day, playedMs: left })
  return parts.filter((part) => part.playedMs > 0)
}

/** When the day has ended, in milliseconds since 1970. */
export function endMsOf(calendar: Calendar, day: Day): number {
  return calendar.startOf(day).getTime() + calendar.lengthOf(day)
}
