import { addDays, type Day, dayAt, dayNumber, LAST_DAY_NUMBER, startOfMonth, startOfWeek } from './day.ts'
import { invalidArgument } from './errors.ts'
import { checkFields, describe } from './values.ts'

export type Period = 'day' | 'week' | 'month'

export interface PeriodOptions {
  /** Weeks begin on Mondays. Default `day`. */
  readonly period?: Period | undefined
}

/** Days, `[from, to)`; without `to`, to the end of time. */
export interface Span {
  readonly from: Day
  readonly to?: Day
}

/** The first day of the period that a day lies in. */
export const PERIODS: Readonly<Record<Period, (day: Day) => Day>> = {
  day: (day) => day,
  week: startOfWeek,
  month: startOfMonth,
}

/** From its first day on, these many days lead into the next one. */
const DAYS_MAX: Readonly<Record<Period, number>> = { day: 1, week: 7, month: 31 }

/** Days whose periods are known, of each kind: a service asks for the same ones again and again. */
const KNOWN_MAX = 512
const known: Readonly<Record<Period, Map<Day, Span>>> = { day: new Map(), week: new Map(), month: new Map() }

/** The period that `day` lies in. @throws StoreError `INVALID_ARGUMENT` unless `isDay(day)`. */
export function spanOf(day: Day, period: Period): Span {
  const spans = known[period]
  const before = spans.get(day)
  if (before !== undefined) return before
  const startOf = PERIODS[period]
  const from = startOf(day)
  const days = DAYS_MAX[period]
  const span = dayNumber(from) + days > LAST_DAY_NUMBER ? { from } : { from, to: startOf(addDays(from, days)) }
  if (spans.size === KNOWN_MAX) spans.clear()
  spans.set(day, span)
  return span
}

/** Whether the span has one day. */
export function isDaySpan({ from, to }: Span): boolean {
  return to !== undefined && spanOf(from, 'day').to === to
}

/** The last day of the span. */
export function lastDayOf(span: Span): Day {
  const { from, to } = span
  if (to === undefined) return dayAt(LAST_DAY_NUMBER)
  return isDaySpan(span) ? from : addDays(to, -1)
}

export function isWithin(day: Day, { from, to }: Span): boolean {
  return day >= from && (to === undefined || day < to)
}

/** Returns `value` if it is a period. @throws StoreError `INVALID_ARGUMENT`. */
export function checkPeriod(value: unknown, what: string): Period {
  if (typeof value === 'string' && Object.hasOwn(PERIODS, value)) return value as Period
  throw invalidArgument(`${what} must be day, week or month, not ${describe(value)}`)
}

/** The stated period, or the day. @throws StoreError `INVALID_ARGUMENT`. */
export function quotaPeriod(period: unknown): Period {
  return period === undefined ? 'day' : checkPeriod(period, 'period')
}

/** The days that a read is about. @throws StoreError `INVALID_ARGUMENT`. */
export function spanOfPeriod(day: Day, options: PeriodOptions): Span {
  const { period } = checkFields(options, ['period'], 'options')
  return spanOf(day, quotaPeriod(period))
}
