import assert from 'node:assert/strict'
import type { Applied, Change, Condition } from '../change.ts'
import { isStoreError, type StoreErrorCode } from '../errors.ts'
import { contentsOf } from './contents.ts'
import { entryState, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { READS, WRITES } from './methods.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 }
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }

/** What a database may fail with, and whether it makes sense to try again. */
const RETRYABLE: readonly (readonly [code: StoreErrorCode, retryable: boolean])[] = [
  ['BUSY', true],
  ['UNAVAILABLE', true],
  ['TIMEOUT', true],
  ['READ_ONLY', false],
  ['DISK_FULL', false],
  ['IO', false],
  ['CORRUPT', false],
  ['DATABASE', false],
]

/** Faults at the driver's seam: what a failure of the database looks like to a caller. */
export const faultCases: readonly CaseDefinition[] = [
  {
    id: 'faults/write/that-failed-before-it-took-effect',
    prevents: 'an error that does not tell whether to try again, or what failed',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await store.commit([APPEND, ADD, { type: 'set_cooldown', entryId: 'minecraft', until: NOON }])
      const before = await contentsOf(t.place, store)
      for (const [code, retryable] of RETRYABLE) {
        for (const [operation, write] of Object.entries(WRITES)) {
          faults.failNext('write', code)
          const error = await rejectsWith(write(store), code, 'not_applied')
          assert.equal(error.operation, operation)
          assert.equal(error.retryable, retryable, code)
          assert.match(error.message, new RegExp(`^${operation}: `))
        }
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      for (const write of Object.values(WRITES)) await write(store)
      assert.equal(await store.getUsage('minecraft', DAY), 2_000)
      assert.equal((await store.verifyAudits()).checked, 5)
    },
  },
  {
    id: 'faults/write/whose-reply-was-lost',
    prevents: 'an error that says `not_applied` of a write that is in the database',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      for (const [operation, write] of Object.entries(WRITES)) {
        faults.failNext('write', 'UNAVAILABLE', { applied: true })
        const error = await rejectsWith(write(store), 'UNAVAILABLE', 'unknown')
        assert.equal(error.operation, operation)
        assert.equal(error.retryable, true)
      }
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
      assert.equal((await store.loadSnapshot())?.revision, 1)
      assert.deepEqual(
        (await store.getDayState(DAY)).entry('tuxmath'),
        entryState('tuxmath', { usedMs: 1_000, grantedMs: 1_000 }),
      )
      assert.deepEqual(
        (await store.listAudits()).map(({ id }) => id),
        [1, 2, 3, 4],
      )
    },
  },
  {
    id: 'faults/write/retried-with-its-operation-id-counts-once',
    prevents: 'a lost reply that books an hour twice, or not at all',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const write = () => store.commit([ADD, APPEND], { operationId: 'op-1' })
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(write(), 'UNAVAILABLE', 'unknown')
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(write(), 'UNAVAILABLE', 'unknown')
      faults.failNext('write', 'BUSY', { outcome: 'unknown' })
      await rejectsWith(write(), 'BUSY', 'unknown')
      t.clock.advance(60_000)
      const again = await write()
      assert.equal(again.repeated, true)
      assert.deepEqual(again.usage, [{ entryId: 'minecraft', day: DAY, usedMs: 1_000 }])
      assert.deepEqual(again.audits, await store.listAudits())
      assert.equal(again.audits.length, 1)
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'faults/write/retried-after-an-unknown-failure-that-changed-nothing',
    prevents: 'a retry that is taken for a repetition of a write which never happened',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const before = await contentsOf(t.place, store)
      faults.failNext('write', 'UNAVAILABLE', { outcome: 'unknown' })
      const write = () => store.addUsage('minecraft', DAY, 1_000, { operationId: 'op-1' })
      await rejectsWith(write(), 'UNAVAILABLE', 'unknown')
      assert.deepEqual(await contentsOf(t.place, store), before)
      await write()
      await write()
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'faults/write/retried-although-its-condition-no-longer-holds',
    prevents: 'a start that took effect, and whose retry is refused because of it',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const below: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1_000 }
      const write = () => store.commit([ADD, APPEND], { operationId: 'op-1', if: [below] })
      faults.failNext('write', 'TIMEOUT', { applied: true })
      await rejectsWith(write(), 'TIMEOUT', 'unknown')
      const again = await write()
      assert.ok(again.applied && again.repeated)
      assert.deepEqual(
        again.audits.map(({ id }) => id),
        [1],
      )
      assert.equal((await store.commit([ADD], { if: [below] })).applied, false)
    },
  },
  {
    id: 'faults/write/that-comes-late-counts-once-when-it-is-repeated',
    prevents: 'a network that delivers a write behind its repetition, and an hour that is booked twice',
    async run(t) {
      const { store, faults } = await t.openWithFaults({ callTimeoutMs: 50 })
      const write = () => store.commit([ADD, APPEND], { operationId: 'op-1' })
      const held = faults.holdNext('write')
      const late = write()
      await held.met
      await rejectsWith(late, 'TIMEOUT', 'unknown')
      held.letGo()
      const again = await repeatUntilHeard(write)
      assert.equal(again.repeated, true)
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
      assert.deepEqual(await store.listAudits(), again.audits)
    },
  },
  {
    id: 'faults/write/everyone-in-its-group-is-told',
    prevents: 'a caller whose write shared a failed commit, and who was told that it is safe',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const counts = Array.from({ length: 10 }, (_, n) => n)
      const write = (entryCount: number) => {
        const append: Change = { type: 'append_audit', event: { type: 'policy_loaded', entryCount } }
        return store.commit([append, ADD], { operationId: `op-${entryCount}` })
      }
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await Promise.all(counts.map((n) => rejectsWith(write(n), 'UNAVAILABLE', 'unknown')))
      faults.failNext('write', 'BUSY')
      await Promise.all(counts.map((n) => rejectsWith(write(n), 'BUSY', 'not_applied')))
      const again = await Promise.all(counts.map(write))
      assert.deepEqual(
        again.map(({ repeated }) => repeated),
        counts.map(() => true),
      )
      assert.equal(await store.getUsage('minecraft', DAY), 10_000)
      const events = (await store.listAudits()).map(({ event }) => event)
      assert.deepEqual(
        events,
        counts.map((entryCount) => ({ type: 'policy_loaded', entryCount })),
      )
    },
  },
  {
    id: 'faults/write/leaves-the-next-group-alone',
    prevents: 'one failed commit that takes every waiting write with it, or that is reported for the wrong ones',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      faults.failNext('write', 'DISK_FULL')
      // More than fit into one group.
      const calls = Array.from({ length: 300 }, (_, entryCount) =>
        store.appendAudit({ type: 'policy_loaded', entryCount }),
      )
      const settled = await Promise.allSettled(calls)
      assert.ok(settled.some(({ status }) => status === 'rejected'))
      assert.ok(settled.some(({ status }) => status === 'fulfilled'))
      const acknowledged = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      assert.deepEqual(await store.listAudits({ limit: 1_000 }), acknowledged)
    },
  },
  {
    id: 'faults/read/never-reads-as-nothing',
    prevents: 'a limit that disappears whenever the database cannot be reached',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      for (const write of Object.values(WRITES)) await write(store)
      await store.setCooldownUntil('minecraft', NOON)
      const sound = new Map<string, unknown>()
      for (const [operation, read] of Object.entries(READS)) sound.set(operation, await read(store))
      for (const [code, retryable] of RETRYABLE) {
        for (const [operation, read] of Object.entries(READS)) {
          faults.failNext('read', code)
          const error = await rejectsWith(read(store), code, 'not_applied')
          assert.equal(error.operation, operation)
          assert.equal(error.retryable, retryable, code)
        }
      }
      for (const [operation, read] of Object.entries(READS)) {
        assert.equal(JSON.stringify(await read(store)), JSON.stringify(sound.get(operation)), operation)
      }
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'faults/read/a-page-that-fails-ends-the-log-with-an-error',
    prevents: 'an export that stops halfway and looks complete',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await store.commit([APPEND, APPEND, APPEND, APPEND, APPEND])
      const seen: number[] = []
      const readAll = async () => {
        for await (const { id } of store.readAudits({ limit: 2 })) {
          seen.push(id)
          if (id === 4) faults.failNext('read', 'UNAVAILABLE')
        }
      }
      await rejectsWith(readAll(), 'UNAVAILABLE', 'not_applied')
      assert.deepEqual(seen, [1, 2, 3, 4])
    },
  },
  {
    id: 'faults/read/a-repetition-whose-records-cannot-be-read-is-no-success',
    prevents: 'a retry that succeeds without the record which it asks for',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const append = () => store.appendAudit({ type: 'service_started' }, { operationId: 'op-1' })
      const record = await append()
      faults.failNext('read', 'UNAVAILABLE')
      const error = await rejectsWith(append(), 'UNAVAILABLE')
      assert.equal(error.operation, 'appendAudit')
      assert.deepEqual(await append(), record)
      assert.equal((await t.place.raw.audits()).length, 1)
    },
  },
  {
    id: 'faults/read/a-repetition-whose-records-cannot-be-read-is-not-called-not-applied',
    prevents: 'a caller who books again, under a new id, what the store knew to be applied',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const write = () => store.commit([APPEND, ADD], { operationId: 'op-1' })
      await write()
      faults.failNext('read', 'UNAVAILABLE')
      await rejectsWith(write(), 'UNAVAILABLE', 'unknown')
    },
  },
  {
    id: 'faults/read/a-repetition-whose-total-cannot-be-read-is-not-called-not-applied',
    prevents: 'a caller who adds again, under a new id, what is in a damaged total already',
    async run(t) {
      const store = await t.open()
      const write = () => store.commit([ADD], { operationId: 'op-1' })
      await write()
      await t.place.raw.spoil({ table: 'usage', scope: 'default', day: DAY, entryId: 'minecraft', node: 'local' })
      await rejectsWith(write(), 'MALFORMED', 'unknown')
    },
  },
]

/** A machine that is busy may let another call run out of its time: each may be made again. */
async function repeatUntilHeard(write: () => Promise<Applied>): Promise<Applied> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      return await write()
    } catch (error) {
      if (!isStoreError(error, 'TIMEOUT')) throw error
    }
  }
  return write()
}

const TRIES_MAX = 100
