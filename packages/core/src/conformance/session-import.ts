import assert from 'node:assert/strict'
import type { SessionChange } from '../change.ts'
import { LIMITS } from '../limits.ts'
import { recoverSession } from '../sessions.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, end, eventsOf, NO_OPEN_SESSION, OF_SESSION, sent, USER_STOP } from './session-expect.ts'

const OWN = { ...OF_SESSION, run: 'r-1' } as const
const FREE = { if: [NO_OPEN_SESSION] } as const
const DEADLINE = new Date('2026-11-23T12:00:00.000Z')

/** Sessions that come from another store. */
export const sessionImportCases: readonly CaseDefinition[] = [
  {
    id: 'session/import/is-open-and-booked-at-its-end',
    prevents: 'the session that runs while a household moves here: lost, or booked in both stores',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const startedAt = new Date('2026-11-22T23:50:00.000Z')
      const lastReportedAt = new Date('2026-11-23T00:20:00.000Z')
      const imported = {
        type: 'import_session',
        ...{ ...OWN, label: 'Minecraft', startedAt, deadline: DEADLINE, lastReportedAt },
        warningsIssuedMs: [300_000],
        played: [
          { day: DAY, playedMs: 1_200_000 },
          { day: '2026-11-22', playedMs: 600_000 },
        ],
      } as const
      const result = await store.commit([imported], FREE)
      assert.ok(result.applied)
      assert.deepEqual(result.audits, [])
      const [open] = await store.listSessions({ open: true })
      assert.deepEqual(open, {
        ...{ ...OWN, scope: 'default', node: 'pc-1', label: 'Minecraft', startedAt, deadline: DEADLINE },
        ...{ lastReportedAt, durationMs: 0, warningsIssuedMs: [300_000] },
      })
      assert.deepEqual(await t.place.raw.usage(), [])
      assert.deepEqual(await store.listNodes(), [])
      const again = await store.commit([imported], FREE)
      assert.ok(again.applied && again.repeated)
      const recovered = await recoverSession(store)
      assert.deepEqual([recovered?.durationMs, recovered?.endedAt], [1_800_000, lastReportedAt])
      assert.deepEqual(await bookedByDay(store), { '2026-11-22': 600_000, [DAY]: 1_200_000 })
      const reason = { type: 'recovered', node: 'pc-1', lastReportedAt }
      assert.deepEqual(await eventsOf(store), [{ type: 'session_ended', ...OF_SESSION, reason, durationMs: 1_800_000 }])
    },
  },
  {
    id: 'session/import/a-total-past-the-largest-is-refused',
    prevents: 'a day whose total nobody can read any more, because of a session that came from elsewhere',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const at = new Date('2026-11-23T09:50:00.000Z')
      const imported: SessionChange = {
        ...{ type: 'import_session', ...OWN, startedAt: at, lastReportedAt: at, warningsIssuedMs: [] },
        played: [{ day: DAY, playedMs: LIMITS.DURATION_MS_MAX }],
      }
      await store.view({ node: 'server' }).addUsage(OWN.entryId, DAY, 1)
      const atOnce = store.commit([imported, { type: 'recover_session', ...OF_SESSION }], FREE)
      await rejectsWith(atOnce, 'INVALID_ARGUMENT', 'not_applied')
      await store.commit([imported], FREE)
      const ends: readonly SessionChange[] = [
        { type: 'recover_session', ...OF_SESSION },
        { type: 'end_session', ...OWN, report: 1, played: [], reason: USER_STOP },
        { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2' },
      ]
      for (const change of ends) {
        await rejectsWith(store.commit([change]), 'INVALID_ARGUMENT', 'not_applied')
        assert.deepEqual(await bookedByDay(store), { [DAY]: 1 }, change.type)
      }
      assert.deepEqual(await eventsOf(store), [])
    },
  },
  {
    id: 'session/import/that-goes-on-keeps-what-was-played',
    prevents: 'minutes before the move that are forgotten when the game is played on',
    async run(t) {
      const store = await t.open()
      const at = new Date('2026-11-23T09:50:00.000Z')
      await store.commit(
        [
          {
            ...{ type: 'import_session', ...OWN, startedAt: at, lastReportedAt: at, warningsIssuedMs: [] },
            played: [{ day: DAY, playedMs: 600_000 }],
          },
        ],
        FREE,
      )
      const active = [{ day: DAY, playedMs: 660_000 }] as const
      const change = { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2', active } as const
      assert.equal((await sent(store, change)).bookedMs, 660_000)
      assert.equal((await sent(store, { ...end(1, { '11-23': 5 }), run: 'r-2' })).session.durationMs, 660_005)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 660_005 })
    },
  },
]
