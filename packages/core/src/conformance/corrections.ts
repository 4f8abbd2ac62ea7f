import assert from 'node:assert/strict'
import type { Applied, Change } from '../change.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const NOW = new Date('2026-11-23T10:00:00.000Z')
const NOON = new Date('2026-11-23T12:00:00.000Z')
const BY = { by: 'Ada', why: 'Homework is done.' } as const
const LARGEST = LIMITS.DURATION_MS_MAX

/** Asserts what a correction has told of itself: in its answer, and in the log. */
async function tells(store: Store, applied: Applied, event: object): Promise<void> {
  const [record, ...others] = applied.audits
  assert.deepEqual(others, [])
  assert.deepEqual(record?.event, event)
  assert.deepEqual(await store.getRecentAudits(1), [record])
}

async function usageByNode({ place }: CaseContext): Promise<readonly string[]> {
  return (await place.raw.usage()).map(({ node, durationMs }) => `${node} ${durationMs}`).toSorted()
}

export const correctionCases: readonly CaseDefinition[] = [
  {
    id: 'corrections/adjust/up-and-down-with-who-and-why',
    prevents: 'a total that changes, and nobody knows who did it and for what',
    async run(t) {
      const store = await t.open({ node: 'phone', scope: 'anna' })
      await store.addUsage('minecraft', DAY, 600_000)
      for (const [byMs, usedMs] of [
        [300_000, 900_000],
        [-899_999, 1],
        [0, 1],
        [-1, 0],
        [1, 1],
      ] as const) {
        const applied = await store.adjustUsage('minecraft', DAY, byMs, BY)
        assert.deepEqual([applied.applied, applied.repeated, applied.sessions], [true, false, []])
        assert.deepEqual(applied.usage, [{ entryId: 'minecraft', day: DAY, usedMs }])
        await tells(store, applied, { type: 'usage_adjusted', entryId: 'minecraft', day: DAY, byMs, usedMs, ...BY })
        assert.equal(await store.getUsage('minecraft', DAY), usedMs)
      }
      const [record] = await store.getRecentAudits(1)
      assert.deepEqual([record?.node, record?.scope, record?.timestamp], ['phone', 'anna', NOW])
    },
  },
  {
    id: 'corrections/adjust/never-below-zero',
    prevents: 'time of tomorrow that a generous parent has taken off the total of today',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000)
      const applied = await store.adjustUsage('minecraft', DAY, -5_000, BY)
      const told = { type: 'usage_adjusted', entryId: 'minecraft', day: DAY, usedMs: 0, ...BY }
      await tells(store, applied, { ...told, byMs: -1_000 })
      await tells(store, await store.adjustUsage('minecraft', DAY, -LARGEST, BY), { ...told, byMs: 0 })
      await tells(store, await store.adjustUsage('tuxmath', DAY, -1, BY), { ...told, entryId: 'tuxmath', byMs: 0 })
      assert.equal(await store.getUsage('minecraft', DAY), 0)
      // What is played after it counts whole.
      await store.addUsage('minecraft', DAY, 700)
      assert.equal(await store.getUsage('minecraft', DAY), 700)
      assert.deepEqual(await usageByNode(t), ['local 700'])
    },
  },
  {
    id: 'corrections/adjust/takes-from-every-node',
    prevents: 'an hour on another machine that no parent can forgive',
    async run(t) {
      const store = await t.open({ node: 'pc-2' })
      for (const [node, durationMs] of [
        ['pc-3', 300],
        ['pc-1', 100],
        ['pc-2', 200],
      ] as const) {
        await store.view({ node }).addUsage('minecraft', DAY, durationMs)
      }
      // From its own row first, then from the others in the order of their names.
      for (const [byMs, rows] of [
        [-150, ['pc-1 100', 'pc-2 50', 'pc-3 300']],
        [-100, ['pc-1 50', 'pc-2 0', 'pc-3 300']],
        [-60, ['pc-1 0', 'pc-2 0', 'pc-3 290']],
        [10, ['pc-1 0', 'pc-2 10', 'pc-3 290']],
        [-1_000, ['pc-1 0', 'pc-2 0', 'pc-3 0']],
      ] as const) {
        const { usage } = await store.adjustUsage('minecraft', DAY, byMs, BY)
        assert.deepEqual(await usageByNode(t), rows, `${byMs}`)
        assert.equal(usage[0]?.usedMs, await store.getUsage('minecraft', DAY))
      }
    },
  },
  {
    id: 'corrections/adjust/nothing-but-that-total',
    prevents: 'a correction for one child, game or day that changes another one',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      const others = [store.view({ scope: 'ben' }), store] as const
      await others[0].addUsage('minecraft', DAY, 1)
      await store.addUsage('Minecraft', DAY, 2)
      await store.addUsage('minecraft', '2026-11-22', 3)
      await store.addUsage('minecraft', '2026-11-24', 4)
      await store.setCooldownUntil('minecraft', NOON)
      await store.adjustUsage('minecraft', DAY, 1_000, BY)
      await store.adjustUsage('minecraft', DAY, -5_000, BY)
      assert.equal(await others[0].getUsage('minecraft', DAY), 1)
      assert.equal(await store.getUsage('Minecraft', DAY), 2)
      assert.equal(await store.getUsage('minecraft', '2026-11-22'), 3)
      assert.equal(await store.getUsage('minecraft', '2026-11-24'), 4)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), NOON)
      assert.deepEqual(await others[0].listAudits(), [])
    },
  },
  {
    id: 'corrections/adjust/once-with-its-operation-id',
    prevents: 'a parent on a bad network who takes off half an hour and takes off an hour',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await store.addUsage('minecraft', DAY, 600_000)
      const adjust = (byMs = -100_000, correction: typeof BY | { by: string; why: string } = BY) =>
        store.adjustUsage('minecraft', DAY, byMs, { ...correction, operationId: 'op-1' })
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(adjust(), 'UNAVAILABLE', 'unknown')
      t.clock.advance(60_000)
      await store.addUsage('minecraft', DAY, 5)
      const again = await adjust()
      assert.equal(again.repeated, true)
      assert.deepEqual(again.usage, [{ entryId: 'minecraft', day: DAY, usedMs: 500_005 }])
      assert.deepEqual(again.audits, await store.listAudits())
      assert.equal(again.audits.length, 1)
      for (const other of [
        () => adjust(-100_001),
        () => adjust(-100_000, { ...BY, by: 'Ben' }),
        () => adjust(-100_000, { ...BY, why: 'Rain.' }),
        () => store.grantTime('minecraft', DAY, -100_000, { ...BY, operationId: 'op-1' }),
        () => store.adjustUsage('minecraft', '2026-11-24', -100_000, { ...BY, operationId: 'op-1' }),
      ]) {
        await rejectsWith(other(), 'OPERATION_MISMATCH', 'not_applied')
      }
    },
  },
  {
    id: 'corrections/adjust/at-once-each-counts-what-it-finds',
    prevents: 'two parents who correct at the same moment, one of them to no effect',
    async run(t) {
      const handles = [await t.open({ node: 'phone' }), await t.open({ node: 'pc' })]
      const [store] = handles
      assert.ok(store)
      await store.addUsage('minecraft', DAY, 1_000)
      const applied = await Promise.all(
        [...handles, ...handles].map((handle) => handle.adjustUsage('minecraft', DAY, -300, BY)),
      )
      const told = applied.flatMap(({ audits }) => audits.map(({ event }) => event))
      const changes = told.map((event) => (event.type === 'usage_adjusted' ? event.byMs : 0))
      assert.deepEqual(
        changes.toSorted((a, b) => a - b),
        [-300, -300, -300, -100],
      )
      assert.equal(await store.getUsage('minecraft', DAY), 0)
    },
  },
  {
    id: 'corrections/adjust/within-a-commit-sees-what-is-before-it',
    prevents: 'a total in the log that never was',
    async run(t) {
      const store = await t.open({ node: 'pc' })
      await store.view({ node: 'phone' }).addUsage('minecraft', DAY, 100)
      const ofDay = { entryId: 'minecraft', day: DAY } as const
      const adjust = (byMs: number): Change => ({ type: 'adjust_usage', ...ofDay, byMs, ...BY })
      const changes: readonly Change[] = [
        { type: 'add_usage', ...ofDay, durationMs: 50 },
        ...[adjust(-120), adjust(-120), adjust(7), adjust(-3)],
      ]
      const { audits, usage } = await store.commit(changes)
      const told = { type: 'usage_adjusted', ...ofDay, ...BY }
      assert.deepEqual(
        audits.map(({ event }) => event),
        [
          { ...told, byMs: -120, usedMs: 30 },
          { ...told, byMs: -30, usedMs: 0 },
          { ...told, byMs: 7, usedMs: 7 },
          { ...told, byMs: -3, usedMs: 4 },
        ],
      )
      assert.deepEqual(usage, [{ ...ofDay, usedMs: 4 }])
      assert.deepEqual(await usageByNode(t), ['pc 4', 'phone 0'])
    },
  },
  {
    id: 'corrections/adjust/a-total-past-the-largest-is-refused',
    prevents: 'a total that no number holds',
    async run(t) {
      const store = await t.open()
      await store.view({ node: 'pc' }).addUsage('minecraft', DAY, 5)
      const before = await contentsOf(t.place, store)
      await rejectsWith(store.adjustUsage('minecraft', DAY, LARGEST - 4, BY), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
      await store.adjustUsage('minecraft', DAY, LARGEST - 5, BY)
      assert.equal(await store.getUsage('minecraft', DAY), LARGEST)
      await store.adjustUsage('minecraft', DAY, -LARGEST, BY)
      assert.equal(await store.getUsage('minecraft', DAY), 0)
    },
  },
  {
    id: 'corrections/adjust/a-spoiled-total-is-malformed',
    prevents: 'a damaged row that is taken for nothing and corrected on top',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000)
      await t.place.raw.spoil({ table: 'usage', scope: 'default', day: DAY, entryId: 'minecraft', node: 'local' })
      const before = await contentsOf(t.place, store)
      for (const byMs of [-1, 0, 1]) {
        await rejectsWith(store.adjustUsage('minecraft', DAY, byMs, BY), 'MALFORMED', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
]
