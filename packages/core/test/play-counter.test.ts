import { describe, expect, test } from 'vitest'
import { type Clock, manualClock } from '../src/clock.ts'
import { LIMITS } from '../src/limits.ts'
import { type CountedReport, PlayCounter } from '../src/play-counter.ts'
import type { DayPlayed, SessionRecord } from '../src/session.ts'
import { calendar, counterAt, HOUR_MS, MINUTE_MS, recordOf } from './counter-at.ts'

const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' })

/** What is reported, in the order of time. */
function daysOf({ played }: CountedReport): readonly DayPlayed[] {
  return played.toSorted((a, b) => (a.day < b.day ? -1 : 1))
}

/** The record behind a report of which nothing was known before. */
function behind({ played }: CountedReport): SessionRecord {
  return recordOf(played.reduce((sum, { playedMs }) => sum + playedMs, 0))
}

describe('what is played', () => {
  test('is a total that grows, reported under numbers from 1', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.advance(900)
    expect(counter.count(undefined)).toMatchObject({ report: 1, played: [{ day: '2026-11-23', playedMs: 900 }] })
    clock.advance(99)
    expect(counter.count(undefined)).toMatchObject({ report: 2, played: [{ day: '2026-11-23', playedMs: 999 }] })
  })

  test('lies on the days on which it was counted, though nobody looked at midnight', () => {
    const { clock, counter } = counterAt('2026-11-23T23:50:00Z')
    clock.advance(30 * MINUTE_MS)
    expect(daysOf(counter.count(undefined))).toEqual([
      { day: '2026-11-23', playedMs: 10 * MINUTE_MS },
      { day: '2026-11-24', playedMs: 20 * MINUTE_MS },
    ])
  })

  test('keeps fractions of milliseconds for the next report', () => {
    const wall = manualClock('2026-11-23T10:00:00Z')
    let monotonicMs = 1_000.625
    const clock: Clock = { now: () => wall.now(), monotonicMs: () => monotonicMs }
    const counter = new PlayCounter({ clock, calendar })
    const totals = Array.from({ length: 8 }, () => {
      monotonicMs += 0.375
      return counter.count(undefined).played[0]?.playedMs
    })
    expect(totals).toEqual([0, 0, 1, 1, 1, 2, 2, 3])
  })

  test('is nothing when the clock stands still', () => {
    const { counter } = counterAt('2026-11-23T10:00:00Z')
    const { played, jumps } = counter.count(undefined)
    expect([played, jumps]).toEqual([[{ day: '2026-11-23', playedMs: 0 }], []])
  })

  test('is not counted when it cannot be: it is there at the next look', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.advance(5)
    expect(() => counter.count(-1)).toThrow(refusal)
    expect(() => counter.count(0.5)).toThrow(refusal)
    expect(counter.count(undefined)).toMatchObject({ report: 1, played: [{ playedMs: 5 }] })
  })
})

describe('an acknowledged report', () => {
  test('is not told again, but for the total of today', () => {
    const { clock, counter } = counterAt('2026-11-23T23:50:00Z')
    clock.advance(30 * MINUTE_MS)
    const first = counter.count(undefined)
    counter.acknowledge(first, behind(first))
    clock.advance(MINUTE_MS)
    expect(daysOf(counter.count(undefined))).toEqual([{ day: '2026-11-24', playedMs: 21 * MINUTE_MS }])
  })

  test('settles only what it told: a day that grew since is told again', () => {
    const { clock, counter } = counterAt('2026-11-23T23:50:00Z')
    clock.advance(5 * MINUTE_MS)
    const first = counter.count(undefined)
    clock.advance(10 * MINUTE_MS)
    counter.count(undefined)
    counter.acknowledge(first, behind(first))
    expect(daysOf(counter.count(undefined))).toEqual([
      { day: '2026-11-23', playedMs: 10 * MINUTE_MS },
      { day: '2026-11-24', playedMs: 5 * MINUTE_MS },
    ])
  })

  test('that comes late does not undo a later one', () => {
    const { clock, counter } = counterAt('2026-11-23T23:50:00Z')
    clock.advance(5 * MINUTE_MS)
    const first = counter.count(undefined)
    clock.advance(10 * MINUTE_MS)
    const second = counter.count(undefined)
    counter.acknowledge(second, behind(second))
    counter.acknowledge(first, behind(second))
    expect(daysOf(counter.count(undefined))).toEqual([{ day: '2026-11-24', playedMs: 5 * MINUTE_MS }])
  })

  test('leaves the days of one that was lost to the next', () => {
    const { clock, counter } = counterAt('2026-11-23T23:50:00Z')
    clock.advance(HOUR_MS)
    counter.count(undefined)
    clock.advance(24 * HOUR_MS)
    expect(daysOf(counter.count(undefined))).toEqual([
      { day: '2026-11-23', playedMs: 10 * MINUTE_MS },
      { day: '2026-11-24', playedMs: 24 * HOUR_MS },
      { day: '2026-11-25', playedMs: 50 * MINUTE_MS },
    ])
  })
})

describe('a counter that was stopped', () => {
  test('counts nothing until it goes on, and then all that passed', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.advance(MINUTE_MS)
    counter.count(undefined)
    counter.stop()
    clock.advance(HOUR_MS)
    expect(counter.count(undefined)).toMatchObject({ report: 2, played: [{ playedMs: MINUTE_MS }], jumps: [] })
    expect(counter.count(2 * HOUR_MS)).toMatchObject({ report: 3, played: [{ playedMs: MINUTE_MS }] })
    counter.resume()
    expect(counter.count(undefined)).toMatchObject({ report: 4, played: [{ playedMs: HOUR_MS + MINUTE_MS }] })
  })
})

describe('time that is booked ahead', () => {
  const reserved = { day: '2026-11-23', durationMs: 10 * MINUTE_MS } as const

  test('lies on its day when it is played, whatever the clock shows; what exceeds it, where the clock says', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    counter.accept(recordOf(0, reserved))
    clock.set('2026-12-24T10:00:00Z')
    clock.advance(4 * MINUTE_MS)
    expect(daysOf(counter.count(undefined))).toEqual([
      { day: '2026-11-23', playedMs: 4 * MINUTE_MS },
      { day: '2026-12-24', playedMs: 0 },
    ])
    clock.advance(7 * MINUTE_MS)
    expect(daysOf(counter.count(undefined))).toEqual([
      { day: '2026-11-23', playedMs: 10 * MINUTE_MS },
      { day: '2026-12-24', playedMs: MINUTE_MS },
    ])
  })

  test('is what the store last said', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    counter.accept(recordOf(0, reserved))
    const first = counter.count(undefined)
    counter.acknowledge(first, recordOf(0))
    clock.set('2026-12-24T10:00:00Z')
    clock.advance(MINUTE_MS)
    expect(daysOf(counter.count(undefined))).toEqual([{ day: '2026-12-24', playedMs: MINUTE_MS }])
  })
})

test('what has passed since a look is told in whole milliseconds, rounded up', () => {
  const wall = manualClock('2026-11-23T10:00:00Z')
  let monotonicMs = 0.5
  const counter = new PlayCounter({ clock: { now: () => wall.now(), monotonicMs: () => monotonicMs }, calendar })
  const look = counter.count(undefined)
  expect([look.monotonicMs, counter.monotonicMs]).toEqual([0.5, 0.5])
  monotonicMs = 2
  expect(counter.elapsedSince(look)).toBe(2)
})

describe('a clock that is set', () => {
  test.each([
    ['forward', '2026-11-24T10:10:00Z', 24 * HOUR_MS],
    ['back', '2019-01-01T00:00:00Z', Date.parse('2019-01-01T00:00:00Z') - Date.parse('2026-11-23T10:10:00Z')],
  ])('%s changes no total, and is told with both hands', (_, to, byMs) => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.advance(10 * MINUTE_MS)
    clock.set(to)
    clock.advance(5 * MINUTE_MS)
    const { played, jumps } = counter.count(undefined)
    expect(played.reduce((sum, { playedMs }) => sum + playedMs, 0)).toBe(15 * MINUTE_MS)
    expect(jumps).toEqual([{ report: 1, wallMs: 15 * MINUTE_MS + byMs, monotonicMs: 15 * MINUTE_MS }])
  })

  test.each([
    [999, 0],
    [1_000, 1],
    [-999, 0],
    [-1_000, 1],
  ])('by %d ms is told %d times', (byMs, times) => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.set(new Date(clock.now().getTime() + byMs))
    expect(counter.count(undefined).jumps).toHaveLength(times)
  })

  test('is told until a report that told it is acknowledged', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.set('2026-11-23T11:00:00Z')
    const first = counter.count(undefined)
    expect(counter.count(undefined).jumps).toEqual(first.jumps)
    clock.set('2026-11-23T10:00:00Z')
    const third = counter.count(undefined)
    expect(third.jumps).toEqual([...first.jumps, { report: 3, wallMs: -HOUR_MS, monotonicMs: 0 }])
    counter.acknowledge(first, behind(first))
    expect(counter.count(undefined).jumps).toEqual(third.jumps.slice(1))
    counter.acknowledge(third, behind(third))
    expect(counter.count(undefined).jumps).toEqual([])
  })

  test('more often than a report can tell is told in sums: the newest apart, nothing left out', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    const count = LIMITS.SESSION_JUMPS_MAX + 10
    for (let nth = 1; nth < count; nth += 1) {
      clock.advance(MINUTE_MS)
      clock.set(new Date(clock.now().getTime() + nth * HOUR_MS))
      counter.count(undefined)
    }
    clock.advance(MINUTE_MS)
    clock.set('2026-11-23T10:00:00Z')
    const { jumps, report } = counter.count(undefined)
    expect(jumps).toHaveLength(LIMITS.SESSION_JUMPS_MAX)
    expect(jumps.reduce((sum, { wallMs }) => sum + wallMs, 0)).toBe(0)
    expect(jumps.reduce((sum, { monotonicMs }) => sum + monotonicMs, 0)).toBe(count * MINUTE_MS)
    expect(jumps.map((jump) => jump.report)).toEqual(
      Array.from({ length: LIMITS.SESSION_JUMPS_MAX }, (_, index) => report - LIMITS.SESSION_JUMPS_MAX + 1 + index),
    )
    expect(jumps[1]).toEqual({ report: 12, wallMs: 12 * HOUR_MS + MINUTE_MS, monotonicMs: MINUTE_MS })
  })

  test('to where no day is refuses to count, and counts when it is right again', () => {
    let now = new Date('2026-11-23T10:00:00Z')
    let monotonicMs = 0
    const counter = new PlayCounter({ clock: { now: () => now, monotonicMs: () => monotonicMs }, calendar })
    monotonicMs = 7
    now = new Date(Number.NaN)
    expect(() => counter.count(undefined)).toThrow(refusal)
    now = new Date('2026-11-23T10:00:00.007Z')
    expect(counter.count(undefined)).toMatchObject({ report: 1, played: [{ playedMs: 7 }], jumps: [] })
  })
})
