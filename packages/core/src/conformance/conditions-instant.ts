import assert from 'node:assert/strict'
import type { Applied, Change, Condition, Refused } from '../change.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 }
/** By the suite's clock, a millisecond from now. */
const SOON = new Date('2026-11-23T10:00:00.001Z')
const COOL_DOWN: Change = { type: 'set_cooldown', entryId: 'minecraft', until: SOON }
const CLEAR: Change = { type: 'clear_cooldown', entryId: 'minecraft' }
const SAVE: Change = { type: 'save_snapshot', snapshot: { timestamp: SOON } }

const BELOW = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1_000 } satisfies Condition
const RESTED = { type: 'no_cooldown', entryId: 'minecraft' } satisfies Condition
const UNSAVED: Condition = { type: 'snapshot_revision_is', revision: 0 }

/** One commit through each store, none of them waiting for another. */
function commitAtOnce(
  stores: readonly Store[],
  changes: readonly Change[],
  condition: Condition,
): Promise<readonly (Applied | Refused)[]> {
  return Promise.all(stores.map((store) => store.commit(changes, { if: [condition] })))
}

/** At which instant conditions are looked at, and what happens when they cannot be. */
export const conditionInstantCases: readonly CaseDefinition[] = [
  {
    id: 'commit/if/looks-before-its-own-changes',
    prevents: 'a start that refuses itself because of the cooldown or the usage that it writes',
    async run(t) {
      const store = await t.open()
      const result = await store.commit([ADD, ADD, COOL_DOWN, SAVE], { if: [BELOW, RESTED, UNSAVED] })
      assert.ok(result.applied)
      assert.deepEqual(result.usage, [{ entryId: 'minecraft', day: DAY, usedMs: 2_000 }])
    },
  },
  {
    id: 'commit/if/own-changes-do-not-help',
    prevents: 'a commit that clears the very cooldown which forbids it',
    async run(t) {
      const store = await t.open()
      await store.commit([COOL_DOWN, SAVE])
      const result = await store.commit([CLEAR, APPEND], { if: [RESTED] })
      assert.deepEqual(result, { applied: false, failed: [{ type: 'no_cooldown', entryId: 'minecraft', until: SOON }] })
      assert.deepEqual(await store.commit([SAVE], { if: [{ type: 'snapshot_revision_is', revision: 2 }] }), {
        applied: false,
        failed: [{ type: 'snapshot_revision_is', revision: 1 }],
      })
    },
  },
  {
    id: 'commit/if/looks-after-the-calls-before',
    prevents: 'two starts in one group of writes, both of which see the quota as free',
    async run(t) {
      const store = await t.open()
      const tablet = store.view({ node: 'tablet' })
      const extend: Change = { type: 'extend_cooldown', entryId: 'chess', until: SOON }
      const rivals: readonly (readonly [change: Change, condition: Condition, found: object])[] = [
        [ADD, BELOW, { ...usedUp({ ...BELOW, usedMs: 1_000 }) }],
        [COOL_DOWN, RESTED, { until: SOON }],
        [extend, { ...RESTED, entryId: 'chess' }, { until: SOON }],
      ]
      for (const [change, condition, found] of rivals) {
        const failed = [{ ...condition, ...found }]
        const [first, second] = await commitAtOnce([store, tablet], [change, APPEND], condition)
        assert.equal(first?.applied, true)
        assert.deepEqual(second, { applied: false, failed })
      }
      const refused = { applied: false, failed: [{ type: 'snapshot_revision_is', revision: 1 }] }
      const [first, ...others] = await commitAtOnce([store, store, store], [SAVE, APPEND], UNSAVED)
      assert.equal(first?.applied, true)
      assert.deepEqual(others, [refused, refused])
      assert.equal((await t.place.raw.audits()).length, rivals.length + 1)
    },
  },
  {
    id: 'commit/if/sees-unconditional-calls-before',
    prevents: 'a condition that is decided on a state from before writes which were already called',
    async run(t) {
      const store = await t.open()
      const calls = [
        store.addUsage('minecraft', DAY, 999),
        store.commit([APPEND], { if: [BELOW] }),
        store.view({ node: 'tablet' }).addUsage('minecraft', DAY, 1),
        store.commit([APPEND], { if: [BELOW] }),
        store.setCooldownUntil('minecraft', SOON),
        store.commit([APPEND], { if: [RESTED] }),
        store.clearCooldown('minecraft'),
        store.commit([APPEND], { if: [RESTED] }),
        store.saveSnapshot({ timestamp: SOON }),
        store.commit([APPEND], { if: [UNSAVED] }),
      ]
      const results = await Promise.all(calls)
      const applied = results.flatMap((result) => (result === undefined ? [] : [result.applied]))
      assert.deepEqual(applied, [true, false, false, true, false])
    },
  },
  {
    id: 'commit/if/does-not-see-refused-or-failed-calls',
    prevents: 'a quota used up by a commit that was never applied',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('tuxmath', SOON)
      const [refused, failed, next] = unawaited(
        store.commit([ADD, COOL_DOWN, SAVE], { if: [{ ...RESTED, entryId: 'tuxmath' }] }),
        store.commit([COOL_DOWN, SAVE, ADD, { ...ADD, durationMs: Number.MAX_SAFE_INTEGER }]),
        store.commit([APPEND], { if: [BELOW, RESTED, UNSAVED] }),
      )
      assert.equal((await refused).applied, false)
      await rejectsWith(failed, 'INVALID_ARGUMENT', 'not_applied')
      assert.equal((await next).applied, true)
    },
  },
  {
    id: 'commit/if/unreadable-usage-is-neither-below-nor-above',
    prevents: 'a damaged row that reads as unused time',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 5)
      await store.view({ node: 'tablet' }).addUsage('minecraft', DAY, 5)
      await t.place.raw.spoil({ table: 'usage', scope: 'default', day: DAY, entryId: 'minecraft', node: 'tablet' })
      const before = await contentsOf(t.place, store)
      const lists: readonly (readonly Condition[])[] = [
        [BELOW],
        [{ ...BELOW, limitMs: 0 }],
        [UNSAVED, { ...BELOW, limitMs: Number.MAX_SAFE_INTEGER }],
        [{ type: 'snapshot_revision_is', revision: 9 }, BELOW],
      ]
      for (const conditions of lists) {
        const error = await rejectsWith(store.commit([APPEND, SAVE], { if: conditions }), 'MALFORMED', 'not_applied')
        assert.match(error.message, /minecraft/)
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      const other = await store.commit([APPEND], { if: [{ ...BELOW, entryId: 'tuxmath' }] })
      assert.equal(other.applied, true)
    },
  },
  {
    id: 'commit/if/an-unreadable-cooldown-is-neither-running-nor-over',
    prevents: 'a damaged row that reads as no cooldown',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', SOON)
      await store.setCooldownUntil('tuxmath', SOON)
      await t.place.raw.spoil({ table: 'cooldown', scope: 'default', entryId: 'minecraft' })
      const before = await contentsOf(t.place, store)
      for (const conditions of [[RESTED], [BELOW, RESTED], [{ ...RESTED, entryId: 'tuxmath' }, RESTED]]) {
        const error = await rejectsWith(store.commit([APPEND, ADD], { if: conditions }), 'MALFORMED', 'not_applied')
        assert.match(error.message, /minecraft/)
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      await store.clearCooldown('minecraft')
      assert.equal((await store.commit([APPEND], { if: [RESTED] })).applied, true)
    },
  },
  {
    id: 'commit/if/an-unreadable-snapshot-can-be-replaced-by-its-revision',
    prevents: 'a damaged snapshot that nothing but an unconditional write can remove',
    async run(t) {
      const store = await t.open()
      await store.saveSnapshot({ timestamp: SOON })
      await t.place.raw.spoil({ table: 'snapshot', scope: 'default', node: 'local' })
      assert.equal((await store.commit([SAVE], { if: [UNSAVED] })).applied, false)
      assert.equal((await store.commit([SAVE], { if: [{ type: 'snapshot_revision_is', revision: 1 }] })).applied, true)
      assert.deepEqual(await store.loadSnapshot(), { snapshot: { timestamp: SOON }, revision: 2 })
    },
  },
  {
    id: 'commit/if/a-damaged-row-of-one-caller-stops-no-other',
    prevents: 'one unreadable row that blocks every write that happens to share its group',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 5)
      await t.place.raw.spoil({ table: 'usage', scope: 'default', day: DAY, entryId: 'minecraft', node: 'local' })
      const [before, damaged, after] = unawaited(
        store.appendAudit({ type: 'service_started' }),
        store.commit([APPEND], { if: [BELOW] }),
        store.commit([{ ...ADD, entryId: 'tuxmath' }], { if: [{ ...BELOW, entryId: 'tuxmath' }] }),
      )
      await rejectsWith(damaged, 'MALFORMED', 'not_applied')
      assert.equal((await before).id, 1)
      assert.equal((await after).applied, true)
      assert.equal((await t.place.raw.audits()).length, 1)
    },
  },
]
