import assert from 'node:assert/strict'
import type { Applied, Change, Condition, Refused, WriteOptions } from '../change.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
/** The time of the suite's clock. */
const NOW = new Date('2026-11-23T10:00:00.000Z')
const ADD = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 } satisfies Change
const APPEND = { type: 'append_audit', event: { type: 'policy_loaded', entryCount: 3 } } satisfies Change
const SET = { type: 'set_cooldown', entryId: 'minecraft', until: NOW } satisfies Change
const IMPORT = {
  type: 'import_audit',
  timestamp: NOW,
  event: { type: 'policy_loaded', entryCount: 3 },
  original: { id: 1, timestamp: 'then', event: 'that' },
} satisfies Change
const SESSION = { sessionId: 's-1', entryId: 'minecraft', startedAt: NOW, warningsIssuedMs: [60_000] }
const BELOW = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 3_600_000 } satisfies Condition
const RESTED = { type: 'no_cooldown', entryId: 'tuxmath', at: NOW } satisfies Condition

interface Write {
  readonly changes: readonly Change[]
  readonly if?: readonly Condition[]
}

const save = (activeSession?: typeof SESSION): Write => {
  return { changes: [{ type: 'save_snapshot', snapshot: { timestamp: NOW, activeSession } }] }
}

/** Writes, each with others that differ from it in one thing. */
const ALTERED: readonly (readonly [first: Write, others: readonly Write[]])[] = [
  [
    { changes: [ADD] },
    [
      { changes: [{ ...ADD, entryId: 'minecraft2' }] },
      { changes: [{ ...ADD, day: '2026-11-24' }] },
      { changes: [{ ...ADD, durationMs: 1_001 }] },
      { changes: [ADD, ADD] },
      { changes: [ADD, APPEND] },
      {
        changes: [
          { ...ADD, durationMs: 500 },
          { ...ADD, durationMs: 500 },
        ],
      },
      { changes: [APPEND] },
      { changes: [ADD], if: [BELOW] },
    ],
  ],
  [
    { changes: [APPEND] },
    [
      { changes: [{ ...APPEND, event: { ...APPEND.event, entryCount: 4 } }] },
      { changes: [{ ...APPEND, event: { type: 'service_started' } }] },
      { changes: [{ ...APPEND, event: { type: 'other', name: 'policy', data: { entry_count: 3 } } }] },
      { changes: [IMPORT] },
    ],
  ],
  [
    { changes: [IMPORT] },
    [
      { changes: [{ ...IMPORT, timestamp: new Date(NOW.getTime() + 1) }] },
      { changes: [{ ...IMPORT, original: { ...IMPORT.original, id: 2 } }] },
      { changes: [{ ...IMPORT, original: { ...IMPORT.original, timestamp: '' } }] },
      { changes: [{ ...IMPORT, original: { ...IMPORT.original, event: '' } }] },
      { changes: [APPEND] },
    ],
  ],
  [
    { changes: [SET] },
    [
      { changes: [{ ...SET, until: new Date(NOW.getTime() + 1) }] },
      { changes: [{ ...SET, entryId: 'tuxmath' }] },
      { changes: [{ ...SET, type: 'extend_cooldown' }] },
      { changes: [{ type: 'clear_cooldown', entryId: 'minecraft' }] },
    ],
  ],
  [save(SESSION), [save(), save({ ...SESSION, warningsIssuedMs: [] }), save({ ...SESSION, sessionId: 's-2' })]],
  [{ changes: [ADD, APPEND, SET] }, [{ changes: [APPEND, ADD, SET] }, { changes: [ADD, APPEND] }]],
  [
    { changes: [ADD], if: [BELOW, RESTED] },
    [
      { changes: [ADD] },
      { changes: [ADD], if: [BELOW] },
      { changes: [ADD], if: [RESTED, BELOW] },
      { changes: [ADD], if: [{ ...BELOW, limitMs: 3_600_001 }, RESTED] },
      { changes: [ADD], if: [{ ...BELOW, entryId: 'tuxmath' }, RESTED] },
      { changes: [ADD], if: [{ ...BELOW, day: '2026-11-24' }, RESTED] },
      { changes: [ADD], if: [BELOW, { ...RESTED, entryId: 'chess' }] },
      { changes: [ADD], if: [BELOW, { ...RESTED, at: new Date(NOW.getTime() + 1) }] },
      // The store would fill in the same instant, but it was not what the first caller said.
      { changes: [ADD], if: [BELOW, { type: 'no_cooldown', entryId: 'tuxmath' }] },
      { changes: [ADD], if: [BELOW, RESTED, { type: 'snapshot_revision_is', revision: 1 }] },
    ],
  ],
  [
    { changes: [ADD], if: [{ type: 'snapshot_revision_is', revision: 1 }] },
    [{ changes: [ADD], if: [{ type: 'snapshot_revision_is', revision: 2 }] }],
  ],
]

function perform(store: Store, { changes, if: conditions }: Write, options: WriteOptions): Promise<Applied | Refused> {
  if (conditions === undefined) return store.commit(changes, options)
  return store.commit(changes, { ...options, if: conditions })
}

/** An operation id that is used for another write. */
export const operationMismatchCases: readonly CaseDefinition[] = [
  {
    id: 'operations/mismatch/every-difference-is-refused',
    prevents: 'a write that is dropped as a repetition although it says something else',
    async run(t) {
      const store = await t.open()
      for (const [index, [first]] of ALTERED.entries()) {
        const applied = await perform(store, first, { operationId: `op-${index}` })
        assert.ok(applied.applied && !applied.repeated, `write ${index} applies`)
      }
      const before = await contentsOf(t.place, store)
      for (const [index, [first, others]] of ALTERED.entries()) {
        const options = { operationId: `op-${index}` }
        for (const other of others) {
          const error = await rejectsWith(perform(store, other, options), 'OPERATION_MISMATCH', 'not_applied')
          assert.equal(error.retryable, false)
          assert.equal(error.operation, 'commit')
        }
        const again = await perform(store, first, options)
        assert.ok(again.applied && again.repeated, `write ${index} is still known`)
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'operations/mismatch/in-every-method',
    prevents: 'a method that takes any write of the same id for its own',
    async run(t) {
      const store = await t.open()
      const options = { operationId: 'op-1' }
      await store.addUsage('minecraft', DAY, 1_000, options)
      const before = await contentsOf(t.place, store)
      const calls = {
        addUsage: () => store.addUsage('minecraft', DAY, 999, options),
        appendAudit: () => store.appendAudit({ type: 'service_started' }, options),
        commit: () => store.commit([SET], options),
      }
      for (const [operation, call] of Object.entries(calls)) {
        const error = await rejectsWith(call(), 'OPERATION_MISMATCH', 'not_applied')
        assert.equal(error.operation, operation)
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'operations/mismatch/within-one-group',
    prevents: 'two writes that were given one id by mistake, of which the second vanishes',
    async run(t) {
      const store = await t.open()
      const options = { operationId: 'op-1' }
      const [first, other, same] = unawaited(
        store.commit([ADD], options),
        store.commit([{ ...ADD, durationMs: 999 }], options),
        store.commit([ADD], options),
      )
      assert.equal((await first).repeated, false)
      await rejectsWith(other, 'OPERATION_MISMATCH', 'not_applied')
      assert.equal((await same).repeated, true)
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'operations/mismatch/what-the-store-fills-in-is-no-difference',
    prevents: 'a retry a minute later, of which the store says that it is another write',
    async run(t) {
      const store = await t.open()
      const options = { operationId: 'op-1', if: [{ type: 'no_cooldown', entryId: 'minecraft' }] } as const
      await store.commit([APPEND, ADD, SET], options)
      t.clock.advance(60_000)
      const later = await t.open({ node: 'another' })
      assert.deepEqual((await later.commit([APPEND, ADD, SET], options)).applied, true)
      const shuffled: Change = { event: { entryCount: 3, type: 'policy_loaded' }, type: 'append_audit' }
      const unset = { operationId: 'op-1', if: [{ type: 'no_cooldown', entryId: 'minecraft', at: undefined }] } as const
      const again = await later.commit([shuffled, ADD, SET], { ...unset, operationAt: NOW })
      assert.equal(again.applied && again.repeated, true)
      assert.equal((await t.place.raw.audits()).length, 1)
    },
  },
  {
    id: 'operations/unrecorded/a-refusal-may-be-tried-again',
    prevents: 'a start that stays refused after the cooldown that forbade it',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', new Date(NOW.getTime() + 1))
      const options = { operationId: 'op-1', if: [{ type: 'no_cooldown', entryId: 'minecraft' }] } as const
      for (let attempt = 0; attempt < 2; attempt += 1) {
        assert.equal((await store.commit([ADD], options)).applied, false)
      }
      t.clock.advance(1)
      const applied = await store.commit([ADD], options)
      assert.equal(applied.applied && !applied.repeated, true)
      const repeated = await store.commit([ADD], options)
      assert.equal(repeated.applied && repeated.repeated, true)
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'operations/unrecorded/a-refusal-within-the-group',
    prevents: 'a refused attempt that counts as the first one for the attempt right behind it',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', new Date('2026-11-23T12:00:00.000Z'))
      const options = { operationId: 'op-1', if: [{ type: 'no_cooldown', entryId: 'minecraft' }] } as const
      const [refused, cleared, applied] = unawaited(
        store.commit([ADD], options),
        store.clearCooldown('minecraft'),
        store.commit([ADD], options),
      )
      assert.equal((await refused).applied, false)
      await cleared
      assert.deepEqual(await applied, {
        applied: true,
        repeated: false,
        audits: [],
        usage: [{ entryId: 'minecraft', day: DAY, usedMs: 1_000 }],
        sessions: [],
      })
    },
  },
  {
    id: 'operations/unrecorded/what-was-not-applied-leaves-its-id-free',
    prevents: 'a corrected write that is refused because of the mistake before it',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, LIMITS.DURATION_MS_MAX - 1)
      const overflow = store.commit([APPEND, ADD], { operationId: 'op-1' })
      await rejectsWith(overflow, 'INVALID_ARGUMENT', 'not_applied')
      const refused = await store.commit([APPEND], { operationId: 'op-1', if: [{ ...BELOW, limitMs: 0 }] })
      assert.equal(refused.applied, false)
      const applied = await store.commit([{ ...ADD, durationMs: 1 }], { operationId: 'op-1' })
      assert.equal(applied.repeated, false)
      assert.equal((await t.place.raw.audits()).length, 0)
    },
  },
]
