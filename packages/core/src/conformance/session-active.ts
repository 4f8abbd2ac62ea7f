import assert from 'node:assert/strict'
import { addDays } from '../day.ts'
import { LIMITS } from '../limits.ts'
import { continueSession } from '../sessions.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, end, eventsOf, MINUTE_MS, report, sent, started, USER_STOP } from './session-expect.ts'
import { strict } from './session-strict.ts'

const DAY_MS = 86_400_000
const NEXT_DAY = '2026-11-24'

/** What services tell of all of the time that a session was active, and what runs before report late. */
export const sessionActiveCases: readonly CaseDefinition[] = [
  {
    id: 'session/active/a-late-report-from-before-the-clock-was-set',
    prevents: 'seconds that are counted on the day that the clock shows now, and again on the day that it showed then',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.advance(17_000)
      t.clock.set('2026-11-24T10:10:17.000Z')
      const continued = await continueSession(store, { activeMs: 617_000, run: 'r-2' })
      assert.ok(continued)
      const late = await sent(store, report(9, { '11-23': 617_000 }))
      assert.deepEqual([late.bookedMs, late.session.durationMs], [0, 617_000])
      t.clock.advance(1_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 618_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 600_000, [NEXT_DAY]: 18_000 })
    },
  },
  {
    id: 'session/active/told-after-a-restart-that-told-nothing',
    prevents: 'the last report of a service that died two restarts ago, counted beside what was told since',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.advance(17_000)
      const second = await continueSession(store, { run: 'r-2' })
      t.clock.advance(3_000)
      await second?.checkpoint()
      const third = await continueSession(store, { activeMs: 620_000, run: 'r-3' })
      assert.equal(third?.record.durationMs, 620_000)
      assert.equal((await sent(store, report(2, { '11-23': 617_000 }))).bookedMs, 0)
      assert.equal((await sent(store, { ...report(2, { '11-23': 3_000 }), run: 'r-2' })).bookedMs, 0)
      t.clock.advance(1_000)
      assert.equal((await third.end({ reason: USER_STOP })).session.durationMs, 621_000)
      // Whatever exceeds what was told is booked still, whichever run tells it.
      assert.equal((await sent(store, end(9, { '11-23': 617_200 }))).bookedMs, 200)
      assert.equal((await sent(store, { ...end(9, { '11-23': 3_300 }), run: 'r-2' })).bookedMs, 300)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 621_500 })
    },
  },
  {
    id: 'session/active/told-in-a-checkpoint',
    prevents: 'seconds of the service before, which the new one books as its own, and the old one once more',
    async run(t) {
      for (const isLateFirst of [true, false]) {
        const store = (await t.open()).view({ scope: `late first: ${isLateFirst}` })
        const session = await started(store)
        t.clock.advance(600_000)
        await session.checkpoint()
        t.clock.advance(17_000)
        const late = report(2, { [store.today().slice(5)]: 617_000 })
        const continued = await continueSession(store, { run: 'r-2' })
        assert.ok(continued)
        t.clock.advance(3_000)
        if (isLateFirst) assert.equal((await sent(store, late)).bookedMs, 17_000)
        // It has heard of 600,000 alone.
        const { bookedMs } = await continued.checkpoint({ activeMs: 620_000 })
        assert.equal(bookedMs, isLateFirst ? 3_000 : 20_000)
        if (!isLateFirst) assert.equal((await sent(store, late)).bookedMs, 0)
        // From here on the clock counts again, on top of what was told.
        t.clock.advance(1_000)
        assert.equal((await continued.checkpoint()).bookedMs, 1_000)
        assert.equal((await sent(store, late)).bookedMs, 0)
        t.clock.advance(500)
        const { session: ended } = await continued.end({ reason: USER_STOP, activeMs: 621_400 })
        assert.equal(ended.durationMs, 621_400)
        assert.deepEqual(await bookedByDay(store), { [DAY]: 621_400 })
      }
    },
  },
  {
    id: 'session/active/told-when-the-run-before-has-more',
    prevents: 'a game that was started again in its session, whose short life hides what is played from then on',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      const continued = await continueSession(store, { run: 'r-2' })
      assert.ok(continued)
      t.clock.advance(5_000)
      assert.equal((await continued.checkpoint({ activeMs: 5_000 })).bookedMs, 0)
      t.clock.advance(1_000)
      assert.equal((await continued.checkpoint()).bookedMs, 1_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 601_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 601_000 })
    },
  },
  {
    id: 'session/active/what-was-told-comes-late',
    prevents: 'what a service told before it died, which is taken for a part of what the next one has counted',
    async run(t) {
      const store = await t.open()
      await started(store)
      await sent(store, report(1, { '11-23': 10 * MINUTE_MS }))
      await continueSession(store, { run: 'r-2' })
      await sent(store, { ...report(1, { '11-23': 5 * MINUTE_MS }), run: 'r-2' })
      const active = [{ day: DAY, playedMs: 12 * MINUTE_MS }] as const
      const late = { ...report(2, { '11-23': 10 * MINUTE_MS }), active }
      assert.equal((await sent(store, late)).bookedMs, 2 * MINUTE_MS)
      assert.equal((await sent(store, late)).bookedMs, 0)
      const all = { ...end(2, { '11-23': 5 * MINUTE_MS }), run: 'r-2' }
      assert.equal((await sent(store, all)).session.durationMs, 17 * MINUTE_MS)
      // After the end as well; the log tells it.
      const more = { ...late, report: 3, active: [{ day: DAY, playedMs: 13 * MINUTE_MS }] } as const
      assert.equal((await sent(store, more)).bookedMs, MINUTE_MS)
      const added = { addedMs: MINUTE_MS, durationMs: 18 * MINUTE_MS }
      assert.deepEqual(await eventsOf(store, 'session_time_added'), [
        { type: 'session_time_added', sessionId: 's-1', entryId: 'minecraft', ...added },
      ])
    },
  },
  {
    id: 'session/active/lies-on-the-days-that-lack-it',
    prevents: 'an evening before midnight that is booked on the morning after, because that was told last',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T23:40:00.000Z')
      const session = await started(store)
      t.clock.advance(10 * MINUTE_MS)
      await session.checkpoint()
      // Until ten past midnight nothing arrives, and the next service knows nothing of it.
      t.clock.advance(20 * MINUTE_MS)
      const continued = await continueSession(store, { run: 'r-2' })
      assert.ok(continued)
      t.clock.advance(5 * MINUTE_MS)
      await continued.checkpoint()
      assert.deepEqual(await bookedByDay(store), { [DAY]: 10 * MINUTE_MS, [NEXT_DAY]: 5 * MINUTE_MS })
      t.clock.advance(5 * MINUTE_MS)
      const told = await continued.checkpoint({ activeMs: 40 * MINUTE_MS })
      assert.deepEqual(
        told.usage.map(({ day, usedMs }) => [day, usedMs]),
        [
          [DAY, 20 * MINUTE_MS],
          [NEXT_DAY, 20 * MINUTE_MS],
        ],
      )
      const late = report(2, { '11-23': 20 * MINUTE_MS, '11-24': 10 * MINUTE_MS })
      assert.equal((await sent(store, late)).bookedMs, 0)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 40 * MINUTE_MS)
    },
  },
  {
    id: 'session/active/whose-reply-is-lost',
    prevents: 'active time that is told again, and counted again',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(session.checkpoint({ activeMs: 50_000 }), 'UNAVAILABLE', 'unknown')
      t.clock.advance(MINUTE_MS)
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.checkpoint({ activeMs: 100_000 }), 'UNAVAILABLE', 'not_applied')
      t.clock.advance(1_000)
      const { bookedMs, usedMs } = await session.checkpoint()
      assert.deepEqual([bookedMs, usedMs], [51_000, 101_000])
      faults.failNext('write', 'UNAVAILABLE')
      const last = { reason: USER_STOP, activeMs: 101_500 }
      await rejectsWith(session.end(last), 'UNAVAILABLE', 'not_applied')
      assert.equal((await session.end(last)).session.durationMs, 101_500)
    },
  },
  {
    id: 'session/active/in-strict-mode-lies-on-the-day-of-its-slice',
    prevents: 'a child who sets the clock while a slice runs, and plays it on the account of another day',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { strict: strict() })
      t.clock.advance(20_000)
      await session.checkpoint({ activeMs: 20_000 })
      t.clock.advance(30_000)
      t.clock.set('2026-11-24T10:00:50.000Z')
      await session.checkpoint({ activeMs: 45_000 })
      assert.deepEqual(await bookedByDay(store), { [DAY]: 45_000 })
      t.clock.advance(10_000)
      await session.end({ reason: USER_STOP, activeMs: 55_000 })
      assert.deepEqual(await bookedByDay(store), { [DAY]: 45_000, [NEXT_DAY]: 10_000 })
    },
  },
  {
    id: 'session/active/through-more-runs-than-are-told-apart',
    prevents: 'a service in a crash loop, whose session cannot be gone on with any more, or grows with every crash',
    async run(t) {
      const store = await t.open()
      let session = await started(store)
      const runs = 3 * LIMITS.SESSION_RUNS_MAX
      for (let n = 1; n <= runs; n += 1) {
        t.clock.advance(1_000)
        await session.checkpoint()
        t.clock.advance(500)
        // Every other one can tell how long it has been.
        const age = n % 2 === 0 ? { activeMs: n * 1_500 } : {}
        const continued = await continueSession(store, { run: `next-${n}`, ...age })
        assert.ok(continued)
        session = continued
      }
      assert.equal(session.record.durationMs, runs * 1_500)
      // What was told since is told of them all.
      for (let n = 1; n < runs; n += 1) {
        const late = { ...report(9, { '11-23': 1_400 }), run: `next-${n}` }
        assert.equal((await sent(store, late)).bookedMs, 0, `of run ${n}`)
      }
      assert.deepEqual(await bookedByDay(store), { [DAY]: runs * 1_500 })
    },
  },
  {
    id: 'session/active/through-more-days-than-are-told-apart',
    prevents: 'a game that is never stopped, whose session cannot be reported on any more, or has its days mixed up',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      const days = LIMITS.SESSION_DAYS_MAX + 5
      const expected: Record<string, number> = {}
      for (let n = 0; n < days; n += 1) {
        t.clock.advance(MINUTE_MS)
        const { bookedMs } = await session.checkpoint({ activeMs: (n + 1) * 40_000 })
        assert.equal(bookedMs, 40_000)
        expected[addDays(DAY, n)] = 40_000
        t.clock.advance(DAY_MS - MINUTE_MS)
      }
      const continued = await continueSession(store, { activeMs: days * 40_000 })
      assert.ok(continued)
      await continued.end({ reason: USER_STOP, activeMs: days * 40_000 })
      assert.deepEqual(await bookedByDay(store), expected)
    },
  },
]
