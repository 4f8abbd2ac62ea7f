import assert from 'node:assert/strict'
import type { Change, Condition, FailedCondition } from '../change.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 }
/** The time of the suite's clock, and a millisecond later. */
const NOW = new Date('2026-11-23T10:00:00.000Z')
const SOON = new Date('2026-11-23T10:00:00.001Z')

const below = (limitMs: number, entryId = 'minecraft'): Condition => {
  return { type: 'usage_below', entryId, day: DAY, limitMs }
}
const rested = (entryId = 'minecraft', at?: Date): Condition => ({ type: 'no_cooldown', entryId, at })
const revision = (number: number): Condition => ({ type: 'snapshot_revision_is', revision: number })
const cooldown = (until: Date): Change => ({ type: 'set_cooldown', entryId: 'minecraft', until })
const save = (hour: number): Change => {
  return { type: 'save_snapshot', snapshot: { timestamp: new Date(Date.UTC(2026, 10, 23, hour)) } }
}

/** Asserts that a commit under `conditions` applies, or that it is refused with `failed` and appends nothing. */
async function assertCommits(
  store: Store,
  conditions: readonly Condition[],
  failed: readonly FailedCondition[],
): Promise<void> {
  const [before] = await store.getRecentAudits(1)
  const result = await store.commit([APPEND], { if: conditions })
  const [after] = await store.getRecentAudits(1)
  const asked = JSON.stringify(conditions)
  if (failed.length === 0) {
    assert.ok(result.applied, `${asked} holds`)
    assert.deepEqual(result.audits, [after])
  } else {
    assert.deepEqual(result, { applied: false, failed }, `${asked} does not hold`)
    assert.deepEqual(after, before)
  }
}

export const conditionCases: readonly CaseDefinition[] = [
  {
    id: 'commit/if/usage-below-means-less-than',
    prevents: 'a session that is granted when the quota is used up to the last millisecond',
    async run(t) {
      const store = await t.open()
      const fails = (limitMs: number, usedMs: number): readonly FailedCondition[] => {
        return [usedUp({ entryId: 'minecraft', day: DAY, limitMs, usedMs })]
      }
      await assertCommits(store, [below(0)], fails(0, 0))
      await assertCommits(store, [below(1)], [])
      await store.addUsage('minecraft', DAY, 999)
      await assertCommits(store, [below(1_000)], [])
      await store.addUsage('minecraft', DAY, 1)
      await assertCommits(store, [below(1_000)], fails(1_000, 1_000))
      await assertCommits(store, [below(1_001)], [])
      await store.addUsage('minecraft', DAY, 1)
      await assertCommits(store, [below(1_000)], fails(1_000, 1_001))
      await assertCommits(store, [below(Number.MAX_SAFE_INTEGER)], [])
    },
  },
  {
    id: 'commit/if/usage-counts-every-node-and-nothing-else',
    prevents: 'a quota of which each machine grants the whole, or that another entry, day or child uses up',
    async run(t) {
      const store = await t.open()
      await store.view({ scope: 'otto' }).addUsage('minecraft', DAY, 5_000)
      await store.addUsage('minecraft2', DAY, 5_000)
      await store.addUsage('Minecraft', DAY, 5_000)
      await store.addUsage('minecraft', '2026-11-22', 5_000)
      await store.addUsage('minecraft', '2026-11-24', 5_000)
      await assertCommits(store, [below(1)], [])
      await store.addUsage('minecraft', DAY, 600)
      await store.view({ node: 'tablet' }).addUsage('minecraft', DAY, 400)
      const failed = usedUp({ entryId: 'minecraft', day: DAY, limitMs: 1_000, usedMs: 1_000 })
      await assertCommits(store, [below(1_000)], [failed])
      await assertCommits(store, [below(1_001)], [])
    },
  },
  {
    id: 'commit/if/a-cooldown-ends-at-its-millisecond',
    prevents: 'an entry that stays locked after its cooldown, or opens before its end',
    async run(t) {
      const store = await t.open()
      await assertCommits(store, [rested()], [])
      await store.setCooldownUntil('minecraft', NOW)
      await assertCommits(store, [rested()], [])
      await store.setCooldownUntil('minecraft', SOON)
      await assertCommits(store, [rested()], [{ type: 'no_cooldown', entryId: 'minecraft', until: SOON }])
      t.clock.advance(1)
      await assertCommits(store, [rested()], [])
      t.clock.set(NOW)
      await assertCommits(store, [rested()], [{ type: 'no_cooldown', entryId: 'minecraft', until: SOON }])
      await store.clearCooldown('minecraft')
      await assertCommits(store, [rested()], [])
    },
  },
  {
    id: 'commit/if/a-cooldown-is-looked-at-for-the-given-instant',
    prevents: 'a start planned for later that is measured by the time of the call',
    async run(t) {
      const store = await t.open()
      const until = new Date('2026-11-23T12:00:00.000Z')
      await store.setCooldownUntil('minecraft', until)
      await store.view({ scope: 'otto' }).setCooldownUntil('minecraft', new Date('2030-01-01T00:00:00.000Z'))
      const failed = [{ type: 'no_cooldown', entryId: 'minecraft', until }] as const
      await assertCommits(store, [rested('minecraft', new Date(until.getTime() - 1))], failed)
      await assertCommits(store, [rested('minecraft', until)], [])
      await assertCommits(store, [rested('tuxmath', new Date(0))], [])
      t.clock.set('2026-11-23T13:00:00.000Z')
      await assertCommits(store, [rested('minecraft', NOW)], failed)
      await assertCommits(store, [rested()], [])
    },
  },
  {
    id: 'commit/if/the-revision-is-this-nodes',
    prevents: 'a snapshot that overwrites one which its writer has not seen',
    async run(t) {
      const store = await t.open()
      const tablet = store.view({ node: 'tablet' })
      await tablet.saveSnapshot({ timestamp: NOW })
      await assertCommits(store, [revision(1)], [{ type: 'snapshot_revision_is', revision: 0 }])
      await assertCommits(store, [revision(0)], [])
      for (let saved = 1; saved <= 3; saved += 1) {
        await store.saveSnapshot({ timestamp: NOW })
        await assertCommits(store, [revision(saved - 1)], [{ type: 'snapshot_revision_is', revision: saved }])
        await assertCommits(store, [revision(saved + 1)], [{ type: 'snapshot_revision_is', revision: saved }])
        await assertCommits(store, [revision(saved)], [])
      }
      await assertCommits(tablet, [revision(1)], [])
      const otto = store.view({ scope: 'otto' })
      await assertCommits(otto, [revision(3)], [{ type: 'snapshot_revision_is', revision: 0 }])
    },
  },
  {
    id: 'commit/if/every-failed-condition-comes-back-in-order',
    prevents: 'a child who is told one reason, waits, and is refused for the next',
    async run(t) {
      const store = await t.open()
      await store.commit([ADD, cooldown(SOON), save(9)])
      const used = { entryId: 'minecraft', day: DAY, usedMs: 1_000 } as const
      const conditions = [revision(7), below(1_000), rested('tuxmath'), rested(), below(1_001), below(500), revision(1)]
      await assertCommits(store, conditions, [
        { type: 'snapshot_revision_is', revision: 1 },
        usedUp({ ...used, limitMs: 1_000 }),
        { type: 'no_cooldown', entryId: 'minecraft', until: SOON },
        usedUp({ ...used, limitMs: 500 }),
      ])
    },
  },
  {
    id: 'commit/if/a-refusal-writes-nothing-of-any-kind',
    prevents: 'a refused start that is logged, booked or cooled down all the same',
    async run(t) {
      const store = await t.open()
      await store.commit([ADD, cooldown(NOW), save(9), APPEND])
      const before = await contentsOf(t.place, store)
      const until = new Date('2026-11-24T00:00:00.000Z')
      const changes: readonly Change[] = [
        APPEND,
        ADD,
        { type: 'add_usage', entryId: 'tuxmath', day: DAY, durationMs: 1 },
        cooldown(until),
        { type: 'extend_cooldown', entryId: 'minecraft', until },
        { type: 'set_cooldown', entryId: 'tuxmath', until },
        save(11),
        { type: 'clear_cooldown', entryId: 'minecraft' },
      ]
      const result = await store.commit(changes, { if: [rested(), revision(1), below(1_000)] })
      const failed = usedUp({ entryId: 'minecraft', day: DAY, limitMs: 1_000, usedMs: 1_000 })
      assert.deepEqual(result, { applied: false, failed: [failed] })
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'commit/if/a-refusals-instant-is-a-copy',
    prevents: 'a caller that rounds the end of a cooldown for display and so moves it',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', SOON)
      const result = await store.commit([APPEND], { if: [rested()] })
      const [failed] = result.applied ? [] : result.failed
      assert.ok(failed?.type === 'no_cooldown')
      failed.until.setTime(0)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), SOON)
    },
  },
  {
    id: 'commit/if/invalid-conditions-are-refused-as-arguments',
    prevents: 'a limit that was computed as NaN and that every usage is below, or none',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const numbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
      const invalid: readonly Condition[] = [
        ...numbers.flatMap((number) => [below(number), revision(number)]),
        below(1, ''),
        { type: 'usage_below', entryId: 'minecraft', day: '2026-02-30', limitMs: 1 },
        { ...below(1), period: 'year' } as never,
        { ...below(1), period: null } as never,
        rested('a\0b'),
        rested('minecraft', new Date(Number.NaN)),
        rested('minecraft', new Date(-1)),
      ]
      for (const condition of invalid) {
        await rejectsWith(store.commit([ADD], { if: [below(0), condition] }), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
]
