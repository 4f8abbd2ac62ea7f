import assert from 'node:assert/strict'
import { continueSession, recoverSession } from '../sessions.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, eventCounts, MINUTE_MS, report, sent, started, USER_STOP } from './session-expect.ts'
import { strict } from './session-strict.ts'

const HALF_MINUTE_MS = 30_000

/** Runs of a service that follow each other: which of them counts, from when on, and on what account. */
export const sessionRunCases: readonly CaseDefinition[] = [
  {
    id: 'session/runs/a-continuation-tried-again-later-counts-until-then',
    prevents: 'the time between a lost reply and the next try, which nobody counts',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store, { strict: strict() })
      t.clock.advance(MINUTE_MS)
      await session.checkpoint()
      t.clock.advance(10_000)
      const options = { run: 'r-2', strict: strict() }
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(continueSession(store, { ...options, activeMs: 70_000 }), 'UNAVAILABLE', 'unknown')
      t.clock.advance(HALF_MINUTE_MS)
      const continued = await continueSession(store, { ...options, activeMs: 100_000 })
      assert.ok(continued)
      assert.deepEqual([continued.record.durationMs, continued.record.lastReportedAt], [100_000, t.clock.now()])
      // The slice is a new one, too.
      assert.equal(continued.playableMs, MINUTE_MS)
      t.clock.advance(5_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 105_000)
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_continued: 1, session_ended: 1 })
    },
  },
  {
    id: 'session/runs/one-that-has-reported-is-no-new-one',
    prevents: 'a service that is always called the same, and whose time from its second start on is taken for known',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      await session.checkpoint()
      const before = await contentsOf(t.place, store)
      await rejectsWith(continueSession(store, { run: 'r-1' }), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
      await continueSession(store, { run: 'r-2' })
      await continueSession(store, { run: 'r-3' })
      for (const run of ['r-1', 'r-2']) {
        await rejectsWith(continueSession(store, { run, activeMs: 90_000 }), 'INVALID_ARGUMENT', 'not_applied')
      }
      const continued = await continueSession(store, { activeMs: 90_000 })
      t.clock.advance(1_000)
      assert.equal((await continued?.end({ reason: USER_STOP }))?.session.durationMs, 91_000)
    },
  },
  {
    id: 'session/runs/one-that-has-not-reported-may-go-on',
    prevents: 'a service that dies before its first checkpoint, and leaves a session with which nothing can go on',
    async run(t) {
      const store = await t.open()
      await started(store)
      t.clock.advance(10_000)
      const continued = await continueSession(store, { run: 'r-1', activeMs: 10_000 })
      assert.ok(continued)
      t.clock.advance(5_000)
      assert.equal((await continued.checkpoint()).bookedMs, 5_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 15_000)
    },
  },
  {
    id: 'session/runs/what-one-of-many-reports-late-is-booked',
    prevents: 'a report that is hidden by what was told of the run before it, because many runs came between',
    async run(t) {
      const store = await t.open()
      await started(store)
      await sent(store, report(1, { '11-23': 600_000 }))
      await continueSession(store, { run: 'r-2', activeMs: 617_000 })
      for (let n = 3; n <= 20; n += 1) await continueSession(store, { run: `r-${n}` })
      const late = await sent(store, { ...report(1, { '11-23': 10_000 }), run: 'r-2' })
      assert.deepEqual([late.bookedMs, late.session.durationMs], [10_000, 627_000])
    },
  },
  {
    id: 'session/runs/what-the-one-before-played-of-its-slice-lies-on-its-day',
    prevents: 'two machines that play one day beyond its limit, because one of them was started again on it',
    async run(t) {
      for (const [scope, wait] of [
        ['over midnight', () => t.clock.advance(MINUTE_MS)],
        ['with another clock', () => t.clock.set('2026-11-24T10:00:00.000Z')],
      ] as const) {
        t.clock.set('2026-11-23T23:59:20.000Z')
        const store = await t.open({ node: 'pc-1', scope })
        await started(store, { strict: strict(MINUTE_MS, HALF_MINUTE_MS) })
        t.clock.advance(20_000)
        wait()
        const continued = await continueSession(store, { activeMs: 20_000, strict: strict(MINUTE_MS, HALF_MINUTE_MS) })
        assert.deepEqual(await bookedByDay(store), { [DAY]: 20_000 }, scope)
        assert.deepEqual(continued?.record.reserved, { day: '2026-11-24', durationMs: HALF_MINUTE_MS }, scope)
        await continued.end({ reason: USER_STOP })
      }
    },
  },
  {
    id: 'session/runs/one-that-lives-is-heard-of-after-its-recovery',
    prevents: 'a machine that plays on, and that nobody sees among those that live',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store)
      const elsewhere = store.view({ node: 'pc-2' })
      await recoverSession(elsewhere, { sessionId: 's-1' })
      const before = await store.listNodes()
      t.clock.advance(MINUTE_MS)
      assert.equal((await session.checkpoint()).bookedMs, MINUTE_MS)
      const [seen] = await store.listNodes()
      assert.ok(seen && before[0] && seen.lastSeenAt > before[0].lastSeenAt)
      // What is repeated tells of no life.
      const heard = await contentsOf(t.place, store)
      await sent(store, report(1, { '11-23': MINUTE_MS }))
      assert.deepEqual(await contentsOf(t.place, store), heard)
    },
  },
]
