import type { Day } from '../../day.ts'
import type { Period } from '../../period.ts'
import { orElse } from './fields.ts'
import { legalObject, dayOf, type Legal, refuse } from './values.ts'

const MS_PER_DAY = 86_400_000

/** The day by which a period is known: its first. */
const FIRST_DAYS: Readonly<Record<Period, (day: Day) => Day>> = {
  day: (day) => day,
  week: weekOf,
  month: monthOf,
}

export const legalPeriod: Legal<Period> = (value) =>
  typeof value === 'string' && Object.hasOwn(FIRST_DAYS, value) ? (value as Period) : refuse()

/** What is said of a quota's period, or by leaving that out. */
export const quotaPeriod: Legal<Period> = orElse(legalPeriod, 'day')

/** What the options of a read say of its period. */
export const periodOfOptions: Legal<Period> = (options) => quotaPeriod(legalObject(options, ['period'])['period'])

export function sharePeriod(period: Period, one: Day, other: Day): boolean {
  return FIRST_DAYS[period](one) === FIRST_DAYS[period](other)
}

export function monthOf(day: Day): Day {
  return `${day.slice(0, 8)}01` as Day
}

/** The Monday of the day's week; 1970-01-01, a Thursday, for the week that the range cuts. */
export function weekOf(day: Day): Day {
  const midnight = new Date(`${day}T00:00:00Z`)
  const daysSinceMonday = (midnight.getUTCDay() + 6) % 7
  return dayOf(new Date(Math.max(0, midnight.getTime() - daysSinceMonday * MS_PER_DAY)))
}
