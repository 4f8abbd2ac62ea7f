import assert from 'node:assert/strict'
import type { WriteOptions } from '../change.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
/** The time of the suite's clock. */
const NOW_MS = Date.UTC(2026, 10, 23, 10)

/** Every method that takes an operation id. */
const WRITES: readonly ((store: Store, options: WriteOptions) => Promise<unknown>)[] = [
  (store, options) => store.addUsage('minecraft', DAY, 1_000, options),
  (store, options) => store.appendAudit({ type: 'service_started' }, options),
  (store, options) => store.commit([{ type: 'clear_cooldown', entryId: 'minecraft' }], options),
]

/** `operationAt`: when an operation was first tried. */
export const operationAgeCases: readonly CaseDefinition[] = [
  {
    id: 'operations/age/older-than-30-days-is-refused',
    prevents: 'a device that was off for weeks and books again what the store no longer remembers',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const tooOld = [NOW_MS - LIMITS.OPERATION_RETENTION_MS - 1, Date.UTC(2020, 0, 1), 0]
      for (const [index, atMs] of tooOld.entries()) {
        for (const write of WRITES) {
          const call = write(store, { operationId: `op-${index}`, operationAt: new Date(atMs) })
          await rejectsWith(call, 'INVALID_ARGUMENT', 'not_applied')
        }
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'operations/age/30-days-and-younger-is-accepted',
    prevents: 'a retry within the promised time that is turned away, or one by a machine whose clock is ahead',
    async run(t) {
      const store = await t.open()
      const recent = [NOW_MS - LIMITS.OPERATION_RETENTION_MS, NOW_MS - 1, NOW_MS, NOW_MS + 3_600_000]
      for (const [index, atMs] of recent.entries()) {
        for (const [number, write] of WRITES.entries()) {
          await write(store, { operationId: `op-${index}-${number}`, operationAt: new Date(atMs) })
        }
      }
      assert.equal(await store.getUsage('minecraft', DAY), 1_000 * recent.length)
      assert.equal((await t.place.raw.audits()).length, recent.length)
    },
  },
  {
    id: 'operations/age/is-measured-by-the-clock-of-the-call',
    prevents: 'an age limit that is measured from the opening of the store',
    async run(t) {
      const store = await t.open()
      const options = { operationId: 'op-1', operationAt: new Date(NOW_MS) }
      await store.addUsage('minecraft', DAY, 1_000, options)
      t.clock.advance(LIMITS.OPERATION_RETENTION_MS)
      await store.addUsage('minecraft', DAY, 1_000, options)
      t.clock.advance(1)
      await rejectsWith(store.addUsage('minecraft', DAY, 1_000, options), 'INVALID_ARGUMENT', 'not_applied')
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'operations/age/is-no-part-of-the-content',
    prevents: 'a retry that tells its age for the first time and is taken for another write',
    async run(t) {
      const store = await t.open()
      const add = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 } as const
      await store.commit([add], { operationId: 'op-1' })
      for (const atMs of [NOW_MS - 1, NOW_MS, NOW_MS + 1]) {
        const again = await store.commit([add], { operationId: 'op-1', operationAt: new Date(atMs) })
        assert.equal(again.repeated, true)
      }
    },
  },
  {
    id: 'operations/age/needs-an-operation-id-and-an-instant',
    prevents: 'a caller that believes its write safe to repeat because it said when it was first tried',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const invalid: readonly WriteOptions[] = [
        { operationAt: new Date(NOW_MS) },
        { operationId: undefined, operationAt: new Date(NOW_MS) },
        { operationId: 'op-1', operationAt: new Date(Number.NaN) },
        { operationId: 'op-1', operationAt: new Date(LIMITS.INSTANT_MS_MAX + 1) },
      ]
      for (const options of invalid) {
        for (const write of WRITES) await rejectsWith(write(store, options), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'operations/age/a-clock-at-1970-makes-no-operation-old',
    prevents:
      'a write that is counted twice because the clock stood at 1970 for a moment, and a busy day came after it',
    async run(t) {
      const store = await t.open()
      const add = (operationId: string) => store.addUsage('minecraft', DAY, 1, { operationId })
      await add('first')
      t.clock.set('1970-01-01T00:00:10.000Z')
      await add('without a battery')
      t.clock.set(new Date(NOW_MS))
      const others = LIMITS.OPERATIONS_KEPT_MIN + 1
      await Promise.all(Array.from({ length: others }, (_, index) => add(`other ${index}`)))
      await add('last')
      await add('without a battery')
      assert.equal(await store.getUsage('minecraft', DAY), others + 3)
    },
  },
  {
    id: 'operations/age/a-clock-that-jumps-forgets-nothing-recent',
    prevents:
      'a write that is counted twice because a board without a clock began in 1970, or a child set a year ahead',
    async run(t) {
      const store = await t.open()
      const add = (operationId: string) => store.addUsage('minecraft', '2026-11-23', 10, { operationId })
      for (const [round, jumps] of [
        ['1970-01-01T00:00:10.000Z', '2026-11-23T10:00:00.000Z'],
        ['2026-11-23T10:00:00.000Z', '2027-12-24T10:00:00.000Z'],
      ].entries()) {
        for (const [step, at] of jumps.entries()) {
          t.clock.set(at)
          await add(`round ${round} step ${step}`)
        }
        t.clock.set('2026-11-23T10:00:00.000Z')
        await add(`round ${round} step 0`)
      }
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 40)
    },
  },
]
