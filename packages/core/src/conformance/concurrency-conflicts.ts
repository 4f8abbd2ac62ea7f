import assert from 'node:assert/strict'
import type { Applied, Change, Condition } from '../change.ts'
import { isStoreError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const ENTRIES = ['a', 'b', 'c', 'd', 'e', 'f']
const CHILDREN = ['ada', 'otto', 'ida', 'emil']

interface Outcomes<T> {
  readonly values: readonly T[]
  readonly codes: readonly string[]
}

/** What comes out of `calls` that all run at once: the values, and the codes of the errors. */
async function outcomesOf<T>(calls: readonly Promise<T>[]): Promise<Outcomes<T>> {
  const settled = await Promise.allSettled(calls)
  return {
    values: settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    codes: settled.flatMap((result) => {
      if (result.status === 'fulfilled') return []
      const error: unknown = result.reason
      return [isStoreError(error) ? `${error.code} ${error.outcome}` : String(error)]
    }),
  }
}

/** Handles that get into each other's way: opposite orders, the same rows, the same ids. */
export const concurrencyConflictCases: readonly CaseDefinition[] = [
  {
    id: 'concurrency/conflicts/opposite-orders-of-rows',
    prevents: 'a deadlock between two machines whenever both touch the same entries',
    async run(t) {
      const handles = [await t.open({ node: 'server' }), await t.open({ node: 'server' })]
      for (let round = 0; round < 10; round += 1) {
        const write = (store: Store, entryIds: readonly string[]): Promise<Applied> => {
          const changes = entryIds.flatMap((entryId): readonly Change[] => [
            { type: 'add_usage', entryId, day: DAY, durationMs: 1 },
            { type: 'extend_cooldown', entryId, until: new Date(round) },
          ])
          return store.commit(changes)
        }
        const calls = handles.flatMap((store, index) =>
          [0, 1, 2].map(() => write(store, index === 0 ? ENTRIES : ENTRIES.toReversed())),
        )
        const { codes } = await outcomesOf(calls)
        assert.deepEqual(codes, [], `errors of round ${round}`)
      }
      const state = await handles[0]?.getDayState(DAY)
      for (const entryId of ENTRIES) assert.equal(state?.entry(entryId).usedMs, 60)
    },
  },
  {
    id: 'concurrency/conflicts/opposite-orders-of-scopes',
    prevents: 'a deadlock between two servers that act for the same children',
    async run(t) {
      const handles = [await t.open({ node: 'server-1' }), await t.open({ node: 'server-2' })]
      for (let round = 0; round < 10; round += 1) {
        const limitMs = 4_000 * (round + 1)
        const write = (store: Store, scope: string) => {
          const below: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs }
          const add: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 }
          const append: Change = { type: 'append_audit', event: { type: 'service_started' } }
          return store.view({ scope }).commit([add, append], { if: [below] })
        }
        const calls = handles.flatMap((store, index) =>
          (index === 0 ? CHILDREN : CHILDREN.toReversed()).flatMap((scope) => [0, 1, 2].map(() => write(store, scope))),
        )
        const { values, codes } = await outcomesOf(calls)
        assert.deepEqual(codes, [], `errors of round ${round}`)
        assert.equal(values.filter(({ applied }) => applied).length, 4 * CHILDREN.length, `winners of round ${round}`)
      }
      const totals = await handles[0]?.listUsage({ from: DAY, to: '2026-11-24', by: ['scope'], scope: 'all' })
      assert.deepEqual(
        totals?.map(({ durationMs }) => durationMs),
        [40_000, 40_000, 40_000, 40_000],
      )
      assert.equal((await handles[0]?.verifyAudits())?.checked, 160)
    },
  },
  {
    id: 'concurrency/conflicts/opposite-orders-of-operation-ids',
    prevents: 'a deadlock, or a write that counts twice, when two servers work through one list',
    async run(t) {
      const handles = [await t.open({ node: 'server-1' }), await t.open({ node: 'server-2' })]
      const add: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 }
      for (let round = 0; round < 10; round += 1) {
        const ids = Array.from({ length: 10 }, (_, index) => `op-${round}-${index}`)
        const calls: readonly Promise<Applied>[] = handles.flatMap((store, index) =>
          (index === 0 ? ids : ids.toReversed()).map((operationId) => store.commit([add], { operationId })),
        )
        const { values, codes } = await outcomesOf(calls)
        assert.deepEqual(codes, [], `errors of round ${round}`)
        assert.equal(values.filter(({ repeated }) => !repeated).length, ids.length, `first ones of round ${round}`)
      }
      assert.equal(await handles[0]?.getUsage('minecraft', DAY), 100)
    },
  },
  {
    id: 'concurrency/conflicts/one-operation-id-with-two-contents',
    prevents: 'two writes under one id, of which both are applied, or one is dropped without a word',
    async run(t) {
      const handles = [await t.open({ node: 'server-1' }), await t.open({ node: 'server-2' })]
      let expectedMs = 0
      for (let round = 0; round < 20; round += 1) {
        const order = round % 2 === 0 ? handles : handles.toReversed()
        const calls = order.map((store, index) =>
          store.commit([{ type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: index === 0 ? 1 : 1_000 }], {
            operationId: `op-${round}`,
          }),
        )
        const { values, codes } = await outcomesOf(calls)
        assert.deepEqual(codes, ['OPERATION_MISMATCH not_applied'], `errors of round ${round}`)
        assert.deepEqual(
          values.map(({ repeated }) => repeated),
          [false],
        )
        const [usage] = values[0]?.usage ?? []
        expectedMs += usage !== undefined && usage.usedMs - expectedMs === 1 ? 1 : 1_000
        assert.equal(await handles[0]?.getUsage('minecraft', DAY), expectedMs, `the total after round ${round}`)
      }
    },
  },
  {
    id: 'concurrency/conflicts/the-largest-total-is-never-passed',
    prevents: 'a day whose total no store can read any more, because two machines filled it up at once',
    async run(t) {
      const handles = [await t.open({ node: 'living-room' }), await t.open({ node: 'bedroom' })]
      for (let round = 0; round < 20; round += 1) {
        const entryId = `entry-${round}`
        await handles[0]?.addUsage(entryId, DAY, LIMITS.DURATION_MS_MAX - 1_500)
        const { values, codes } = await outcomesOf(handles.map((store) => store.addUsage(entryId, DAY, 1_000)))
        assert.equal(values.length, 1, `additions that fit in round ${round}`)
        assert.deepEqual(codes, ['INVALID_ARGUMENT not_applied'])
        assert.equal(await handles[1]?.getUsage(entryId, DAY), LIMITS.DURATION_MS_MAX - 500)
      }
    },
  },
  {
    id: 'concurrency/conflicts/a-conditional-save-is-not-overtaken-by-a-plain-one',
    prevents: 'a snapshot that replaces one which its writer has never seen',
    async run(t) {
      const [careful, careless] = [await t.open(), await t.open()]
      const at = (second: number) => ({ timestamp: new Date(Date.UTC(2026, 10, 23, 10, 0, second)) })
      await careful.saveSnapshot(at(0))
      for (let round = 0; round < 20; round += 1) {
        const seen = (await careful.loadSnapshot())?.revision ?? 0
        const [{ applied }] = await Promise.all([
          careful.commit([{ type: 'save_snapshot', snapshot: at(1) }], {
            if: [{ type: 'snapshot_revision_is', revision: seen }],
          }),
          careless.saveSnapshot(at(2)),
        ])
        // Applied, it came first; so the plain one stands, and came second.
        const revision = applied ? seen + 2 : seen + 1
        assert.deepEqual(await careful.loadSnapshot(), { snapshot: at(2), revision }, `round ${round}`)
      }
    },
  },
]
