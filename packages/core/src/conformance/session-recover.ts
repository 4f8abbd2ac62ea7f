import assert from 'node:assert/strict'
import { continueSession, recoverSession } from '../sessions.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, eventCounts, eventsOf, MINUTE_MS, OF_SESSION, started, USER_STOP } from './session-expect.ts'

const inMs = (ms: number) => new Date(Date.UTC(2026, 10, 23, 10) + ms)

export const sessionRecoverCases: readonly CaseDefinition[] = [
  {
    id: 'session/recover/what-was-reported-stays-booked',
    prevents: 'a power cut that gives a child its whole evening back, or takes more than it has played',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store, { label: 'Minecraft' })
      for (let n = 0; n < 20; n += 1) {
        t.clock.advance(30_000)
        await session.checkpoint()
      }
      // Killed, at 10 min 17 s.
      t.clock.advance(17_000)
      assert.equal(await store.getUsage('minecraft', DAY), 600_000)
      t.clock.advance(8 * 3_600_000)
      const reopened = await t.open({ node: 'pc-1' })
      const recovered = await recoverSession(reopened)
      const reason = { type: 'recovered', node: 'pc-1', lastReportedAt: inMs(600_000) }
      assert.deepEqual(recovered, { ...session.record, endedAt: inMs(600_000), endReason: reason })
      assert.deepEqual(await reopened.listSessions(), [recovered])
      assert.deepEqual(await bookedByDay(reopened), { [DAY]: 600_000 })
      const told = { type: 'session_ended', ...OF_SESSION, reason, durationMs: 600_000 }
      assert.deepEqual((await eventsOf(reopened)).slice(1), [told])
    },
  },
  {
    id: 'session/recover/happens-once',
    prevents: 'a session that is ended by everybody who looks',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      assert.equal(await recoverSession(store), undefined)
      await started(store)
      assert.equal((await recoverSession(store))?.sessionId, 's-1')
      const before = await contentsOf(t.place, store)
      t.clock.advance(MINUTE_MS)
      const options = { sessionId: 's-1', cooldownMs: 600_000 }
      for (const handle of [store, await t.open({ node: 'pc-1' }), store.view({ node: 'pc-2' })]) {
        assert.equal(await recoverSession(handle), undefined)
        assert.equal(await recoverSession(handle, options), undefined)
        const { sessions } = await handle.commit([{ type: 'recover_session', ...OF_SESSION, cooldownMs: 600_000 }])
        assert.deepEqual([sessions[0]?.changed, sessions[0]?.bookedMs], [false, 0])
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/recover/two-at-once-end-it-once',
    prevents: 'two machines that notice a dead third one at the same moment, and both end its session',
    async run(t) {
      const store = await t.open({ node: 'dead' })
      const nodes: readonly Store[] = [await t.open({ node: 'pc-1' }), await t.open({ node: 'pc-2' })]
      for (let round = 0; round < 30; round += 1) {
        await started(store, { sessionId: `s-${round}` })
        t.clock.advance(MINUTE_MS)
        const order = round % 2 === 0 ? nodes : nodes.toReversed()
        const options = { sessionId: `s-${round}`, cooldownMs: MINUTE_MS }
        const found = await Promise.all(order.map((node) => recoverSession(node, options)))
        assert.equal(found.filter((session) => session !== undefined).length, 1, `round ${round}`)
      }
      assert.deepEqual(await eventCounts(store), { session_started: 30, session_ended: 30 })
    },
  },
  {
    id: 'session/recover/by-any-node-of-the-scope',
    prevents: 'a dead machine whose session only that machine could end',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      await session.checkpoint()
      const elsewhere = await t.open({ node: 'pc-2', scope: 'anna' })
      // On its own node nothing is open; in another scope there is no such session.
      assert.equal(await recoverSession(elsewhere), undefined)
      const brother = elsewhere.view({ scope: 'ben' })
      assert.equal(await recoverSession(brother, { sessionId: 's-1' }), undefined)
      t.clock.advance(MINUTE_MS)
      const recovered = await recoverSession(elsewhere, { sessionId: 's-1' })
      assert.deepEqual([recovered?.node, recovered?.endedAt], ['pc-1', inMs(MINUTE_MS)])
      assert.deepEqual(recovered?.endReason, { type: 'recovered', node: 'pc-1', lastReportedAt: inMs(MINUTE_MS) })
      const rows = (await t.place.raw.usage()).map(({ node, durationMs }) => [node, durationMs])
      assert.deepEqual(rows, [['pc-1', MINUTE_MS]])
      // Who did it, the record tells.
      assert.deepEqual(
        (await store.listAudits()).map(({ node }) => node),
        ['pc-1', 'pc-2'],
      )
      await started(store, { sessionId: 's-2' })
    },
  },
  {
    id: 'session/recover/of-which-nothing-was-heard',
    prevents: 'a session that ended before it began, or ran on over the night',
    async run(t) {
      const store = await t.open()
      await started(store)
      t.clock.advance(3_600_000)
      const recovered = await recoverSession(store, { cooldownMs: MINUTE_MS })
      assert.deepEqual([recovered?.durationMs, recovered?.endedAt], [0, inMs(0)])
      assert.deepEqual(await store.getCooldownUntil('minecraft'), inMs(MINUTE_MS))
      assert.deepEqual(await t.place.raw.usage(), [])
    },
  },
  {
    id: 'session/recover/leaves-alone-who-was-just-heard-of',
    prevents: 'a machine on a slow network whose session is ended while the child plays',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      await session.checkpoint()
      const before = await contentsOf(t.place, store)
      for (const waitMs of [0, 89_999]) {
        t.clock.set(inMs(MINUTE_MS + waitMs))
        assert.equal(await recoverSession(store, { silentForMs: 90_000 }), undefined, `${waitMs}`)
      }
      // Neither does a clock that is a little behind the owner's.
      t.clock.set(inMs(0))
      assert.equal(await recoverSession(store, { silentForMs: 90_000 }), undefined)
      assert.deepEqual(await contentsOf(t.place, store), before)
      t.clock.set(inMs(MINUTE_MS + 90_000))
      assert.equal((await recoverSession(store, { silentForMs: 90_000 }))?.durationMs, MINUTE_MS)
    },
  },
  {
    id: 'session/recover/of-a-clock-that-was-ahead-ends-now',
    prevents: 'a session that nobody can recover for years, or a rest of years, because of a clock that was wrong',
    async run(t) {
      const store = await t.open()
      t.clock.set('2030-01-01T00:00:00.000Z')
      await started(store)
      t.clock.set(inMs(0))
      const lastReportedAt = new Date('2030-01-01T00:00:00.000Z')
      const recovered = await recoverSession(store, { silentForMs: 90_000, cooldownMs: MINUTE_MS })
      assert.deepEqual([recovered?.endedAt, recovered?.lastReportedAt], [inMs(0), lastReportedAt])
      assert.deepEqual(recovered?.endReason, { type: 'recovered', node: 'local', lastReportedAt })
      assert.deepEqual(await store.getCooldownUntil('minecraft'), inMs(MINUTE_MS))
    },
  },
  {
    id: 'session/recover/the-rest-counts-from-the-last-report',
    prevents: 'a child that has to rest from the morning on which the machine was found dead',
    async run(t) {
      const store = await t.open()
      for (const [stands, expected] of [
        [undefined, 660_000],
        [659_999, 660_000],
        [660_001, 660_001],
      ] as const) {
        t.clock.set(inMs(0))
        const session = await started(store, { sessionId: `s-${expected}-${stands}` })
        t.clock.advance(600_000)
        await session.checkpoint()
        t.clock.advance(8 * 3_600_000)
        if (stands !== undefined) await store.setCooldownUntil('minecraft', inMs(stands))
        await recoverSession(store, { cooldownMs: MINUTE_MS })
        assert.deepEqual(await store.getCooldownUntil('minecraft'), inMs(expected))
      }
    },
  },
  {
    id: 'session/recover/an-owner-that-lives-books-the-rest',
    prevents: 'what is played after a recovery by mistake, for free or counted twice',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const elsewhere = store.view({ node: 'pc-2' })
      const session = await started(store)
      t.clock.advance(600_000)
      await session.checkpoint()
      t.clock.advance(MINUTE_MS)
      const recovered = await recoverSession(elsewhere, { sessionId: 's-1', cooldownMs: MINUTE_MS })
      assert.ok(recovered)
      const before = await store.listNodes()
      const late = await session.checkpoint()
      assert.deepEqual([late.changed, late.bookedMs, late.usedMs], [false, 60_000, 660_000])
      assert.deepEqual(late.session, { ...recovered, durationMs: 660_000 })
      t.clock.advance(5_000)
      const ended = await session.end({ reason: USER_STOP, cooldownMs: 600_000 })
      assert.deepEqual([ended.changed, ended.bookedMs], [false, 5_000])
      assert.deepEqual(ended.session, { ...recovered, durationMs: 665_000 })
      const added = { type: 'session_time_added', ...OF_SESSION }
      assert.deepEqual((await eventsOf(store)).slice(1), [
        { type: 'session_ended', ...OF_SESSION, reason: recovered.endReason, durationMs: 600_000 },
        { ...added, addedMs: 60_000, durationMs: 660_000 },
        { ...added, addedMs: 5_000, durationMs: 665_000 },
      ])
      assert.deepEqual(await bookedByDay(store), { [DAY]: 665_000 })
      assert.deepEqual(await store.getCooldownUntil('minecraft'), inMs(MINUTE_MS + 600_000))
      assert.equal((await store.listNodes()).length, before.length)
    },
  },
  {
    id: 'session/recover/what-lives-on-cannot-be-continued',
    prevents: 'a session that has ended for everybody but the service that was started again',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: inMs(600_000) })
      await recoverSession(store)
      assert.equal(await continueSession(store, { sessionId: 's-1' }), undefined)
      const before = await contentsOf(t.place, store)
      assert.equal((await session.warn(MINUTE_MS)).changed, false)
      assert.equal((await session.extend(MINUTE_MS)).changed, false)
      assert.equal((await session.end({ reason: USER_STOP })).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/recover/tried-again-after-a-lost-reply',
    prevents: 'a recovery whose reply was lost, and that is written again',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      t.clock.advance(MINUTE_MS)
      await session.checkpoint()
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(recoverSession(store), 'UNAVAILABLE', 'not_applied')
      assert.equal((await store.listSessions({ open: true })).length, 1)
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(recoverSession(store), 'UNAVAILABLE', 'unknown')
      assert.equal(await recoverSession(store), undefined)
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_ended: 1 })
    },
  },
]
