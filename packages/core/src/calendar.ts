import { Temporal } from 'temporal-polyfill'
import { type Day, dayAt, dayNumber, LAST_DAY_NUMBER } from './day.ts'
import { StoreError, invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import { checkFields, checkInstant, describe } from './values.ts'

/** What decides to which day an instant belongs. It is written into a database when that is made. */
export interface CalendarSettings {
  /** An IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
  /** The local time at which days begin, `HH:MM`, 00:00 to 23:59. */
  readonly dayStart: string
}

export type CalendarOptions = {
  /** Default: the machine's own, `systemTimeZone()`. */
  readonly timeZone?: string | undefined
  /** Default `00:00`. */
  readonly dayStart?: string | undefined
}

/**
 * Cuts the time of the store, the years 1970 to 9999 UTC, into days without gap or overlap:
 * `dayOf(at) === day` exactly when `startOf(day) <= at < startOf(addDays(day, 1))`.
 *
 * A day begins when the local clock first shows its date and `dayStart`, or, where the clock jumps over that, first
 * shows a later time. A day that has begun does not end because the clock goes back: the repeated time is its own.
 * The first and the last day take what is left over at the ends: 1970-01-01 begins at 1970-01-01T00:00Z in every zone.
 */
export interface Calendar extends CalendarSettings {
  /**
   * The day that `at` belongs to.
   * @throws StoreError `INVALID_ARGUMENT` unless `at` is a valid Date from 1970 to 9999.
   */
  dayOf(at: Date): Day
  /**
   * The instant at which `day` begins.
   * @throws StoreError `INVALID_ARGUMENT` unless `isDay(day)`.
   */
  startOf(day: Day): Date
  /**
   * How long `day` is, in milliseconds: 86,400,000 but when the clock is changed, and at the ends of time.
   * 0 for a day that the zone skipped, as Apia did 2011-12-30: no instant belongs to it.
   * @throws StoreError `INVALID_ARGUMENT` unless `isDay(day)`.
   */
  lengthOf(day: Day): number
}

/**
 * Returns the calendar that was asked for; a `Calendar` will do.
 * @throws StoreError `INVALID_ARGUMENT` for a mistyped field, which would otherwise mean the machine's own.
 */
export function checkCalendarFields(calendar: CalendarOptions): CalendarOptions {
  const known: readonly (keyof Calendar)[] = ['timeZone', 'dayStart', 'dayOf', 'startOf', 'lengthOf']
  return checkFields<Partial<Calendar>>(calendar as Partial<Calendar>, known, 'calendar')
}

/**
 * The calendar with these settings. Its `timeZone` is spelled as IANA does, whatever the case of the one given.
 * @throws StoreError `INVALID_ARGUMENT` when this machine does not know the zone, when it is an offset (`+02:00` would
 * never see daylight saving), or when `dayStart` is not `HH:MM`.
 */
export function createCalendar(settings: CalendarSettings): Calendar {
  const timeZone = epochIn(settings.timeZone).timeZoneId
  const dayStart = checkDayStart(settings.dayStart)
  const firstLocalStart = Temporal.PlainDateTime.from(`1970-01-01T${dayStart}`)

  const startMs = (number: number): number => {
    if (number <= 0) return 0
    if (number > LAST_DAY_NUMBER) return END_MS
    return Math.min(firstInstant(firstLocalStart.add({ days: number }), timeZone), END_MS)
  }

  // Nearly every question is about the same day as the one before, so that one is kept, with its bounds.
  let kept = { day: dayAt(0), fromMs: 0, toMs: 0 }

  return {
    timeZone,
    dayStart,
    dayOf(at) {
      const ms = at.getTime()
      if (ms >= kept.fromMs && ms < kept.toMs) return kept.day
      checkInstant(at, 'the instant')
      // The last day that has begun. No zone is a whole day ahead of UTC, so its date is at most one later.
      let number = Math.min(Math.floor(ms / MS_PER_DAY) + 1, LAST_DAY_NUMBER)
      while (startMs(number) > ms) number -= 1
      kept = { day: dayAt(number), fromMs: startMs(number), toMs: startMs(number + 1) }
      return kept.day
    },
    startOf: (day) => new Date(startMs(dayNumber(day))),
    lengthOf(day) {
      const number = dayNumber(day)
      return startMs(number + 1) - startMs(number)
    },
  }
}

/**
 * Whether both cut time into the same days. Names of one zone are equal: `Asia/Calcutta` and `Asia/Kolkata`.
 * @throws StoreError `INVALID_ARGUMENT` when this machine does not know one of the zones.
 */
export function sameCalendar(a: CalendarSettings, b: CalendarSettings): boolean {
  return a.dayStart === b.dayStart && epochIn(a.timeZone).equals(epochIn(b.timeZone))
}

/**
 * The zone that this machine is set to, by its IANA name.
 * @throws StoreError `INVALID_ARGUMENT` when it is set to none (`TZ=''`), or to one that has no IANA name.
 */
export function systemTimeZone(): string {
  // Undefined for some values of TZ, whatever its type says.
  const timeZone: string | undefined = new Intl.DateTimeFormat().resolvedOptions().timeZone
  if (timeZone !== undefined && timeZone !== 'Etc/Unknown') return timeZone
  throw invalidArgument(`the time zone of this machine is unknown: give timeZone, ${EXAMPLE}, or set TZ to it`)
}

const MS_PER_DAY = 86_400_000
const END_MS = LIMITS.INSTANT_MS_MAX + 1
const EXAMPLE = 'an IANA name such as "Europe/Berlin" or "UTC"'

/** The first instant at which the clock of the zone shows `local` or later. */
function firstInstant(local: Temporal.PlainDateTime, timeZone: string): number {
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  if (earlier.toPlainDateTime().equals(local)) return earlier.epochMilliseconds
  // The clock jumps over `local`. Temporal then takes an instant before the jump; the day begins with the jump.
  const jump = earlier.getTimeZoneTransition('next')
  if (jump === null) throw new RangeError(`${timeZone} skips ${local.toString()} without a jump`)
  return jump.epochMilliseconds
}

/** The zone itself, as Temporal has no value for one. */
function epochIn(timeZone: string): Temporal.ZonedDateTime {
  try {
    const epoch = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone)
    // Temporal also takes offsets, and texts that contain a zone.
    if (/^[a-z]/i.test(timeZone) && epoch.timeZoneId.toLowerCase() === timeZone.toLowerCase()) return epoch
    throw new RangeError('not the name of a zone')
  } catch (cause) {
    throw new StoreError('INVALID_ARGUMENT', `timeZone ${describe(timeZone)} is unknown: give ${EXAMPLE}`, { cause })
  }
}

function checkDayStart(dayStart: string): string {
  if (typeof dayStart === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(dayStart)) return dayStart
  throw invalidArgument(`dayStart ${describe(dayStart)} is not a time of day: give HH:MM, from 00:00 to 23:59`)
}
