import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createCalendar, sameCalendar, systemTimeZone } from '../src/calendar.ts'
import { addDays, type Day } from '../src/day.ts'
import { LIMITS } from '../src/limits.ts'

const HOUR_MS = 3_600_000
const calendarOf = (timeZone: string, dayStart = '00:00') => createCalendar({ timeZone, dayStart })
const refusal = (value: string) =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(value) })

describe('a day', () => {
  test.each<[timeZone: string, day: Day, startsAt: string, hours: number, why: string]>([
    ['Europe/Berlin', '2026-11-23', '2026-11-22T23:00:00.000Z', 24, 'nothing changes'],
    ['Europe/Berlin', '2025-10-26', '2025-10-25T22:00:00.000Z', 25, 'the clock goes back'],
    ['America/New_York', '2026-03-08', '2026-03-08T05:00:00.000Z', 23, 'the clock goes forward'],
    ['Africa/Cairo', '2025-04-25', '2025-04-24T22:00:00.000Z', 23, 'the clock skips midnight'],
    ['Australia/Lord_Howe', '2025-10-05', '2025-10-04T13:30:00.000Z', 23.5, 'the clock goes forward half an hour'],
    ['America/St_Johns', '2010-11-07', '2010-11-07T02:30:00.000Z', 25, 'the clock goes back over midnight'],
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z', 0, 'the zone skipped it'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00.000Z', 24, 'the day before was skipped'],
    ['Africa/Monrovia', '1972-01-07', '1972-01-07T00:44:30.000Z', 23.2583333333, 'the zone leaves its local mean time'],
  ])('in %s, %s, begins at %s and has %d hours where %s', (timeZone, day, startsAt, hours) => {
    const calendar = calendarOf(timeZone)
    expect(calendar.startOf(day).toISOString()).toBe(startsAt)
    expect(calendar.lengthOf(day) / HOUR_MS).toBeCloseTo(hours, 9)
  })

  test('that a zone skipped is the day of no instant', () => {
    const calendar = calendarOf('Pacific/Apia')
    expect(calendar.dayOf(new Date('2011-12-30T09:59:59.999Z'))).toBe('2011-12-29')
    expect(calendar.dayOf(new Date('2011-12-30T10:00:00.000Z'))).toBe('2011-12-31')
  })

  test('begins at dayStart: what comes before belongs to the day before', () => {
    const calendar = calendarOf('Europe/Berlin', '04:00')
    expect(calendar.dayOf(new Date('2026-11-23T03:59:59.999+01:00'))).toBe('2026-11-22')
    expect(calendar.dayOf(new Date('2026-11-23T04:00:00.000+01:00'))).toBe('2026-11-23')
  })

  test('begins when the clock jumps over its dayStart', () => {
    const calendar = calendarOf('Europe/Berlin', '02:30')
    expect(calendar.startOf('2026-03-29')).toEqual(new Date('2026-03-29T03:00:00+02:00'))
    expect(calendar.lengthOf('2026-03-29')).toBe(23.5 * HOUR_MS)
  })

  test('begins once when the clock shows its dayStart twice', () => {
    const calendar = calendarOf('Europe/Berlin', '02:30')
    expect(calendar.startOf('2025-10-26')).toEqual(new Date('2025-10-26T02:30:00+02:00'))
    expect(calendar.dayOf(new Date('2025-10-26T02:15:00+01:00'))).toBe('2025-10-26')
  })

  test('refuses a date that does not exist', () => {
    const calendar = calendarOf('UTC')
    expect(() => calendar.startOf('2026-02-30')).toThrow(refusal('2026-02-30'))
    expect(() => calendar.lengthOf('2026-02-30')).toThrow(refusal('2026-02-30'))
  })
})

describe('days', () => {
  // The zones whose clocks do what others do not, and a sample of the rest.
  const zones = [
    ...['Africa/Cairo', 'Africa/Casablanca', 'Africa/Monrovia', 'America/Asuncion', 'America/Havana', 'America/Nuuk'],
    ...['America/Santiago', 'America/Sao_Paulo', 'America/St_Johns', 'Antarctica/Casey', 'Antarctica/Troll'],
    ...['Asia/Amman', 'Asia/Beirut', 'Asia/Gaza', 'Asia/Kathmandu', 'Asia/Tehran', 'Atlantic/Azores'],
    ...['Australia/Lord_Howe', 'Europe/Berlin', 'Europe/Dublin', 'Pacific/Apia', 'Pacific/Chatham'],
    ...['Pacific/Kiritimati', 'Pacific/Kwajalein', 'UTC'],
    ...Intl.supportedValuesOf('timeZone').filter((_, index) => index % 11 === 0),
  ]
  const dayStarts = fc.integer({ min: 0, max: 24 * 60 - 1 }).map((minutes) => {
    return new Date(minutes * 60_000).toISOString().slice(11, 16)
  })

  test('tile time, and begin when the clock first shows them, around the clock changes of every zone', () => {
    fc.assert(
      fc.property(
        fc.record({
          timeZone: fc.constantFrom(...zones),
          dayStart: fc.oneof(fc.constant('00:00'), dayStarts),
          from: fc.integer({ min: Date.UTC(1970, 1), max: Date.UTC(2040) }),
          offsets: fc.array(fc.integer({ min: -36 * HOUR_MS, max: 36 * HOUR_MS }), { minLength: 1, maxLength: 3 }),
        }),
        ({ timeZone, dayStart, from, offsets }) => {
          const calendar = calendarOf(timeZone, dayStart)
          const wall = wallClock(timeZone)
          const change = wall.changeAfter(from) ?? from
          for (const ms of offsets.map((offset) => change + offset)) {
            const day = calendar.dayOf(new Date(ms))
            const start = calendar.startOf(day).getTime()
            const end = calendar.startOf(addDays(day, 1)).getTime()

            expect(start).toBeLessThanOrEqual(ms)
            expect(end).toBeGreaterThan(ms)
            expect(calendar.lengthOf(day)).toBe(end - start)
            expect([start, end - 1].map((at) => calendar.dayOf(new Date(at)))).toEqual([day, day])
            expect(calendar.dayOf(new Date(start - 1)) < day && day < calendar.dayOf(new Date(end))).toBe(true)

            const dayStartShown = Date.parse(`${day}T${dayStart}Z`)
            expect(wall.shows(start)).toBeGreaterThanOrEqual(dayStartShown)
            for (const before of [1, 1_800_000, 3_600_000, 7_200_000, 86_400_000]) {
              expect(wall.shows(start - before)).toBeLessThan(dayStartShown)
            }
          }
        },
      ),
      { seed: 20261123, numRuns: 1_500 },
    )
  })

  test('reach to both ends of the range in every zone', () => {
    for (const timeZone of zones) {
      const calendar = calendarOf(timeZone)
      expect(calendar.dayOf(new Date(LIMITS.INSTANT_MS_MIN))).toBe('1970-01-01')
      expect(calendar.dayOf(new Date(LIMITS.INSTANT_MS_MAX))).toBe('9999-12-31')
      const start = calendar.startOf('9999-12-31').getTime()
      expect(start + calendar.lengthOf('9999-12-31')).toBe(LIMITS.INSTANT_MS_MAX + 1)
    }
  })

  test('at the ends take what is left over there', () => {
    const west = calendarOf('America/New_York')
    expect(west.startOf('1970-01-01')).toEqual(new Date(0))
    expect(west.lengthOf('1970-01-01')).toBe(29 * HOUR_MS)
    expect(west.lengthOf('9999-12-31')).toBe(19 * HOUR_MS)
    const east = calendarOf('Asia/Tokyo')
    expect(east.lengthOf('1970-01-01')).toBe(15 * HOUR_MS)
    expect(east.lengthOf('9999-12-31')).toBe(33 * HOUR_MS)
  })

  test.each([-1, LIMITS.INSTANT_MS_MAX + 1, Number.NaN])('do not hold an instant outside the range: %d', (ms) => {
    const calendar = calendarOf('UTC')
    expect(() => calendar.dayOf(new Date(ms))).toThrow(refusal('1970 to 9999'))
  })
})

describe('createCalendar', () => {
  test.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['utc', 'UTC'],
    ['AMERICA/PORT-AU-PRINCE', 'America/Port-au-Prince'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
  ])('spells %s as IANA does, %s', (given, spelled) => {
    expect(calendarOf(given).timeZone).toBe(spelled)
  })

  test.each(['Mars/Olympus', '+02:00', '-0500', 'UTC+2', '2026-01-01T00:00[Europe/Berlin]', ' UTC', ''])(
    'refuses the zone "%s", naming it and what to give',
    (timeZone) => {
      expect(() => calendarOf(timeZone)).toThrow(refusal(JSON.stringify(timeZone)))
      expect(() => calendarOf(timeZone)).toThrow(refusal('"Europe/Berlin"'))
    },
  )

  test.each(['24:00', '4:00', '04:60', '04:00:00', '04:00\n', ''])('refuses the dayStart %j', (dayStart) => {
    expect(() => calendarOf('UTC', dayStart)).toThrow(refusal(JSON.stringify(dayStart)))
    expect(() => calendarOf('UTC', dayStart)).toThrow(refusal('HH:MM'))
  })
})

describe('sameCalendar', () => {
  const berlin = { timeZone: 'Europe/Berlin', dayStart: '00:00' }

  test.each([
    ['Asia/Calcutta', 'Asia/Kolkata'],
    ['Europe/Kiev', 'Europe/Kyiv'],
    ['US/Pacific', 'America/Los_Angeles'],
    ['Etc/UTC', 'UTC'],
    ['europe/berlin', 'Europe/Berlin'],
  ])('holds for two names of one zone: %s, %s', (a, b) => {
    expect(sameCalendar({ ...berlin, timeZone: a }, { ...berlin, timeZone: b })).toBe(true)
  })

  test('fails for zones that agree only by accident, and for another dayStart', () => {
    expect(sameCalendar(berlin, { ...berlin, timeZone: 'Europe/Vienna' })).toBe(false)
    expect(sameCalendar(berlin, { ...berlin, dayStart: '04:00' })).toBe(false)
  })
})

describe('systemTimeZone', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('is the one that TZ names', () => {
    vi.stubEnv('TZ', 'Pacific/Auckland')
    expect(systemTimeZone()).toBe('Pacific/Auckland')
  })

  // Intl answers `undefined` or `Etc/Unknown`: taken for UTC, a child's day would end in the afternoon.
  test.each(['', 'Mars/Olympus'])('is refused when TZ is "%s"', (timeZone) => {
    vi.stubEnv('TZ', timeZone)
    expect(() => systemTimeZone()).toThrow(refusal('timeZone'))
  })
})

/** What the clocks of a zone show, told by `Intl` alone, as milliseconds of a UTC clock that shows the same. */
function wallClock(timeZone: string) {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-US', { ...FIELDS, timeZone })
  formats.set(timeZone, format)

  const shows = (ms: number): number => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 0, day = 0, hour, minute, second } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((ms % 1_000) + 1_000) % 1_000)
  }

  /** The first instant with another offset than `fromMs`, within 400 days. */
  const changeAfter = (fromMs: number): number | undefined => {
    const offset = (ms: number) => shows(ms) - ms
    const step = 20 * 24 * HOUR_MS
    let before = fromMs
    while (offset(before + step) === offset(fromMs)) {
      before += step
      if (before > fromMs + 20 * step) return undefined
    }
    let after = before + step
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offset(middle) === offset(fromMs)) before = middle
      else after = middle
    }
    return after
  }

  return { shows, changeAfter }
}

const formats = new Map<string, Intl.DateTimeFormat>()
const FIELDS = {
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const
