import assert from 'node:assert/strict'
import { continueSession, recoverSession } from '../sessions.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import {
  bookedByDay,
  DAY,
  eventCounts,
  MINUTE_MS,
  OF_SESSION,
  report,
  sent,
  started,
  USER_STOP,
} from './session-expect.ts'
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
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_continued: 2, session_ended: 1 })
    },
  },
  {
    id: 'session/runs/one-that-is-always-called-the-same',
    prevents: 'a service whose time from its second start on is taken for what it has told before',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      await session.checkpoint()
      // What the first life sends now is on its way for long.
      t.clock.advance(5_000)
      const late = report(2, { '11-23': 65_000 })
      const continued = await continueSession(store, { run: 'r-1', activeMs: 65_000 })
      assert.ok(continued)
      t.clock.advance(MINUTE_MS)
      assert.equal((await sent(store, late)).bookedMs, 0)
      const told = await continued.checkpoint()
      assert.deepEqual([told.changed, told.bookedMs], [true, MINUTE_MS])
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 125_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 125_000 })
    },
  },
  {
    id: 'session/runs/one-that-owned-the-session-before-is-refused',
    prevents: 'a run that takes a session back, and whose new totals are hidden by its old ones',
    async run(t) {
      const store = await t.open()
      await started(store)
      await continueSession(store, { run: 'r-2' })
      const before = await contentsOf(t.place, store)
      await rejectsWith(continueSession(store, { run: 'r-1', activeMs: 90_000 }), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
      const same = { type: 'continue_session', ...OF_SESSION, from: 'r-2', run: 'r-2' } as const
      assert.equal((await sent(store, same)).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
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
