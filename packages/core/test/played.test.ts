import { expect, test } from 'vitest'
import { type Calendar, createCalendar } from '../src/calendar.ts'
import { addDays, type Day } from '../src/day.ts'
import { LIMITS } from '../src/limits.ts'
import { splitByDay } from '../src/played.ts'
import { changesOf, ZONES } from './zone-changes.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' })
const calendarOf = (timeZone: string, dayStart = '00:00') => createCalendar({ timeZone, dayStart })

/** What is wrong with the parts of `[fromMs, toMs)`, if anything, by what a day is: the calendar's `dayOf`. */
function problemOf(calendar: Calendar, fromMs: number, toMs: number): string | undefined {
  const parts = splitByDay(calendar, new Date(toMs), toMs - fromMs)
  let [atMs, before] = [fromMs, addDays(calendar.dayOf(new Date(fromMs)), -1)]
  for (const [index, { day, playedMs }] of parts.entries()) {
    const [first, last] = [atMs, atMs + playedMs - 1].map((ms) => calendar.dayOf(new Date(ms)))
    if (playedMs <= 0 || first !== day || last !== day) return `${playedMs} ms of ${day} lie on ${first} to ${last}`
    if (!follows(day, before, calendar)) return `${day} comes after ${before}`
    const isWhole = index > 0 && index < parts.length - 1
    if (isWhole && playedMs !== calendar.lengthOf(day)) return `${playedMs} ms are not the whole of ${day}`
    before = day
    atMs += playedMs
  }
  return atMs === toMs ? undefined : `the parts sum to ${atMs - fromMs} ms`
}

/** Whether no instant lies between the two days: a zone has skipped what does. */
function follows(day: Day, before: Day, calendar: Calendar): boolean {
  const next = addDays(before, 1)
  return day === next || (day > next && calendar.lengthOf(next) === 0 && follows(day, next, calendar))
}

/** Reaches from a change into the days before and behind it. */
const THREE_DAYS = { lengthMs: 51 * HOUR_MS, before: 0.5 }
const DAY_STARTS = ['00:00', '04:00', '00:30', '02:30', '23:59', '12:00', '03:00']
const LENGTHS_MS = [2, 90 * 60_000, 5 * HOUR_MS, 26 * HOUR_MS, 75 * HOUR_MS + 1]
/** How much of a window lies before the change. */
const SHARES = [0.5, 0.1, 0.9]

/** Two for each change: the three days from midnight on, and one that differs from change to change. */
function windowsOver(changeMs: number, index: number) {
  const other = { lengthMs: at(LENGTHS_MS, index), before: at(SHARES, index) }
  return [
    { dayStart: '00:00', ...THREE_DAYS },
    { dayStart: at(DAY_STARTS, index), ...other },
  ].map(({ dayStart, lengthMs, before }) => {
    const fromMs = Math.max(0, changeMs - Math.ceil(lengthMs * before))
    return { dayStart, fromMs, toMs: fromMs + lengthMs }
  })
}

function at<T>(values: readonly T[], turn: number): T {
  const value = values[turn % values.length]
  if (value === undefined) throw new Error('there are no values')
  return value
}

test(
  'over every change of the clock in every zone, 1970 to 2037, a split has no gap, no overlap, and sums to the whole',
  { timeout: 300_000 },
  () => {
    const problems: string[] = []
    let changes = 0
    for (const timeZone of ZONES) {
      const calendars = new Map(DAY_STARTS.map((dayStart) => [dayStart, calendarOf(timeZone, dayStart)]))
      for (const [index, changeMs] of changesOf(timeZone).entries()) {
        changes += 1
        for (const { dayStart, fromMs, toMs } of windowsOver(changeMs, index)) {
          const problem = problemOf(calendars.get(dayStart) ?? calendarOf(timeZone, dayStart), fromMs, toMs)
          const window = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`
          if (problem !== undefined) problems.push(`${timeZone}, days from ${dayStart}, ${window}: ${problem}`)
        }
      }
    }
    expect(problems).toEqual([])
    // There are about 20,000: far fewer would mean that they were not found.
    expect(changes).toBeGreaterThan(15_000)
  },
)

test('a year of Apia splits into the 364 days that it had', () => {
  const calendar = calendarOf('Pacific/Apia')
  const [from, to] = [calendar.startOf('2011-01-01'), calendar.startOf('2012-01-01')]
  const parts = splitByDay(calendar, to, to.getTime() - from.getTime())
  expect(parts).toHaveLength(364)
  expect(parts.map(({ playedMs }) => playedMs)).toEqual(parts.map(({ day }) => calendar.lengthOf(day)))
  expect(parts.slice(-2).map(({ day }) => day)).toEqual(['2011-12-29', '2011-12-31'])
})

test('nothing has no parts', () => {
  expect(splitByDay(calendarOf('UTC'), new Date('2026-11-23T00:00:00Z'), 0)).toEqual([])
})

test('what ends at midnight lies on the day before', () => {
  expect(splitByDay(calendarOf('UTC'), new Date('2026-11-23T00:00:00Z'), 1)).toEqual([
    { day: '2026-11-22', playedMs: 1 },
  ])
})

test('what would lie before 1970 lies on its first day', () => {
  const calendar = calendarOf('UTC')
  expect(splitByDay(calendar, new Date(0), HOUR_MS)).toEqual([{ day: '1970-01-01', playedMs: HOUR_MS }])
  expect(splitByDay(calendar, new Date(DAY_MS + 5), DAY_MS + HOUR_MS)).toEqual([
    { day: '1970-01-01', playedMs: DAY_MS + HOUR_MS - 5 },
    { day: '1970-01-02', playedMs: 5 },
  ])
})

test('the last day of all reaches to the end of time', () => {
  for (const timeZone of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
    const calendar = calendarOf(timeZone)
    const startMs = calendar.startOf('9999-12-31').getTime()
    const playedMs = LIMITS.INSTANT_MS_MAX - startMs
    expect(splitByDay(calendar, new Date(LIMITS.INSTANT_MS_MAX), playedMs + HOUR_MS)).toEqual([
      { day: '9999-12-30', playedMs: HOUR_MS },
      { day: '9999-12-31', playedMs },
    ])
  }
})

test('a thousand days are split, and more are refused', () => {
  const calendar = calendarOf('UTC')
  const until = new Date('2026-11-23T00:00:00Z')
  const most = LIMITS.SESSION_REPORT_DAYS_MAX * DAY_MS
  expect(splitByDay(calendar, until, most)).toHaveLength(LIMITS.SESSION_REPORT_DAYS_MAX)
  expect(() => splitByDay(calendar, until, most + 1)).toThrow(refusal)
})

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d ms are refused', (durationMs) => {
  expect(() => splitByDay(calendarOf('UTC'), new Date('2026-11-23T00:00:00Z'), durationMs)).toThrow(refusal)
})

test.each([new Date(Number.NaN), new Date(-1), new Date(LIMITS.INSTANT_MS_MAX + 1)])(
  'the end %s is refused',
  (until) => {
    expect(() => splitByDay(calendarOf('UTC'), until, 1)).toThrow(refusal)
  },
)
