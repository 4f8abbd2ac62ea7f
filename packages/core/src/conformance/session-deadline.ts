import assert from 'node:assert/strict'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { eventCounts, eventsOf, MINUTE_MS, OF_SESSION, sent, started, USER_STOP } from './session-expect.ts'

const DEADLINE = new Date('2026-11-23T11:00:00.000Z')
const OWN = { ...OF_SESSION, run: 'r-1' } as const
const later = (ms: number) => new Date(DEADLINE.getTime() + ms)

export const sessionDeadlineCases: readonly CaseDefinition[] = [
  {
    id: 'session/warn/once-for-each-threshold',
    prevents: 'a child who is warned of the same minute by every service and after each lost reply',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store, { deadline: DEADLINE })
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(session.warn(300_000), 'UNAVAILABLE', 'unknown')
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.warn(MINUTE_MS), 'UNAVAILABLE', 'not_applied')
      for (const [thresholdMs, changed] of [
        [300_000, false],
        [MINUTE_MS, true],
        [300_000, false],
        [MINUTE_MS, false],
        [0, true],
        [0, false],
      ] as const) {
        const after = await session.warn(thresholdMs)
        assert.deepEqual([after.changed, after.bookedMs], [changed, 0], `${thresholdMs}`)
        assert.deepEqual(after.session, session.record)
      }
      assert.deepEqual(session.record.warningsIssuedMs, [300_000, MINUTE_MS, 0])
      assert.deepEqual(await store.listSessions(), [session.record])
      const warned = [300_000, MINUTE_MS, 0].map((thresholdMs) => {
        return { type: 'warning_issued', sessionId: 's-1', thresholdMs }
      })
      assert.deepEqual(await eventsOf(store, 'warning_issued'), warned)
    },
  },
  {
    id: 'session/warn/at-once-is-told-once',
    prevents: 'two warnings on the screen, from two services that both look at the clock',
    async run(t) {
      const store = await t.open()
      await started(store, { deadline: DEADLINE })
      const calls = [store, await t.open()].flatMap((handle) =>
        [0, 1].map(() => sent(handle, { type: 'warn_session', ...OWN, thresholdMs: 1 })),
      )
      assert.equal((await Promise.all(calls)).filter(({ changed }) => changed).length, 1)
      assert.deepEqual(await eventCounts(store), { session_started: 1, warning_issued: 1 })
    },
  },
  {
    id: 'session/warn/after-an-extension-that-puts-it-ahead-again',
    prevents: 'a game that ends without a word, because of a warning half an hour ago',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: DEADLINE })
      for (const thresholdMs of [600_000, 300_000, MINUTE_MS]) await session.warn(thresholdMs)
      t.clock.set(later(-MINUTE_MS))
      // Six minutes are left then: of ten it was warned, of five it will be.
      const extended = await session.extend(300_000)
      assert.deepEqual(extended.session.warningsIssuedMs, [600_000])
      assert.equal((await session.warn(600_000)).changed, false)
      assert.equal((await session.warn(300_000)).changed, true)
      assert.deepEqual(session.record.warningsIssuedMs, [600_000, 300_000])
      assert.equal((await eventCounts(store))['warning_issued'], 4)
    },
  },
  {
    id: 'session/warn/as-often-as-a-session-holds',
    prevents: 'a row that grows with every warning, until no report fits beside it',
    async run(t) {
      const store = await t.open()
      await started(store, { deadline: DEADLINE })
      const warn = (thresholdMs: number) => ({ type: 'warn_session', ...OWN, thresholdMs }) as const
      await store.commit(Array.from({ length: LIMITS.SESSION_WARNINGS_MAX }, (_, index) => warn(index)))
      const before = await contentsOf(t.place, store)
      await rejectsWith(store.commit([warn(1_000)]), 'INVALID_ARGUMENT', 'not_applied')
      assert.equal((await sent(store, warn(0))).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/extend/puts-the-deadline-later',
    prevents: 'time that a parent gives, and that ends before it',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: DEADLINE })
      const after = await session.extend(300_000)
      assert.deepEqual([after.changed, after.bookedMs, after.session.deadline], [true, 0, later(300_000)])
      assert.deepEqual((await session.extend(1)).session.deadline, later(300_001))
      assert.equal((await session.extend(0)).changed, false)
      assert.deepEqual((await store.listSessions())[0]?.deadline, later(300_001))
      const told = { type: 'session_extended', sessionId: 's-1' }
      assert.deepEqual(await eventsOf(store, 'session_extended'), [
        { ...told, extendedByMs: 300_000, newDeadline: later(300_000) },
        { ...told, extendedByMs: 1, newDeadline: later(300_001) },
      ])
    },
  },
  {
    id: 'session/extend/one-that-fails-is-in-no-other',
    prevents: 'a child who gets the minutes of two extensions, of which one was refused',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store, { deadline: new Date('2026-11-23T11:00:00.000Z') })
      faults.failNext('write', 'UNAVAILABLE')
      const failing = rejectsWith(session.extend(5 * MINUTE_MS), 'UNAVAILABLE', 'not_applied')
      const { session: extended } = await session.extend(10 * MINUTE_MS)
      await failing
      assert.deepEqual(extended.deadline, new Date('2026-11-23T11:10:00.000Z'))
      await Promise.all([session.extend(5 * MINUTE_MS), session.extend(5 * MINUTE_MS)])
      assert.deepEqual(session.record.deadline, new Date('2026-11-23T11:20:00.000Z'))
    },
  },
  {
    id: 'session/extend/tried-again-after-a-lost-reply',
    prevents: 'five minutes more that become ten on a bad network',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store, { deadline: DEADLINE })
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(session.extend(300_000), 'UNAVAILABLE', 'unknown')
      t.clock.advance(5_000)
      const again = await session.extend(300_000)
      assert.deepEqual([again.changed, again.session.deadline], [false, later(300_000)])
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.extend(300_000), 'UNAVAILABLE', 'not_applied')
      assert.deepEqual((await session.extend(300_000)).session.deadline, later(600_000))
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(session.extend(300_000), 'UNAVAILABLE', 'unknown')
      // It is told of the later deadline meanwhile.
      assert.deepEqual((await session.checkpoint()).session.deadline, later(900_000))
      assert.equal((await session.extend(300_000)).changed, false)
      assert.deepEqual((await session.extend(300_000)).session.deadline, later(1_200_000))
      assert.equal((await eventCounts(store))['session_extended'], 4)
    },
  },
  {
    id: 'session/extend/calls-that-do-not-wait-add-up',
    prevents: 'two parents who give five minutes each, of which the child gets five',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: DEADLINE })
      const told = await Promise.all([session.extend(300_000), session.extend(MINUTE_MS), session.extend(1)])
      assert.deepEqual(
        told.map(({ session: { deadline } }) => deadline),
        [later(300_000), later(360_000), later(360_001)],
      )
    },
  },
  {
    id: 'session/extend/never-puts-it-earlier',
    prevents: 'a delayed extension that takes back a later one',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: DEADLINE })
      await session.extend(300_000)
      const before = await contentsOf(t.place, store)
      for (const ms of [300_000, 299_999, -1, -3_600_000]) {
        const after = await sent(store, { type: 'extend_session', ...OWN, deadline: later(ms) })
        assert.deepEqual(after, { session: session.record, changed: false, bookedMs: 0 })
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/extend/not-after-the-end',
    prevents: 'a session that has ended and is extended all the same',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: DEADLINE })
      await session.end({ reason: USER_STOP })
      const before = await contentsOf(t.place, store)
      assert.equal((await session.extend(300_000)).changed, false)
      assert.equal((await session.warn(300_000)).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/extend/past-the-end-of-time-is-refused',
    prevents: 'a deadline that no database can keep',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: new Date(LIMITS.INSTANT_MS_MAX - 1) })
      const before = await contentsOf(t.place, store)
      for (const byMs of [2, Number.MAX_SAFE_INTEGER, -1, 0.5, Number.NaN]) {
        await rejectsWith(session.extend(byMs), 'INVALID_ARGUMENT', 'not_applied')
        await rejectsWith(session.warn(-1), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      assert.deepEqual((await session.extend(1)).session.deadline, new Date(LIMITS.INSTANT_MS_MAX))
    },
  },
]
