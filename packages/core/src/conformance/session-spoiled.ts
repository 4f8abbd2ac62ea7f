import assert from 'node:assert/strict'
import type { SessionChange } from '../change.ts'
import { continueSession, recoverSession } from '../sessions.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'
import {
  bookedByDay,
  DAY,
  end,
  eventsOf,
  MINUTE_MS,
  NO_OPEN_SESSION,
  OF_SESSION,
  refusalOf,
  report,
  sent,
  started,
  USER_STOP,
} from './session-expect.ts'

const NOW = new Date('2026-11-23T10:00:00.000Z')
const OWN = { ...OF_SESSION, run: 'r-1' } as const

/** A session of which a minute is booked, and whose row cannot be read as a whole. */
async function spoiled(t: CaseContext) {
  const store = await t.open({ node: 'pc-1', scope: 'anna' })
  const session = await started(store, { label: 'Minecraft', deadline: new Date('2026-11-23T12:00:00.000Z') })
  t.clock.advance(MINUTE_MS)
  await session.checkpoint()
  await started(store.view({ scope: 'ben' }))
  await started(store.view({ node: 'pc-2' }), { sessionId: 's-2' })
  await t.place.raw.spoil({ table: 'session', scope: 'anna', sessionId: 's-1' })
  return { store, session }
}

export const sessionSpoiledCases: readonly CaseDefinition[] = [
  {
    id: 'session/spoiled/never-fails-a-list',
    prevents: 'one damaged row that hides every session which is open',
    async run(t) {
      const { store } = await spoiled(t)
      const all = await store.listSessions({ scope: 'all' })
      assert.deepEqual(
        all.map(({ scope, sessionId, problem }) => [scope, sessionId, problem !== undefined]),
        [
          ['ben', 's-1', false],
          ['anna', 's-2', false],
          ['anna', 's-1', true],
        ],
      )
      const [record] = await store.listSessions({ open: true, node: 'pc-1' })
      assert.ok(record)
      const { lastReportedAt, problem, ...sound } = record
      assert.ok(Number.isNaN(lastReportedAt.getTime()), String(lastReportedAt))
      assert.equal(typeof problem, 'string')
      // Its label is one of the parts that cannot be read.
      assert.deepEqual(sound, {
        ...{ ...OWN, scope: 'anna', node: 'pc-1', startedAt: NOW, deadline: new Date('2026-11-23T12:00:00.000Z') },
        ...{ durationMs: MINUTE_MS, warningsIssuedMs: [] },
      })
    },
  },
  {
    id: 'session/spoiled/what-depends-on-it-is-malformed',
    prevents: 'a damaged row that is written anew with what somebody took it for',
    async run(t) {
      const { store, session } = await spoiled(t)
      const changes: readonly SessionChange[] = [
        report(9, { '11-23': 90_000 }),
        end(9, { '11-23': 90_000 }),
        { type: 'warn_session', ...OWN, thresholdMs: 1 },
        { type: 'extend_session', ...OWN, deadline: new Date('2026-11-23T13:00:00.000Z') },
        { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2', active: [] },
      ]
      const before = await contentsOf(t.place, store)
      for (const change of changes) await rejectsWith(store.commit([change]), 'MALFORMED', 'not_applied')
      await rejectsWith(continueSession(store), 'MALFORMED', 'not_applied')
      await rejectsWith(session.checkpoint(), 'MALFORMED', 'not_applied')
      await rejectsWith(session.end({ reason: USER_STOP }), 'MALFORMED', 'not_applied')
      const after = await contentsOf(t.place, store)
      assert.deepEqual([after.audits, after.usage], [before.audits, before.usage])
      // One of the same id in another scope is another one.
      assert.equal((await sent(store.view({ scope: 'ben' }), report(1, { '11-23': 5 }))).bookedMs, 5)
      assert.equal(await store.getUsage('minecraft', DAY), MINUTE_MS)
    },
  },
  {
    id: 'session/spoiled/still-stands-in-the-way-of-a-start',
    prevents: 'a second game beside the one whose row is damaged, or a machine that cannot say what is wrong',
    async run(t) {
      const { store } = await spoiled(t)
      const open = { ...NO_OPEN_SESSION, ...OF_SESSION, node: 'pc-1', startedAt: NOW }
      assert.deepEqual(await refusalOf(store, { sessionId: 's-3', entryId: 'tuxmath' }), [open])
    },
  },
  {
    id: 'session/spoiled/is-recovered-all-the-same',
    prevents: 'a machine on which nothing can ever be started again',
    async run(t) {
      const { store } = await spoiled(t)
      t.clock.advance(MINUTE_MS)
      const recovered = await recoverSession(store, { silentForMs: MINUTE_MS, cooldownMs: MINUTE_MS })
      assert.ok(recovered)
      const now = t.clock.now()
      const { endReason, ...rest } = recovered
      // When it was last heard of is not known: it ends now.
      assert.deepEqual(rest, {
        ...{ ...OWN, scope: 'anna', node: 'pc-1', startedAt: NOW, deadline: new Date('2026-11-23T12:00:00.000Z') },
        ...{ durationMs: MINUTE_MS, warningsIssuedMs: [], lastReportedAt: now, endedAt: now },
      })
      assert.ok(endReason?.type === 'recovered')
      assert.deepEqual([endReason.node, endReason.lastReportedAt, typeof endReason.problem], ['pc-1', now, 'string'])
      assert.deepEqual(await store.listSessions({ sessionId: 's-1' }), [recovered])
      const told = { type: 'session_ended', ...OF_SESSION, reason: endReason, durationMs: MINUTE_MS }
      assert.deepEqual(await eventsOf(store, 'session_ended'), [told])
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date(now.getTime() + MINUTE_MS))
      assert.equal(await recoverSession(store), undefined)
      // A report that was on its way finds a sound row.
      assert.equal((await sent(store, report(9, { '11-23': 90_000 }))).bookedMs, 30_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 90_000 })
      await started(store, { sessionId: 's-3' })
    },
  },
]
