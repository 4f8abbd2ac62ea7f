import { describe, expect, test } from 'vitest'
import { LIMITS } from '../src/limits.ts'
import { counterAt, HOUR_MS, MINUTE_MS, recordOf } from './counter-at.ts'

describe('an active time that is given', () => {
  test('counts in place of the clock: all of it is told, and nothing of it as played by this run', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.advance(10 * MINUTE_MS)
    const nothing = [{ day: '2026-11-23', playedMs: 0 }]
    const of = (minutes: number) => [{ day: '2026-11-23', playedMs: minutes * MINUTE_MS }]
    expect(counter.count(4 * MINUTE_MS)).toMatchObject({ played: nothing, active: of(4) })
    clock.advance(10 * MINUTE_MS)
    expect(counter.count(7 * MINUTE_MS)).toMatchObject({ played: nothing, active: of(7) })
    expect(counter.count(0)).toMatchObject({ played: nothing, active: of(7) })
  })

  test('is never less than before', () => {
    const { counter } = counterAt('2026-11-23T10:00:00Z')
    counter.count(4 * MINUTE_MS)
    expect(counter.count(MINUTE_MS).active).toEqual([{ day: '2026-11-23', playedMs: 4 * MINUTE_MS }])
  })

  test('is told as it is, whatever is booked of other runs', () => {
    const { counter } = counterAt('2026-11-23T10:00:00Z')
    counter.accept(recordOf(3 * MINUTE_MS))
    const first = counter.count(4 * MINUTE_MS)
    counter.acknowledge(first, recordOf(6 * MINUTE_MS))
    const { active } = counter.count(7 * MINUTE_MS)
    expect(active).toEqual([{ day: '2026-11-23', playedMs: 7 * MINUTE_MS }])
  })

  test('lies before the look at which it is given', () => {
    const { clock, counter } = counterAt('2026-11-23T23:00:00Z')
    clock.advance(65 * MINUTE_MS)
    expect(counter.count(20 * MINUTE_MS).active).toEqual([
      { day: '2026-11-23', playedMs: 15 * MINUTE_MS },
      { day: '2026-11-24', playedMs: 5 * MINUTE_MS },
    ])
  })

  test('settles the time up to then: the clock counts on from there, for this run and in all', () => {
    const { clock, counter } = counterAt('2026-11-23T10:00:00Z')
    clock.advance(10 * MINUTE_MS)
    counter.count(4 * MINUTE_MS)
    clock.advance(2 * MINUTE_MS)
    const { played, active } = counter.count(undefined)
    expect(played).toEqual([{ day: '2026-11-23', playedMs: 2 * MINUTE_MS }])
    expect(active).toEqual([{ day: '2026-11-23', playedMs: 6 * MINUTE_MS }])
  })

  test('is told by its latest 32 days, once it is stored', () => {
    const { clock, counter } = counterAt('2026-11-23T23:59:00Z')
    const days = LIMITS.SESSION_DAYS_MAX + 2
    const first = counter.count(days * 24 * HOUR_MS)
    expect(first.active).toHaveLength(days + 1)
    counter.acknowledge(first, recordOf(days * 24 * HOUR_MS))
    clock.advance(MINUTE_MS / 2)
    const { active } = counter.count(undefined)
    expect(active).toHaveLength(LIMITS.SESSION_DAYS_MAX)
    expect(active.reduce((sum, { playedMs }) => sum + playedMs, 0)).toBe(days * 24 * HOUR_MS + MINUTE_MS / 2)
  })
})
