import fc from 'fast-check'
import { day, duration, ILLEGAL_NUMBERS, largeDuration, mostly, smallDuration } from './values.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** A few minutes: what a limit of some minutes is nearly used up by. */
const someMinutes = fc.oneof(
  fc.constantFrom(0, 1, 30_000, MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS, 5 * MINUTE_MS),
  fc.integer({ min: 0, max: 5 * MINUTE_MS }),
)
export const minutes = mostly(someMinutes, duration)

/** The day of the start, a Monday, with those around it, the last of the month, and the next. */
export const playDay = mostly(
  fc.constantFrom('2026-11-22', '2026-11-23', '2026-11-23', '2026-11-24', '2026-11-30', '2026-12-01'),
  fc.constantFrom<unknown>('2026-11-31', '9999-12-31', '1970-01-01', '', null),
)

/**
 * Days that share their week and month with no other. What is near the largest duration lies here alone: so it is the
 * day's total that would pass that, and is refused when it is written.
 */
const lonelyDay = fc.constantFrom<unknown>('2024-02-29', '9999-12-31')
const illegalMs = fc.constantFrom<unknown>(...ILLEGAL_NUMBERS, undefined)

/** What is added to a day. */
export const addition = fc.oneof(
  { weight: 14, arbitrary: fc.record({ day, durationMs: mostly(smallDuration, illegalMs) }) },
  { weight: 1, arbitrary: fc.record({ day: lonelyDay, durationMs: largeDuration }) },
)

/** What a session was played on a day. */
export const dayPlayed = fc.oneof(
  { weight: 30, arbitrary: fc.record({ day: playDay, playedMs: mostly(someMinutes, illegalMs) }) },
  { weight: 1, arbitrary: fc.record({ day: lonelyDay, playedMs: largeDuration }) },
)

const CORRECTIONS_MS = [
  ...[0, 1, 30_000, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS],
  ...[-0, -1, -MINUTE_MS, -DAY_MS, Number.MIN_SAFE_INTEGER],
]
/** What a correction adds to a day, or takes from it. */
export const correctedDay = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      day: fc.oneof(day, playDay),
      byMs: mostly(
        fc.constantFrom(...CORRECTIONS_MS),
        fc.constantFrom<unknown>(0.5, Number.NaN, 2 ** 53, -(2 ** 53), '5', null, undefined),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ day: lonelyDay, byMs: largeDuration }) },
)
