import assert from 'node:assert/strict'
import type { SessionEndReason } from '../audit.ts'
import { LIMITS } from '../limits.ts'
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

const EXPIRED = { type: 'expired' } as const
const inMs = (ms: number) => new Date(Date.UTC(2026, 10, 23, 10) + ms)

export const sessionEndCases: readonly CaseDefinition[] = [
  {
    id: 'session/end/books-to-the-millisecond',
    prevents: 'the last second of every session, which the books leave out',
    async run(t) {
      const store = await t.open()
      for (const [entryId, sessionsMs, totalMs] of [
        ['minecraft', [1_799_999, 999], 1_800_998],
        ['tuxmath', Array.from({ length: 100 }, () => 900), 90_000],
        ['chess', [0, 1, 0], 1],
      ] as const) {
        for (const [index, playedMs] of sessionsMs.entries()) {
          const session = await started(store, { entryId, sessionId: `${entryId}-${index}` })
          t.clock.advance(playedMs)
          const after = await session.end({ reason: USER_STOP })
          assert.deepEqual([after.changed, after.bookedMs, after.session.durationMs], [true, playedMs, playedMs])
        }
        assert.equal(await store.getUsage(entryId, DAY), totalMs)
      }
    },
  },
  {
    id: 'session/end/does-all-four-things',
    prevents: 'a session that is over in one table, and goes on in another',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store, { label: 'Minecraft' })
      t.clock.advance(600_017)
      const after = await session.end({ reason: EXPIRED, cooldownMs: MINUTE_MS })
      const at = inMs(600_017)
      const { startedAt, ...ended } = after.session
      assert.deepEqual(startedAt, inMs(0))
      assert.deepEqual(ended, {
        ...{ ...OF_SESSION, scope: 'default', node: 'pc-1', run: 'r-1', label: 'Minecraft', durationMs: 600_017 },
        ...{ lastReportedAt: at, warningsIssuedMs: [], endedAt: at, endReason: EXPIRED },
      })
      const reader = await t.open()
      assert.deepEqual(await reader.listSessions(), [after.session])
      assert.equal((await t.place.raw.sessions())[0]?.endedAt, at.toISOString())
      assert.equal(await reader.getUsage('minecraft', DAY), 600_017)
      assert.deepEqual(await reader.getCooldownUntil('minecraft'), inMs(660_017))
      assert.deepEqual(await eventsOf(reader, 'session_ended'), [
        { type: 'session_ended', ...OF_SESSION, reason: EXPIRED, durationMs: 600_017 },
      ])
    },
  },
  {
    id: 'session/end/that-failed-did-nothing',
    prevents: 'a session that is booked and still open, or ended and not booked',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      t.clock.advance(600_000)
      const before = await contentsOf(t.place, store)
      const options = { reason: USER_STOP, cooldownMs: MINUTE_MS }
      faults.failNext('write', 'DISK_FULL')
      await rejectsWith(session.end(options), 'DISK_FULL', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
      // It is the reply that was waited for, not the game.
      t.clock.advance(1_000)
      const after = await session.end(options)
      assert.deepEqual([after.changed, after.session.durationMs], [true, 600_000])
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_ended: 1 })
    },
  },
  {
    id: 'session/end/that-failed-and-is-not-tried-again',
    prevents: 'a game that could not be stopped, and is played for free from then on',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      t.clock.advance(600_000)
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.end({ reason: USER_STOP }), 'UNAVAILABLE', 'not_applied')
      t.clock.advance(30_000)
      assert.equal((await session.checkpoint()).usedMs, 630_000)
      t.clock.advance(1_000)
      assert.equal((await session.end({ reason: EXPIRED })).session.durationMs, 631_000)
    },
  },
  {
    id: 'session/end/tried-again-after-a-lost-reply',
    prevents: 'a lost reply that books a session twice, or makes the child rest twice',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      t.clock.advance(600_000)
      const options = { reason: USER_STOP, cooldownMs: MINUTE_MS }
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(session.end(options), 'UNAVAILABLE', 'unknown')
      const before = await contentsOf(t.place, store)
      assert.equal(before.usage[0]?.durationMs, 600_000)
      t.clock.advance(1_000)
      const again = await session.end(options)
      assert.deepEqual([again.changed, again.bookedMs, again.session.durationMs], [false, 0, 600_000])
      assert.deepEqual(session.record, again.session)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/end/that-is-refused-counts-nothing',
    prevents: 'a mistyped reason that stops the clock of a game which runs on',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      const odd: readonly unknown[] = [
        { reason: { type: 'bored' } },
        { reason: USER_STOP, cooldownMs: -1 },
        {},
        { reason: USER_STOP, cooldownMs: Number.MAX_SAFE_INTEGER },
      ]
      for (const options of odd) {
        t.clock.advance(MINUTE_MS)
        await rejectsWith(session.end(options as never), 'INVALID_ARGUMENT', 'not_applied')
      }
      t.clock.advance(MINUTE_MS)
      assert.equal((await session.end({ reason: USER_STOP })).session.durationMs, 5 * MINUTE_MS)
    },
  },
  {
    id: 'session/end/a-second-one-changes-nothing',
    prevents: 'a game that is stopped and exits, and so is booked twice, with a second cooldown and another reason',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      const first = await session.end({ reason: USER_STOP, cooldownMs: MINUTE_MS })
      const before = await contentsOf(t.place, store)
      t.clock.advance(120_000)
      const options = { reason: { type: 'process_exited', exitCode: 1 }, cooldownMs: 600_000 } as const
      for (const activeMs of [undefined, 600_000]) {
        const second = await session.end({ ...options, activeMs })
        assert.deepEqual(second, { session: first.session, changed: false, bookedMs: 0 })
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/end/what-comes-after-it-is-booked-with-a-record',
    prevents: 'minutes before the end that are lost because their report was slow, or added where nobody sees it',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      const { session: ended } = await session.end({ reason: USER_STOP, cooldownMs: MINUTE_MS })
      t.clock.advance(17_000)
      for (const [change, addedMs, durationMs] of [
        [report(1, { '11-23': 600_000 }), 0, 600_000],
        [report(1, { '11-22': 10_000, '11-23': 600_000 }), 10_000, 610_000],
        [{ ...end(7, { '11-23': 617_000 }), cooldownMs: MINUTE_MS }, 17_000, 627_000],
        [end(8, { '11-22': 10_000, '11-23': 617_000 }), 0, 627_000],
      ] as const) {
        const after = await sent(store, change)
        assert.deepEqual(after, { session: { ...ended, durationMs }, changed: false, bookedMs: addedMs })
      }
      assert.deepEqual(await bookedByDay(store), { '2026-11-22': 10_000, [DAY]: 617_000 })
      assert.deepEqual(await store.getCooldownUntil('minecraft'), inMs(660_000))
      const added = { type: 'session_time_added', ...OF_SESSION }
      assert.deepEqual((await eventsOf(store)).slice(2), [
        { ...added, addedMs: 10_000, durationMs: 610_000 },
        { ...added, addedMs: 17_000, durationMs: 627_000 },
      ])
    },
  },
  {
    id: 'session/end/keeps-the-later-cooldown',
    prevents: 'a machine that shortens the rest which another one has set',
    async run(t) {
      const store = await t.open()
      const cooldowns = [
        [inMs(60_000), 59_999, inMs(60_000)],
        [inMs(60_000), 60_000, inMs(60_000)],
        [inMs(60_000), 60_001, inMs(60_001)],
        [inMs(60_000), undefined, inMs(60_000)],
        [undefined, undefined, undefined],
        [undefined, 0, inMs(0)],
      ] as const
      for (const [index, [stands, cooldownMs, expected]] of cooldowns.entries()) {
        if (stands === undefined) await store.clearCooldown('minecraft')
        else await store.setCooldownUntil('minecraft', stands)
        const session = await started(store, { sessionId: `s-${index}` })
        await session.end({ reason: USER_STOP, cooldownMs })
        assert.deepEqual(await store.getCooldownUntil('minecraft'), expected, `${stands?.toISOString()}, ${cooldownMs}`)
      }
    },
  },
  {
    id: 'session/end/ends-no-other-session',
    prevents: 'the late exit of one game, which ends the next one',
    async run(t) {
      const store = await t.open()
      const first = await started(store, { sessionId: 'a' })
      t.clock.advance(600_000)
      await first.end({ reason: USER_STOP })
      const second = await started(store, { sessionId: 'b' })
      t.clock.advance(1_000)
      const before = await contentsOf(t.place, store)
      assert.equal((await first.end({ reason: { type: 'process_exited' } })).changed, false)
      assert.equal((await first.checkpoint()).bookedMs, 0)
      assert.deepEqual(await contentsOf(t.place, store), before)
      t.clock.advance(1_000)
      assert.equal((await second.end({ reason: EXPIRED })).session.durationMs, 2_000)
      assert.equal(await store.getUsage('minecraft', DAY), 602_000)
      assert.deepEqual(
        (await eventsOf(store, 'session_ended')).map((event) => 'sessionId' in event && event.sessionId),
        ['a', 'b'],
      )
    },
  },
  {
    id: 'session/end/by-a-run-that-no-longer-owns-it',
    prevents: 'a service that is slow to stop, and ends the session which its successor runs',
    async run(t) {
      const store = await t.open()
      await started(store)
      await sent(store, { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2', active: [] })
      t.clock.advance(MINUTE_MS)
      const late = await sent(store, { ...end(9, { '11-23': 30_000 }), cooldownMs: MINUTE_MS })
      assert.deepEqual([late.changed, late.bookedMs], [false, 30_000])
      assert.equal('endedAt' in late.session, false)
      assert.deepEqual(late.session.lastReportedAt, inMs(0))
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_continued: 1 })
      assert.equal((await sent(store, { ...end(1, { '11-23': 1 }), run: 'r-2' })).changed, true)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 30_001 })
    },
  },
  {
    id: 'session/end/that-is-refused-did-nothing',
    prevents: 'half of an end: time that is booked again by the next try, or a session that never ends',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(600_000)
      const before = await contentsOf(t.place, store)
      const forever = { reason: USER_STOP, cooldownMs: LIMITS.INSTANT_MS_MAX }
      await rejectsWith(session.end(forever), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
      const after = await session.end({ reason: USER_STOP, cooldownMs: MINUTE_MS })
      assert.deepEqual([after.changed, after.bookedMs], [true, 600_000])
    },
  },
  {
    id: 'session/end/every-reason-comes-back',
    prevents: 'a session of which nobody can say why it ended',
    async run(t) {
      const store = await t.open()
      const reasons: readonly SessionEndReason[] = [
        ...(['expired', 'user_stop', 'admin_stop', 'policy_stop', 'service_shutdown'] as const).map((type) => ({
          type,
        })),
        { type: 'process_exited' },
        { type: 'process_exited', exitCode: -11 },
        { type: 'launch_failed', error: 'no such file: “Minecraft”' },
        { type: 'recovered', node: 'pc-1', lastReportedAt: inMs(-1) },
      ]
      for (const [index, reason] of reasons.entries()) {
        await (await started(store, { sessionId: `s-${index}` })).end({ reason })
        const [record] = await store.listSessions({ sessionId: `s-${index}` })
        assert.deepEqual(record?.endReason, reason)
      }
      const told = await eventsOf(store, 'session_ended')
      assert.deepEqual(
        told.map((event) => 'reason' in event && event.reason),
        reasons,
      )
    },
  },
]
