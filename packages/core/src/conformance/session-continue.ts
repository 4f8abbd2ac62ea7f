import assert from 'node:assert/strict'
import { continueSession, recoverSession } from '../sessions.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import {
  bookedByDay,
  DAY,
  end,
  eventCounts,
  eventsOf,
  MINUTE_MS,
  OF_SESSION,
  report,
  sent,
  started,
  USER_STOP,
} from './session-expect.ts'

const HOUR_MS = 3_600_000

export const sessionContinueCases: readonly CaseDefinition[] = [
  {
    id: 'session/continue/goes-on-with-what-is-booked',
    prevents: 'a service that is started again while the game runs, and begins a second session or loses the first',
    async run(t) {
      const store = await t.open()
      const deadline = new Date('2026-11-23T12:00:00.000Z')
      const session = await started(store, { label: 'Minecraft', deadline })
      t.clock.advance(600_000)
      await session.warn(300_000)
      await session.checkpoint()
      // The service is gone for 17 s, which nobody can tell of.
      t.clock.advance(17_000)
      const reopened = await t.open()
      const continued = await continueSession(reopened, { run: 'r-2' })
      assert.ok(continued)
      assert.deepEqual(continued.record, { ...session.record, run: 'r-2', lastReportedAt: t.clock.now() })
      assert.deepEqual([continued.record.warningsIssuedMs, continued.record.label], [[300_000], 'Minecraft'])
      t.clock.advance(30_000)
      const { usedMs, bookedMs } = await continued.checkpoint()
      assert.deepEqual([usedMs, bookedMs], [630_000, 30_000])
      assert.equal((await continued.warn(300_000)).changed, false)
      assert.equal((await continued.warn(60_000)).changed, true)
      assert.equal((await continued.extend(MINUTE_MS)).changed, true)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 630_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 630_000 })
      assert.deepEqual(await eventsOf(store, 'session_continued'), [{ type: 'session_continued', ...OF_SESSION }])
      assert.deepEqual(await eventCounts(store), {
        ...{ session_started: 1, warning_issued: 2, session_continued: 1, session_extended: 1, session_ended: 1 },
      })
    },
  },
  {
    id: 'session/continue/books-what-the-game-tells-of-the-time-between',
    prevents: 'minutes of play for free whenever the service is started again',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.advance(17_000)
      const continued = await continueSession(await t.open(), { activeMs: 617_000 })
      assert.equal(continued?.record.durationMs, 617_000)
      assert.equal(await store.getUsage('minecraft', DAY), 617_000)
      t.clock.advance(1_000)
      assert.equal((await continued.checkpoint({ activeMs: 617_500 })).bookedMs, 500)
      t.clock.advance(1_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 618_500)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 618_500 })
    },
  },
  {
    id: 'session/continue/less-active-than-booked-takes-nothing-back',
    prevents: 'a game that was started again in its session, and gives back what was played before',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      const continued = await continueSession(store, { activeMs: 30_000 })
      assert.equal(continued?.record.durationMs, 600_000)
      t.clock.advance(1_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 601_000)
    },
  },
  {
    id: 'session/continue/a-late-report-of-the-run-before-counts-once',
    prevents: 'the minutes before a crash, which both the old service and the new one book',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.advance(17_000)
      const continued = await continueSession(store, { activeMs: 617_000, run: 'r-2' })
      assert.ok(continued)
      // The checkpoint that the old service sent before its end was on its way for long.
      const late = await session.checkpoint()
      assert.deepEqual([late.changed, late.bookedMs, late.usedMs], [false, 0, 617_000])
      t.clock.advance(1_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 618_000)
      assert.equal((await sent(store, end(9, { '11-23': 617_000 }))).bookedMs, 0)
      // It knows of more than the game: that is booked.
      assert.equal((await sent(store, report(10, { '11-23': 617_250 }))).bookedMs, 250)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 618_250 })
    },
  },
  {
    id: 'session/continue/the-time-between-is-the-latest',
    prevents: 'what was played after midnight being booked on the evening before',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T23:40:00.000Z')
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.advance(1_200_000)
      // 20 minutes before midnight and 10 after it; 10 are booked.
      const continued = await continueSession(store, { activeMs: 1_800_000 })
      assert.equal(continued?.record.durationMs, 1_800_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 1_200_000, '2026-11-24': 600_000 })
      t.clock.advance(MINUTE_MS)
      await continued.end({ reason: USER_STOP })
      assert.deepEqual(await bookedByDay(store), { [DAY]: 1_200_000, '2026-11-24': 660_000 })
    },
  },
  {
    id: 'session/continue/over-midnight-with-a-late-report',
    prevents: 'an evening that is counted by the old service, and again by the new one on the other side of midnight',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T23:50:00.000Z')
      const session = await started(store)
      t.clock.advance(HOUR_MS / 3)
      // Nothing is reported: the network is gone.
      const continued = await continueSession(store, { activeMs: HOUR_MS / 3, run: 'r-2' })
      assert.ok(continued)
      const expected = { [DAY]: 600_000, '2026-11-24': 600_000 }
      assert.deepEqual(await bookedByDay(store), expected)
      assert.equal((await session.checkpoint()).bookedMs, 0)
      assert.equal((await session.end({ reason: USER_STOP })).bookedMs, 0)
      assert.deepEqual(await bookedByDay(store), expected)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, HOUR_MS / 3)
    },
  },
  {
    id: 'session/continue/what-is-not-open-is-undefined',
    prevents: 'a session that has ended and is brought back to life by a restart',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      assert.equal(await continueSession(store), undefined)
      assert.equal(await continueSession(store, { sessionId: 's-1' }), undefined)
      const session = await started(store)
      await session.end({ reason: USER_STOP })
      await started(store.view({ scope: 'ben' }))
      await started(store.view({ node: 'pc-2' }), { sessionId: 's-2' })
      const before = await contentsOf(t.place, store)
      assert.equal(await continueSession(store), undefined)
      assert.equal(await continueSession(store, { sessionId: 's-1', activeMs: 1_000 }), undefined)
      const ended = { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2', active: [] } as const
      assert.equal((await sent(store, ended)).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/continue/another-nodes-session-is-refused',
    prevents: 'a machine that counts the time of a game which runs, or does not run, elsewhere',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await started(store)
      const before = await contentsOf(t.place, store)
      const elsewhere = store.view({ node: 'pc-2' })
      await rejectsWith(continueSession(elsewhere, { sessionId: 's-1' }), 'INVALID_ARGUMENT', 'not_applied')
      assert.equal(await continueSession(elsewhere), undefined)
      assert.deepEqual(await contentsOf(t.place, store), before)
      assert.equal((await continueSession(store, { sessionId: 's-1' }))?.record.sessionId, 's-1')
    },
  },
  {
    id: 'session/continue/one-of-two-runs-owns-it',
    prevents: 'two services that both think that the session is theirs, and both count',
    async run(t) {
      const handles = [await t.open(), await t.open()]
      for (let round = 0; round < 20; round += 1) {
        const [store] = handles
        assert.ok(store)
        const first = await started(store, { sessionId: `s-${round}` })
        const tries = await Promise.all(
          handles.map((handle, index) => continueSession(handle, { run: `again-${index}` })),
        )
        // The second may come whole after the first, and go on from there.
        const [record] = await store.listSessions({ open: true })
        const owners = tries.filter((session) => session?.record.run === record?.run)
        assert.equal(owners.length, 1, `owners of round ${round}`)
        t.clock.advance(1_000)
        for (const session of [first, ...tries]) {
          if (session !== owners[0])
            assert.equal((await session?.end({ reason: USER_STOP, activeMs: 0 }))?.changed ?? false, false)
        }
        assert.equal((await owners[0]?.end({ reason: USER_STOP }))?.session.durationMs, 1_000)
      }
    },
  },
  {
    id: 'session/continue/the-run-before-may-neither-warn-nor-extend',
    prevents: 'a service on its way out that puts off the end of a session which is not its own any more',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: new Date('2026-11-23T12:00:00.000Z') })
      await continueSession(store, { run: 'r-2' })
      const before = await contentsOf(t.place, store)
      assert.equal((await session.warn(MINUTE_MS)).changed, false)
      assert.equal((await session.extend(MINUTE_MS)).changed, false)
      assert.equal((await session.checkpoint()).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/continue/tried-again-after-a-lost-reply',
    prevents: 'a session that runs on without an owner, because its service was told that there is none',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await started(store)
      t.clock.advance(MINUTE_MS)
      const options = { run: 'r-2', activeMs: MINUTE_MS }
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(continueSession(store, options), 'UNAVAILABLE', 'unknown')
      const continued = await continueSession(store, options)
      assert.ok(continued, 'it is open, and goes on')
      t.clock.advance(1_000)
      assert.equal((await continued.end({ reason: USER_STOP })).session.durationMs, 61_000)
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_continued: 2, session_ended: 1 })
    },
  },
  {
    id: 'session/continue/by-default-each-call-is-a-run-of-its-own',
    prevents: 'a crash loop in which one run is taken for the one before, and its reports for old ones',
    async run(t) {
      const store = await t.open()
      await started(store)
      for (let n = 1; n <= 5; n += 1) {
        const session = await continueSession(await t.open())
        t.clock.advance(1_000)
        const { changed, usedMs } = (await session?.checkpoint()) ?? {}
        assert.deepEqual([changed, usedMs], [true, n * 1_000])
      }
      assert.equal((await recoverSession(store))?.durationMs, 5_000)
    },
  },
]
