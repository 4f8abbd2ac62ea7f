import assert from 'node:assert/strict'
import type { Change } from '../change.ts'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { commitEveryKind, EVERY_KIND } from './every-kind.ts'
import { entryState, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')
const SNAPSHOT = { timestamp: new Date('2026-11-23T09:59:59.999Z') }
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }
const SESSION = { sessionId: 's-1', entryId: 'minecraft' }

/** Changes that no store may accept, whatever stands before them. */
const INVALID: readonly Change[] = [
  { type: 'append_audit', event: { type: 'policy_loaded', entryCount: -1 } },
  {
    type: 'import_audit',
    timestamp: new Date(Number.NaN),
    event: { type: 'service_stopped' },
    original: { id: 4, timestamp: '', event: '' },
  },
  { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: -1 },
  { type: 'add_usage', entryId: 'minecraft', day: '2026-02-30', durationMs: 1 },
  { type: 'add_usage', entryId: '', day: DAY, durationMs: 1 },
  { type: 'set_cooldown', entryId: 'minecraft', until: new Date(Number.NaN) },
  { type: 'extend_cooldown', entryId: 'minecraft', until: new Date(-1) },
  { type: 'clear_cooldown', entryId: 'a\0b' },
  { type: 'clear_cooldown', entryId: 'minecraft', by: 'Ada' },
  { type: 'adjust_usage', entryId: 'minecraft', day: DAY, byMs: 0.5, ...CORRECTION },
  { type: 'grant_time', entryId: 'minecraft', day: DAY, byMs: 1, by: 'Ada', why: ' ' },
  { type: 'start_session', ...SESSION, run: '' },
  { type: 'report_session', ...SESSION, run: 'r-1', report: 0, played: [] },
  { type: 'warn_session', ...SESSION, run: 'r-1', thresholdMs: -1 },
  { type: 'extend_session', ...SESSION, run: 'r-1', deadline: new Date(Number.NaN) },
  { type: 'continue_session', ...SESSION, from: 'r-1', run: 'r-2', active: [{ day: DAY, playedMs: -1 }] },
  { type: 'recover_session', ...SESSION, silentForMs: -1 },
  { type: 'save_snapshot', snapshot: { timestamp: new Date(Number.NaN) } },
]

export const commitCases: readonly CaseDefinition[] = [
  {
    id: 'commit/atomic/applies-every-kind-of-change',
    prevents: 'a session that ends with its time booked, but without its cooldown or its record',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('chess', NOON)
      const result = await commitEveryKind(store)
      assert.ok(result.applied)
      assert.equal(result.repeated, false)
      const reopened = await t.open()
      const state = await reopened.getDayState(DAY)
      assert.deepEqual(state.entry('minecraft'), entryState('minecraft', { usedMs: 1_234, cooldownUntil: NOON }))
      assert.deepEqual(state.entry('tuxmath').cooldownUntil, NOON)
      assert.deepEqual(state.entry('chess'), entryState('chess', { usedMs: 500, grantedMs: 60_000 }))
      const [session] = await reopened.listSessions()
      assert.deepEqual([session?.run, session?.durationMs, session?.endReason?.type], ['r-2', 234, 'user_stop'])
      assert.deepEqual(await reopened.loadSnapshot(), { snapshot: SNAPSHOT, revision: 1 })
      const types = (await t.place.raw.audits()).map(({ type }) => type)
      assert.deepEqual(types, [
        ...['service_started', 'service_stopped', 'cooldown_cleared', 'usage_adjusted', 'time_granted'],
        ...['session_started', 'warning_issued', 'session_extended', 'session_continued', 'session_ended'],
      ])
    },
  },
  {
    id: 'commit/atomic/an-invalid-change-at-the-end-writes-nothing',
    prevents: 'half of a commit in the database, which its caller was told is not there',
    async run(t) {
      const store = await t.open()
      await commitEveryKind(store)
      const before = await contentsOf(t.place, store)
      for (const invalid of INVALID) {
        const error = await rejectsWith(
          store.commit([...EVERY_KIND, invalid], { if: [{ type: 'no_open_session' }] }),
          'INVALID_ARGUMENT',
          'not_applied',
        )
        assert.equal(error.operation, 'commit')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'commit/atomic/an-overflow-writes-nothing',
    prevents: 'records, cooldowns and a snapshot of a commit whose usage was refused by the database',
    async run(t) {
      const store = await t.open()
      await commitEveryKind(store)
      await store.view({ node: 'tablet' }).addUsage('minecraft', DAY, LIMITS.DURATION_MS_MAX - 5_234)
      const before = await contentsOf(t.place, store)
      const overflowing: readonly (readonly Change[])[] = [
        [{ type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 4_001 }],
        [
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 2_001 },
          { type: 'add_usage', entryId: 'tuxmath', day: DAY, durationMs: 1 },
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 2_000 },
        ],
        [
          { type: 'add_usage', entryId: 'new', day: DAY, durationMs: LIMITS.DURATION_MS_MAX },
          { type: 'add_usage', entryId: 'new', day: DAY, durationMs: 1 },
        ],
      ]
      for (const adding of overflowing) {
        const changes: readonly Change[] = [
          { type: 'append_audit', event: { type: 'service_stopped' } },
          { type: 'set_cooldown', entryId: 'tuxmath', until: new Date('2026-11-24T00:00:00.000Z') },
          { type: 'clear_cooldown', entryId: 'minecraft' },
          { type: 'save_snapshot', snapshot: { timestamp: NOON } },
          ...adding,
        ]
        await rejectsWith(store.commit(changes), 'INVALID_ARGUMENT', 'not_applied')
        await rejectsWith(store.commit(changes.toReversed()), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'commit/atomic/the-largest-total-is-exact',
    prevents: 'totals near 2^53 that are refused too early, or rounded',
    async run(t) {
      const store = await t.open()
      await store.view({ node: 'tablet' }).addUsage('minecraft', DAY, LIMITS.DURATION_MS_MAX - 5)
      const { usage } = await store.commit([
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 2 },
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 3 },
      ])
      assert.deepEqual(usage, [{ entryId: 'minecraft', day: DAY, usedMs: Number.MAX_SAFE_INTEGER }])
      assert.equal(await store.getUsage('minecraft', DAY), Number.MAX_SAFE_INTEGER)
    },
  },
  {
    id: 'commit/changes/the-last-cooldown-of-a-key-wins',
    prevents: 'a cooldown that was cleared and set again in one commit, and is gone',
    async run(t) {
      const store = await t.open()
      const at = (hour: number) => new Date(Date.UTC(2026, 10, 23, hour))
      const set = (hour: number): Change => ({ type: 'set_cooldown', entryId: 'minecraft', until: at(hour) })
      const extend = (hour: number): Change => ({ type: 'extend_cooldown', entryId: 'minecraft', until: at(hour) })
      const clear: Change = { type: 'clear_cooldown', entryId: 'minecraft' }
      const claims: readonly (readonly [changes: readonly Change[], until: Date | undefined])[] = [
        [[set(12), set(11)], at(11)],
        [[set(12), clear], undefined],
        [[clear, set(13)], at(13)],
        [[set(12), clear, extend(11)], at(11)],
        [[set(12), extend(14), extend(13)], at(14)],
        [[extend(20), set(10)], at(10)],
        [[extend(9)], at(10)],
        [[extend(10), extend(15)], at(15)],
      ]
      for (const [changes, until] of claims) {
        await store.commit(changes)
        assert.deepEqual(await store.getCooldownUntil('minecraft'), until, JSON.stringify(changes))
      }
    },
  },
  {
    id: 'commit/changes/adds-to-one-key-sum-up',
    prevents: 'a checkpoint that books two slices of a day and keeps only the last',
    async run(t) {
      const store = await t.open({ node: 'tablet' })
      await store.addUsage('minecraft', DAY, 1)
      await store.commit([
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 10 },
        { type: 'add_usage', entryId: 'tuxmath', day: DAY, durationMs: 5 },
        { type: 'add_usage', entryId: 'minecraft', day: '2026-11-24', durationMs: 7 },
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 100 },
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 0 },
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 },
      ])
      const { usage } = await contentsOf(t.place, store)
      const kept = { scope: 'default', node: 'tablet' }
      assert.deepEqual(
        usage.map(({ scope, day, entryId, node, durationMs }) => ({ scope, day, entryId, node, durationMs })),
        [
          { ...kept, day: DAY, entryId: 'minecraft', durationMs: 1_111 },
          { ...kept, day: DAY, entryId: 'tuxmath', durationMs: 5 },
          { ...kept, day: '2026-11-24', entryId: 'minecraft', durationMs: 7 },
        ],
      )
    },
  },
  {
    id: 'commit/changes/each-save-is-a-revision',
    prevents: 'two saves that leave a revision which another writer has seen with other content',
    async run(t) {
      const store = await t.open()
      await store.saveSnapshot(SNAPSHOT)
      const saves = [1, 2, 3].map((hour) => ({ timestamp: new Date(Date.UTC(2026, 10, 23, hour)) }))
      await store.commit(saves.map((snapshot): Change => ({ type: 'save_snapshot', snapshot })))
      assert.deepEqual(await store.loadSnapshot(), { snapshot: saves[2], revision: 4 })
    },
  },
  {
    id: 'commit/audits/stand-in-the-order-of-the-changes',
    prevents: 'a log in which a session ends before it starts',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'service_started' })
      const counts = Array.from({ length: 40 }, (_, index) => index)
      const changes = counts.flatMap((entryCount): readonly Change[] => [
        { type: 'append_audit', event: { type: 'policy_loaded', entryCount } },
        { type: 'add_usage', entryId: `entry-${entryCount % 3}`, day: DAY, durationMs: 1 },
      ])
      const { audits } = await store.commit(changes)
      assert.deepEqual(
        audits.map(({ id, event }) => [id, event]),
        counts.map((entryCount) => [entryCount + 2, { type: 'policy_loaded', entryCount }]),
      )
      assert.deepEqual(await store.listAudits({ after: 1 }), audits)
    },
  },
  {
    id: 'commit/usage/totals-are-over-all-nodes',
    prevents: 'a machine that grants time which another machine has used',
    async run(t) {
      const store = await t.open()
      const [tablet, otherChild] = [store.view({ node: 'tablet' }), store.view({ scope: 'otto' })]
      await tablet.addUsage('minecraft', DAY, 500)
      await otherChild.addUsage('minecraft', DAY, 9_000)
      await store.addUsage('minecraft', '2026-11-22', 60)
      await store.addUsage('tuxmath', DAY, 20)
      const { usage } = await store.commit([
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 },
        { type: 'add_usage', entryId: 'chess', day: DAY, durationMs: 0 },
        { type: 'add_usage', entryId: 'minecraft', day: '2026-11-22', durationMs: 3 },
        { type: 'append_audit', event: { type: 'service_started' } },
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
      ])
      const byKey = usage.toSorted((a, b) => (a.day + a.entryId < b.day + b.entryId ? -1 : 1))
      assert.deepEqual(byKey, [
        { entryId: 'minecraft', day: '2026-11-22', usedMs: 63 },
        { entryId: 'chess', day: DAY, usedMs: 0 },
        { entryId: 'minecraft', day: DAY, usedMs: 1_501 },
      ])
    },
  },
  {
    id: 'commit/usage/no-adds-no-totals',
    prevents: 'a caller that takes another entry’s total for the one it booked',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000)
      const { usage } = await store.commit([{ type: 'set_cooldown', entryId: 'minecraft', until: NOON }], {})
      assert.deepEqual(usage, [])
    },
  },
]
