import assert from 'node:assert/strict'
import type { Clock } from '../clock.ts'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, eventsOf, MINUTE_MS, report, sent, started, USER_STOP } from './session-expect.ts'

const jump = (wallMs: number, monotonicMs: number) => {
  return { type: 'clock_jumped', sessionId: 's-1', wallMs, monotonicMs }
}

export const sessionClockCases: readonly CaseDefinition[] = [
  {
    id: 'session/clock/set-forward',
    prevents: 'a child who sets the clock, and has another day of play, or loses one',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.set('2026-11-24T10:10:00.000Z')
      t.clock.advance(300_000)
      const { session: record } = await session.end({ reason: USER_STOP })
      assert.equal(record.durationMs, 900_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 600_000, '2026-11-24': 300_000 })
      assert.deepEqual(await eventsOf(store, 'clock_jumped'), [jump(86_700_000, 300_000)])
    },
  },
  {
    id: 'session/clock/set-back',
    prevents: 'a machine that lost its clock, and with it the time that was played',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      const backMs = Date.parse('2019-01-01T00:00:00.000Z') - t.clock.now().getTime()
      t.clock.set('2019-01-01T00:00:00.000Z')
      t.clock.advance(300_000)
      const { session: record } = await session.end({ reason: USER_STOP })
      assert.equal(record.durationMs, 900_000)
      // Of the last five minutes the clock says that they began this year.
      assert.deepEqual(await bookedByDay(store), { '2019-01-01': 300_000, [DAY]: 600_000 })
      assert.deepEqual(await eventsOf(store, 'clock_jumped'), [jump(backMs + 300_000, 300_000)])
    },
  },
  {
    id: 'session/clock/stands-still-in-a-suspended-night',
    prevents: 'eleven hours of sleep that are booked as play',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T21:00:00.000Z')
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.set('2026-11-24T08:10:00.000Z')
      t.clock.advance(20_000)
      const { usedMs } = await session.checkpoint()
      assert.equal(usedMs, 20_000)
      t.clock.advance(10_000)
      await session.end({ reason: USER_STOP })
      assert.deepEqual(await bookedByDay(store), { [DAY]: 600_000, '2026-11-24': 30_000 })
      assert.deepEqual(await eventsOf(store, 'clock_jumped'), [jump(11 * 3_600_000 + 20_000, 20_000)])
    },
  },
  {
    id: 'session/clock/small-steps-are-no-jumps',
    prevents: 'a log full of the corrections of a time server, among which nobody sees the one that counts',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      for (const [stepMs, told] of [
        [999, 0],
        [-999, 0],
        [1_000, 1],
        [-1_000, 2],
        [0, 2],
      ] as const) {
        t.clock.set(new Date(t.clock.now().getTime() + stepMs))
        t.clock.advance(MINUTE_MS)
        await session.checkpoint()
        assert.equal((await eventsOf(store, 'clock_jumped')).length, told, `${stepMs}`)
      }
      assert.deepEqual(await bookedByDay(store), { [DAY]: 300_000 })
    },
  },
  {
    id: 'session/clock/a-jump-is-told-once',
    prevents: 'one change of the clock that looks like many, or that a lost reply hides',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      t.clock.set('2026-11-23T11:00:00.000Z')
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(session.checkpoint(), 'UNAVAILABLE', 'unknown')
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.checkpoint(), 'UNAVAILABLE', 'not_applied')
      t.clock.set('2026-11-23T12:00:00.000Z')
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.checkpoint(), 'UNAVAILABLE', 'not_applied')
      t.clock.set('2026-11-23T11:30:00.000Z')
      await session.checkpoint()
      await session.end({ reason: USER_STOP })
      const hour = 3_600_000
      assert.deepEqual(await eventsOf(store, 'clock_jumped'), [jump(hour, 0), jump(hour, 0), jump(-hour / 2, 0)])
    },
  },
  {
    id: 'session/clock/a-jump-in-an-old-report-was-told',
    prevents: 'a delayed checkpoint that tells of a jump for the second time',
    async run(t) {
      const store = await t.open()
      await started(store)
      const jumps = [
        { report: 1, wallMs: 5_000, monotonicMs: 0 },
        { report: 3, wallMs: -7_000, monotonicMs: 0 },
      ]
      await sent(store, { ...report(3, { '11-23': 1 }), jumps })
      await sent(store, { ...report(3, { '11-23': 1 }), jumps })
      await sent(store, { ...report(1, { '11-23': 1 }), jumps: jumps.slice(0, 1) })
      await sent(store, { ...report(4, { '11-23': 1 }), jumps })
      assert.deepEqual(await eventsOf(store, 'clock_jumped'), [jump(5_000, 0), jump(-7_000, 0)])
    },
  },
  {
    id: 'session/clock/many-jumps-before-the-first-reply',
    prevents: 'a session that can never be reported again, because its report has become too long',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      const many = LIMITS.SESSION_JUMPS_MAX + 36
      for (let n = 0; n < many; n += 1) {
        t.clock.set(new Date(t.clock.now().getTime() + 2_000))
        t.clock.advance(1)
        faults.failNext('write', 'UNAVAILABLE')
        await rejectsWith(session.checkpoint(), 'UNAVAILABLE')
      }
      const { session: record } = await session.end({ reason: USER_STOP })
      assert.equal(record.durationMs, many)
      const told = await eventsOf(store, 'clock_jumped')
      assert.ok(told.length <= LIMITS.SESSION_JUMPS_MAX, `${told.length} jumps`)
      const sums = told.map((event) => (event.type === 'clock_jumped' ? event.wallMs - event.monotonicMs : 0))
      assert.equal(
        sums.reduce((sum, ms) => sum + ms, 0),
        many * 2_000,
      )
    },
  },
  {
    id: 'session/clock/fractions-are-kept',
    prevents: 'a millisecond that every checkpoint rounds away',
    async run(t) {
      let monotonicMs = 1_000_000.5
      const clock: Clock = { now: () => t.clock.now(), monotonicMs: () => monotonicMs }
      const store = await t.open({ clock })
      const session = await started(store)
      for (let n = 0; n < 200; n += 1) {
        monotonicMs += 0.75
        await session.checkpoint()
      }
      assert.equal(await store.getUsage('minecraft', DAY), 150)
      monotonicMs += 0.999_999
      assert.equal((await session.checkpoint()).bookedMs, 0)
      monotonicMs += 0.000_001
      assert.equal((await session.end({ reason: USER_STOP })).session.durationMs, 151)
    },
  },
  {
    id: 'session/clock/active-time-counts-instead',
    prevents: 'a game that was paused and is booked for the whole evening',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      const played: number[] = []
      for (const [passedMs, activeMs] of [
        [60_000, 5_000],
        [60_000, 5_000],
        // Less than before is nothing new.
        [60_000, 4_000],
        [60_000, 5_001],
        [0, 9_000],
        // From here on the clock counts again.
        [30_000, undefined],
        [1_000, 40_000],
      ] as const) {
        t.clock.advance(passedMs)
        played.push((await session.checkpoint({ activeMs })).bookedMs)
      }
      assert.deepEqual(played, [5_000, 0, 0, 1, 3_999, 30_000, 1_000])
      t.clock.advance(600_000)
      assert.equal((await session.end({ reason: USER_STOP, activeMs: 41_000 })).session.durationMs, 41_000)
    },
  },
  {
    id: 'session/clock/what-is-no-active-time-is-refused',
    prevents: 'time that is counted although the call that told it was refused',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      const before = await contentsOf(t.place, store)
      const values: readonly unknown[] = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', null, {}]
      await refusesEach(
        values.flatMap((value) => {
          const activeMs = value as never
          return [
            [`checkpoint ${String(value)}`, () => session.checkpoint({ activeMs })],
            [`end ${String(value)}`, () => session.end({ reason: USER_STOP, activeMs })],
          ] as const
        }),
      )
      assert.deepEqual(await contentsOf(t.place, store), before)
      assert.equal((await session.checkpoint()).bookedMs, MINUTE_MS)
    },
  },
]
