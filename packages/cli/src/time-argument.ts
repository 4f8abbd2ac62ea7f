import { addDays, type Calendar, createCalendar, type Day, isDay, StoreError } from '@shepherd-store/core'
import { InvalidArgumentError } from 'commander'
import { instantFormat } from './format.ts'

/**
 * A time as it was written, which a clock and a calendar make an instant.
 * @throws StoreError `INVALID_ARGUMENT` when it lies before 1970 or after 9999.
 */
export type Moment = (now: Date, calendar: Calendar) => Date

/**
 * A time before now (`2h`, `1d12h`, `3d ago`), `now`, `today`, `yesterday`, `tomorrow`, a day (its start in the store's
 * calendar), a local time of the store's zone (`2026-11-23 18:00`, or `18:00` of this date), or one with an offset or
 * `Z`. A local time that the clock skips is when it jumps; one that it shows twice is the first of them.
 * @throws InvalidArgumentError for anything else.
 */
export function timeArgument(text: string): Moment {
  const moment = dayMoment(text) ?? agoMoment(text) ?? clockMoment(text)
  if (moment === undefined) throw new InvalidArgumentError(FORMS)
  return (now, calendar) => {
    const at = moment(now, calendar)
    if (at >= EARLIEST && at <= LATEST) return at
    throw new StoreError('INVALID_ARGUMENT', `${text} is no time from 1970 to 9999`)
  }
}

export const TIME_EXAMPLES = '2h, 3d, today, yesterday, 2026-11-23, "2026-11-23 18:00" or 2026-11-23T18:00:00Z'
const FORMS = `Give a time such as ${TIME_EXAMPLES}.`

const EARLIEST = new Date(0)
const LATEST = new Date('9999-12-31T23:59:59.999Z')

const NAMED_DAYS: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 }

function dayMoment(text: string): Moment | undefined {
  if (text === 'now') return (now) => now
  if (isDay(text)) return (_, calendar) => calendar.startOf(text)
  const days = Object.hasOwn(NAMED_DAYS, text) ? NAMED_DAYS[text] : undefined
  if (days === undefined) return undefined
  return (now, calendar) => calendar.startOf(addDays(calendar.dayOf(now), days))
}

/** The largest unit first, each at most once. */
const AGO = /^(?<sign>-)?(?:(?<w>\d+)w)?(?:(?<d>\d+)d)?(?:(?<h>\d+)h)?(?:(?<m>\d+)m)?(?:(?<s>\d+)s)?(?<ago> ago)?$/

function agoMoment(text: string): Moment | undefined {
  const { sign, ago, ...units } = AGO.exec(text)?.groups ?? {}
  if (Object.values(units).every((value) => value === undefined)) return undefined
  if (sign !== undefined && ago !== undefined) return undefined
  const { w = '0', d = '0', h = '0', m = '0', s = '0' } = units
  const ms = Number(h) * 3_600_000 + Number(m) * 60_000 + Number(s) * 1_000
  const days = Number(w) * 7 + Number(d)
  return (now, { timeZone }) => new Date(daysBefore(now, days, timeZone).getTime() - ms)
}

/** When the clocks of the zone showed the same, so many days before. */
function daysBefore(now: Date, days: number, timeZone: string): Date {
  if (days === 0) return now
  // Before 1970 there are no days.
  if (days * MS_PER_DAY > now.getTime()) return new Date(Number.NaN)
  const shown = instantFormat(timeZone)(now).slice(11, 16)
  const today = calendarAt(shown, timeZone).dayOf(now)
  return new Date(localTime(addDays(today, -days), shown, timeZone).getTime() + (now.getTime() % MS_PER_MINUTE))
}

const MS_PER_MINUTE = 60_000
const MS_PER_DAY = 86_400_000

const CLOCK_TIME =
  /^(?:(?<day>\d{4}-\d\d-\d\d)[T ])?(?<minute>(?:[01]\d|2[0-3]):[0-5]\d)(?<rest>:[0-5]\d(?:\.\d+)?)?(?<offset>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/

function clockMoment(text: string): Moment | undefined {
  const { day, minute, rest = ':00', offset } = CLOCK_TIME.exec(text)?.groups ?? {}
  if (minute === undefined) return undefined
  const secondsMs = Number(rest.slice(1)) * 1_000
  if (day === undefined) {
    if (offset !== undefined) return undefined
    return (now, { timeZone }) =>
      after(localTime(calendarAt('00:00', timeZone).dayOf(now), minute, timeZone), secondsMs)
  }
  if (!isDay(day)) return undefined
  if (offset !== undefined) return () => new Date(`${day}T${minute}${rest}${offset}`)
  return (_, { timeZone }) => after(localTime(day, minute, timeZone), secondsMs)
}

/** When the clocks of the zone first show it, or, where they jump over it, a later time. */
function localTime(day: Day, minute: string, timeZone: string): Date {
  return calendarAt(minute, timeZone).startOf(day)
}

/** Its days begin at that time of the clock. */
function calendarAt(minute: string, timeZone: string): Calendar {
  return createCalendar({ timeZone, dayStart: minute })
}

function after(at: Date, ms: number): Date {
  return new Date(at.getTime() + Math.floor(ms))
}
