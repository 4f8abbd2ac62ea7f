import { isDay } from './day.ts'
import { invalidArgument } from './errors.ts'
import { checkDuration, describe } from './values.ts'

/** Two hands: the wall clock, which people and time servers move, and one that only goes forward. */
export interface Clock {
  /** What the wall clock shows; a new `Date` each time. It may be earlier than it was before. */
  now(): Date
  /**
   * Milliseconds, with fractions, since some moment: only differences mean anything, and only within one process.
   * Never less than before. On Linux it stands still while the machine sleeps.
   */
  monotonicMs(): number
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(Date.now()),
  monotonicMs: () => performance.now(),
}

/** Returns `value` if it is a clock. @throws StoreError `INVALID_ARGUMENT`. */
export function checkClock(value: Clock): Clock {
  const isClock: boolean =
    typeof value === 'object' &&
    value !== null &&
    typeof value.now === 'function' &&
    typeof value.monotonicMs === 'function'
  if (isClock) return value
  throw invalidArgument(`clock must have the methods now and monotonicMs, unlike ${describe(value)}`)
}

/** A clock that stands still until it is told otherwise, for tests. */
export interface ManualClock extends Clock {
  /**
   * Lets `ms` milliseconds pass: moves both hands.
   * @throws StoreError `INVALID_ARGUMENT` when `ms` is negative or fractional; neither hand moves.
   */
  advance(ms: number): void
  /**
   * Puts the wall clock to `at`, forward or back; the other hand stays.
   * @throws StoreError `INVALID_ARGUMENT` under the conditions of `manualClock`; the hand stays.
   */
  set(at: Date | string): void
}

/**
 * A manual clock whose wall clock shows `start` and whose other hand is at 0.
 * @param start A `Date`, or ISO 8601 text: a date (00:00 UTC), or a time with `Z` or an offset, as without one it would
 * depend on the machine.
 * @throws StoreError `INVALID_ARGUMENT` when `start` is not a valid instant.
 */
export function manualClock(start: Date | string): ManualClock {
  let wallMs = instantMs(start)
  let elapsedMs = 0
  return {
    now: () => new Date(wallMs),
    monotonicMs: () => elapsedMs,
    advance(ms) {
      wallMs = instantMs(new Date(wallMs + checkDuration(ms, 'milliseconds to advance')))
      elapsedMs += ms
    },
    set(at) {
      wallMs = instantMs(at)
    },
  }
}

const TIME_AND_OFFSET = /^(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

function instantMs(at: Date | string): number {
  const ms = typeof at === 'string' && !isIso8601(at) ? Number.NaN : new Date(at).getTime()
  if (!Number.isNaN(ms)) return ms
  throw invalidArgument(`${describe(at)} is not an instant: give a Date, or text such as "2026-11-23T16:00:00Z"`)
}

/** Stricter than `Date`, which takes the 30th of February for the 2nd of March. */
function isIso8601(text: string): boolean {
  return isDay(text.slice(0, 10)) && TIME_AND_OFFSET.test(text.slice(10))
}
