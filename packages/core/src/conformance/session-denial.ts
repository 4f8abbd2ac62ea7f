import assert from 'node:assert/strict'
import type { DenialReason } from '../audit.ts'
import type { FailedCondition } from '../change.ts'
import { denialReasons, recordDenial } from '../denial.ts'
import { refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { DAY, eventsOf, MINUTE_MS, NO_OPEN_SESSION, OF_SESSION, refusalOf, started } from './session-expect.ts'

const NOW = new Date('2026-11-23T10:00:00.000Z')
const NOON = new Date('2026-11-23T12:00:00.000Z')

export const sessionDenialCases: readonly CaseDefinition[] = [
  {
    id: 'session/denial/tells-every-reason',
    prevents: 'a child who is told no, and not why or until when',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await store.addUsage('minecraft', DAY, 3_600_000)
      await store.setCooldownUntil('minecraft', NOON)
      await started(store, { sessionId: 's-0', entryId: 'tuxmath', label: 'Tux Math' })
      const failed = await refusalOf(store, {
        if: [
          { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 3_600_000 },
          { type: 'no_cooldown', entryId: 'minecraft' },
        ],
      })
      const reasons: readonly DenialReason[] = [
        { type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 3_600_000 },
        { type: 'cooldown_active', until: NOON },
        { type: 'session_active', entryId: 'tuxmath', node: 'pc-1', label: 'Tux Math' },
      ]
      const record = await recordDenial(store, { entryId: 'minecraft', failed })
      assert.deepEqual(record.event, { type: 'launch_denied', entryId: 'minecraft', reasons })
      assert.deepEqual(await eventsOf(store, 'launch_denied'), [record.event])
      assert.deepEqual([record.node, record.timestamp], ['pc-1', NOW])
      assert.deepEqual(await store.getRecentAudits(1), [record])
    },
  },
  {
    id: 'session/denial/with-what-is-booked-ahead-and-what-was-granted',
    prevents: 'a child who is told that the time is used up, beside figures which say that it is not',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-24', 600_000)
      await store.grantTime('minecraft', DAY, 100_000, { by: 'Ada', why: 'a holiday' })
      const limits = [
        { period: 'week', limitMs: 620_000 },
        { period: 'month', limitMs: 630_000 },
      ] as const
      const strict = { limits, sliceMs: 600_000 }
      await started(store, { strict })
      const failed = await refusalOf(store.view({ node: 'pc-2' }), { sessionId: 's-2', strict })
      assert.deepEqual(denialReasons(failed), [
        { type: 'quota_exhausted', usedMs: 720_000, quotaMs: 720_000, period: 'week' },
      ])
      const month = [{ type: 'usage_below', entryId: 'minecraft', day: DAY, period: 'month', limitMs: 1 }] as const
      assert.deepEqual(denialReasons(await refusalOf(store.view({ node: 'pc-2' }), { sessionId: 's-2', if: month })), [
        { type: 'quota_exhausted', usedMs: 720_000, quotaMs: 100_001, period: 'month' },
      ])
    },
  },
  {
    id: 'session/denial/tells-a-reason-once',
    prevents: 'a child who is told twice that the hour is used up, as the service and strict mode both ask for it',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 3_600_000)
      const limit = { limitMs: 3_600_000 }
      const failed = await refusalOf(store, {
        if: [{ type: 'usage_below', entryId: 'minecraft', day: DAY, ...limit }],
        strict: { limits: [limit], sliceMs: MINUTE_MS },
      })
      assert.equal(failed.length, 2)
      assert.deepEqual(denialReasons(failed), [{ type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 3_600_000 }])
    },
  },
  {
    id: 'session/denial/of-every-condition',
    prevents: 'a denial that cannot be recorded because of one of its reasons',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = { ...OF_SESSION, node: 'pc-1', startedAt: NOW }
      const failed: readonly FailedCondition[] = [
        { ...NO_OPEN_SESSION, ...session },
        { type: 'snapshot_revision_is', revision: 7 },
        { type: 'session_is_new', ...session, endedAt: NOON },
      ]
      const { event } = await recordDenial(store, { entryId: 'minecraft', failed })
      const [active, ...others] = event.type === 'launch_denied' ? event.reasons : []
      assert.deepEqual(active, { type: 'session_active', entryId: 'minecraft', node: 'pc-1' })
      assert.deepEqual(
        others.map(({ type }) => type),
        ['other', 'other'],
      )
      assert.match(JSON.stringify(others), /revision 7/)
    },
  },
  {
    id: 'session/denial/tried-again-is-recorded-once',
    prevents: 'one click of a child that looks like many after a lost reply',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const denial = {
        entryId: 'minecraft',
        failed: [{ type: 'no_cooldown', entryId: 'minecraft', until: NOON }],
      } as const
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      const options = { operationId: 'op-1' }
      await rejectsWith(recordDenial(store, denial, options), 'UNAVAILABLE', 'unknown')
      t.clock.advance(MINUTE_MS)
      assert.equal((await recordDenial(store, denial, options)).id, 1)
      assert.equal((await recordDenial(store, denial)).id, 2)
    },
  },
  {
    id: 'session/denial/of-what-is-no-refusal-is-refused',
    prevents: 'a record that tells nobody why, or an error that tells the caller nothing',
    async run(t) {
      const store = await t.open()
      const denials: readonly unknown[] = [
        ...[undefined, null, 7, {}, { entryId: 'minecraft' }, { failed: [] }, { entryId: '', failed: [] }],
        ...[null, {}, 'x', [null], [7], [{}], [{ type: 'no_internet' }]].map((failed) => ({
          entryId: 'minecraft',
          failed,
        })),
        { entryId: 'minecraft', failed: [], reason: 'none' },
        { entryId: 'minecraft', failed: Array.from({ length: 33 }, () => ({ type: 'no_cooldown', until: NOON })) },
      ]
      await refusesEach(
        denials.map((denial) => [JSON.stringify(denial) ?? 'undefined', () => recordDenial(store, denial as never)]),
      )
      assert.deepEqual(await store.getRecentAudits(1), [])
    },
  },
]
