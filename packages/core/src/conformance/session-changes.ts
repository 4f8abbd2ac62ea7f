import assert from 'node:assert/strict'
import type { Change, SessionChange } from '../change.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import {
  bookedByDay,
  DAY,
  end,
  eventCounts,
  MINUTE_MS,
  NO_OPEN_SESSION,
  OF_SESSION,
  report,
  sent,
  started,
} from './session-expect.ts'

const OWN = { ...OF_SESSION, run: 'r-1' } as const
const START = { type: 'start_session', ...OWN } as const
const FREE = { if: [NO_OPEN_SESSION] } as const
const DEADLINE = new Date('2026-11-23T12:00:00.000Z')
const ADD: Change = { type: 'add_usage', entryId: 'tuxmath', day: DAY, durationMs: 1_000 }

/** Every change of a session that exists. */
const OF_ONE: readonly SessionChange[] = [
  report(1, { '11-23': 1 }),
  { type: 'warn_session', ...OWN, thresholdMs: 1 },
  { type: 'extend_session', ...OWN, deadline: DEADLINE },
  end(1, { '11-23': 1 }),
  { type: 'recover_session', ...OF_SESSION },
  { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2', active: [] },
]

export const sessionChangeCases: readonly CaseDefinition[] = [
  {
    id: 'session/changes/a-start-needs-its-condition',
    prevents: 'a service of somebody else that starts a second session, by a commit which forgot to ask',
    async run(t) {
      const store = await t.open()
      const below = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1 } as const
      const imported = {
        type: 'import_session',
        ...{ ...OWN, startedAt: DEADLINE, lastReportedAt: DEADLINE },
        ...{ warningsIssuedMs: [], played: [] },
      } as const
      for (const change of [START, imported]) {
        await rejectsWith(store.commit([change]), 'INVALID_ARGUMENT', 'not_applied')
        await rejectsWith(store.commit([ADD, change], { if: [below] }), 'INVALID_ARGUMENT', 'not_applied')
        const second = { ...START, sessionId: 's-2' }
        await rejectsWith(store.commit([change, second], FREE), 'INVALID_ARGUMENT', 'not_applied')
      }
      await storesNothing(t, store)
    },
  },
  {
    id: 'session/changes/a-start-that-comes-again-stands-for-its-commit',
    prevents: 'a retry that books beside the start what the first try had booked with it',
    async run(t) {
      const store = await t.open()
      const commit = () => store.commit([ADD, START, report(1, { '11-23': 5 })], FREE)
      const first = await commit()
      assert.ok(first.applied)
      assert.deepEqual([first.repeated, first.audits.length], [false, 1])
      assert.deepEqual(
        first.sessions.map(({ changed, bookedMs }) => [changed, bookedMs]),
        [
          [true, 0],
          [true, 5],
        ],
      )
      const before = await contentsOf(t.place, store)
      const again = await commit()
      const session = { session: first.sessions[1]?.session, changed: false, bookedMs: 0 }
      const { usage } = first
      assert.deepEqual(again, { applied: true, repeated: true, audits: [], sessions: [session, session], usage })
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/changes/of-no-session-write-nothing',
    prevents: 'time that is booked for a session which nobody has started',
    async run(t) {
      const store = await t.open()
      for (const change of OF_ONE) {
        const error = await rejectsWith(store.commit([ADD, change]), 'NOT_FOUND', 'not_applied')
        assert.match(error.message, /"s-1"/)
      }
      await storesNothing(t, store)
      await started(store)
      const before = await contentsOf(t.place, store)
      for (const change of OF_ONE) {
        const other: Change = { ...change, entryId: 'tuxmath' }
        await rejectsWith(store.commit([ADD, other]), 'OPERATION_MISMATCH', 'not_applied')
        await rejectsWith(store.view({ scope: 'ben' }).commit([ADD, change]), 'NOT_FOUND', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/changes/several-of-one-session-in-one-commit',
    prevents: 'a change that does not see the one before it in its commit',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const result = await store.commit(
        [
          { ...START, deadline: DEADLINE },
          report(1, { '11-22': 5, '11-23': 10 }),
          report(2, { '11-23': 30 }),
          report(2, { '11-23': 30 }),
          { ...end(3, { '11-23': 100 }), cooldownMs: MINUTE_MS },
          { ...end(4, { '11-23': 107 }), cooldownMs: 2 * MINUTE_MS },
          { type: 'recover_session', ...OF_SESSION, cooldownMs: 3 * MINUTE_MS },
        ],
        FREE,
      )
      assert.ok(result.applied)
      assert.deepEqual(
        result.sessions.map(({ changed, bookedMs, session }) => [changed, bookedMs, session.durationMs]),
        [
          [true, 0, 0],
          [true, 15, 15],
          [true, 20, 35],
          [false, 0, 35],
          [true, 70, 105],
          [false, 7, 112],
          [false, 0, 112],
        ],
      )
      assert.deepEqual(await bookedByDay(store), { '2026-11-22': 5, [DAY]: 107 })
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date('2026-11-23T10:01:00.000Z'))
      assert.deepEqual(await eventCounts(store), { session_started: 1, session_ended: 1, session_time_added: 1 })
      assert.deepEqual(await store.listSessions(), [result.sessions.at(-1)?.session])
    },
  },
  {
    id: 'session/changes/one-ends-and-the-next-begins-in-one-commit',
    prevents: 'a moment between two games in which neither counts, or both do',
    async run(t) {
      const store = await t.open()
      await started(store)
      const next = { ...START, sessionId: 's-2' }
      // The condition is looked at before the changes.
      const refused = await store.commit([end(1, { '11-23': 1 }), next], FREE)
      assert.equal(refused.applied, false)
      const [ended, begun] = await Promise.all([store.commit([end(1, { '11-23': 1 })]), store.commit([next], FREE)])
      assert.ok(ended.sessions[0]?.changed && begun.applied)
      assert.deepEqual(
        (await store.listSessions({ open: true })).map(({ sessionId }) => sessionId),
        ['s-2'],
      )
    },
  },
  {
    id: 'session/changes/with-operation-ids',
    prevents: 'an operation id that stands in the way of what is idempotent by itself, or is not kept',
    async run(t) {
      const store = await t.open()
      const write = (change: Change, operationId: string) => store.commit([ADD, change], { operationId, ...FREE })
      const start = await write(START, 'start')
      assert.ok(start.applied && !start.repeated)
      const again = await write(START, 'start')
      assert.ok(again.applied && again.repeated)
      assert.deepEqual(again.audits, start.audits)
      const told = () => store.commit([ADD, report(1, { '11-23': 30_000 })], { operationId: 'report' })
      const first = await told()
      assert.deepEqual([first.repeated, first.sessions[0]?.bookedMs], [false, 30_000])
      await sent(store, end(2, { '11-23': 60_000 }))
      // As they stand now.
      const repeated = await told()
      assert.deepEqual(repeated.sessions, [{ session: (await store.listSessions())[0], changed: false, bookedMs: 0 }])
      assert.deepEqual(repeated.usage, [
        { entryId: 'tuxmath', day: DAY, usedMs: 2_000 },
        { entryId: 'minecraft', day: DAY, usedMs: 60_000 },
      ])
      assert.equal(await store.getUsage('tuxmath', DAY), 2_000)
    },
  },
  {
    id: 'session/changes/other-content-under-one-operation-id',
    prevents: 'a report that is taken for another one, and dropped',
    async run(t) {
      const store = await t.open()
      await started(store, { deadline: DEADLINE })
      const later = new Date(DEADLINE.getTime() + 1)
      const jump = { report: 1, wallMs: 5_000, monotonicMs: 0 }
      const reserve = { day: DAY, upToMs: 1, limits: [{ limitMs: 1 }] } as const
      for (const [index, [change, ...others]] of (
        [
          [
            report(1, { '11-23': 1 }),
            ...[report(2, { '11-23': 1 }), report(1, { '11-23': 2 }), report(1, { '11-22': 1 }), report(1, {})],
            { ...report(1, { '11-23': 1 }), run: 'r-2' },
            { ...report(1, { '11-23': 1 }), jumps: [jump] },
            { ...report(1, { '11-23': 1 }), reserve },
            end(1, { '11-23': 1 }),
          ],
          [
            { type: 'warn_session', ...OWN, thresholdMs: 1 },
            { type: 'warn_session', ...OWN, thresholdMs: 2 },
          ],
          [
            { type: 'extend_session', ...OWN, deadline: later },
            { type: 'extend_session', ...OWN, deadline: new Date(later.getTime() + 1) },
          ],
          [
            { ...end(2, {}), cooldownMs: 1 },
            end(2, {}),
            { ...end(2, {}), cooldownMs: 2 },
            { ...end(2, {}), cooldownMs: 1, reason: { type: 'expired' } },
          ],
          [
            { type: 'recover_session', ...OF_SESSION },
            { type: 'recover_session', ...OF_SESSION, cooldownMs: 1 },
            { type: 'recover_session', ...OF_SESSION, silentForMs: 1 },
          ],
        ] as const satisfies readonly (readonly SessionChange[])[]
      ).entries()) {
        const operationId = `op-${index}`
        await store.commit([change], { operationId })
        for (const other of others) {
          await rejectsWith(store.commit([other], { operationId }), 'OPERATION_MISMATCH', 'not_applied')
        }
        assert.equal((await store.commit([change], { operationId })).repeated, true)
        // Who sends it again, and when, is no difference.
        t.clock.advance(1)
        assert.equal((await store.view({ node: 'server' }).commit([change], { operationId })).repeated, true)
      }
    },
  },
]
