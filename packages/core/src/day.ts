import { invalidArgument } from './errors.ts'
import { describe } from './values.ts'

/** A calendar day, `YYYY-MM-DD`, from 1970-01-01 to 9999-12-31. Text order is the order of time. */
export type Day = `${number}-${number}-${number}`

const MS_PER_DAY = 86_400_000

/** The day number of 9999-12-31. */
export const LAST_DAY_NUMBER = 2_932_896

/** Whether `text` is a `Day`: in form, in range, and a date that exists (2024-02-29 does, 2026-02-30 does not). */
export function isDay(text: string): text is Day {
  return !Number.isNaN(numberOf(text))
}

/**
 * The only way from text to a `Day`.
 * @throws StoreError `INVALID_ARGUMENT` unless `isDay(text)`.
 */
export function parseDay(text: string): Day {
  dayNumber(text)
  return text as Day
}

/**
 * The day that comes `days` days after `day`, or before it when `days` is negative.
 * @throws StoreError `INVALID_ARGUMENT` when `days` is not a whole number or leads beyond the range of `Day`.
 */
export function addDays(day: Day, days: number): Day {
  const number = dayNumber(day) + days
  if (Number.isInteger(number) && number >= 0 && number <= LAST_DAY_NUMBER) return dayAt(number)
  throw invalidArgument(`${day} plus ${describe(days)} days is no day from 1970-01-01 to 9999-12-31`)
}

/**
 * The first day of the ISO week of `day`, by which the week is known: its Monday.
 * The week that the range cuts begins on a Thursday, 1970-01-01, so that what knows a week is always a `Day`.
 * @throws StoreError `INVALID_ARGUMENT` unless `isDay(day)`.
 */
export function startOfWeek(day: Day): Day {
  const number = dayNumber(day)
  const daysSinceMonday = (number + 3) % 7 // +3: day 0 was a Thursday
  return dayAt(Math.max(0, number - daysSinceMonday))
}

/**
 * The first day of the month of `day`, by which the month is known.
 * @throws StoreError `INVALID_ARGUMENT` unless `isDay(day)`.
 */
export function startOfMonth(day: Day): Day {
  return `${parseDay(day).slice(0, 8)}01` as Day
}

/**
 * Days since 1970-01-01, which is 0. For arithmetic within this package.
 * @throws StoreError `INVALID_ARGUMENT` unless `isDay(text)`.
 */
export function dayNumber(text: string): number {
  const number = numberOf(text)
  if (!Number.isNaN(number)) return number
  throw invalidArgument(`${describe(text)} is not a day: give a date from 1970-01-01 to 9999-12-31, as YYYY-MM-DD`)
}

/** The day with this number, a whole one from 0 to `LAST_DAY_NUMBER`. */
export function dayAt(number: number): Day {
  return new Date(number * MS_PER_DAY).toISOString().slice(0, 10) as Day
}

const DAY_SHAPE = /^(?:19[7-9]|[2-9]\d\d)\d-(?:0[1-9]|1[0-2])-\d\d$/

/** NaN unless `text` is a day. */
function numberOf(text: string): number {
  // What is like text (a PlainDate, a boxed string) passes the test.
  if (typeof text !== 'string' || !DAY_SHAPE.test(text)) return Number.NaN
  const dayOfMonth = Number(text.slice(8))
  const ms = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, dayOfMonth)
  // A day that its month does not have rolls over into another month, on another date.
  return new Date(ms).getUTCDate() === dayOfMonth ? ms / MS_PER_DAY : Number.NaN
}
