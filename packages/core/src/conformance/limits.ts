import assert from 'node:assert/strict'
import { createStore } from '../create-store.ts'
import type { EntrySum, ReadResult, StoreDriver } from '../driver.ts'
import { StoreError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { entryState, rejectsWith } from './expect.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import { type CaseContext, type CaseDefinition, SUITE_CALENDAR } from './harness.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
const ADD = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 } as const
const NOTHING: ReadResult = {
  ...{ usage: [], grants: [], reserved: [], cooldowns: [] },
  ...{ sessions: [], nodes: [], snapshots: [], audits: [] },
}

/** Limits whose other side takes more rows, or writes, than a case can make: the driver says that they are there. */
export const limitCases: readonly CaseDefinition[] = [
  {
    id: 'limits/usage-list/too-many-totals-are-refused',
    prevents: 'a report that is cut in silence, or one that takes the memory of the machine',
    async run(t) {
      const query = { from: DAY, to: '2026-11-24', by: ['entry'] } as const
      await useOver(t, reads({ usage: sums(LIMITS.USAGE_TOTALS_MAX) }), async (store) => {
        assert.equal((await store.listUsage(query)).length, LIMITS.USAGE_TOTALS_MAX)
      })
      await useOver(t, reads({ usage: sums(LIMITS.USAGE_TOTALS_MAX + 1) }), async (store) => {
        await rejectsWith(store.listUsage(query), 'INVALID_ARGUMENT')
      })
    },
  },
  {
    id: 'limits/day-state/too-many-entries-are-refused',
    prevents: 'a day in which the limits of some entries are missing',
    async run(t) {
      const many = LIMITS.DAY_STATE_ENTRIES_MAX
      const until = new Date('2026-11-23T12:00:00.000Z')
      const cooldowns = (count: number) => sums(count).map(({ entryId }) => ({ entryId, until }))
      await useOver(t, reads({ usage: sums(many), cooldowns: cooldowns(many) }), async (store) => {
        const state = await store.getDayState(DAY)
        const last = `entry-${many - 1}`
        assert.deepEqual(state.entry(last), entryState(last, { usedMs: 1_000, cooldownUntil: until }))
      })
      const more = many + 1
      for (const tooMany of [
        { usage: sums(more) },
        { grants: sums(more) },
        { reserved: sums(more) },
        { cooldowns: cooldowns(more) },
      ]) {
        await useOver(t, reads(tooMany), async (store) => {
          await rejectsWith(store.getDayState(DAY), 'INVALID_ARGUMENT')
        })
      }
    },
  },
  {
    id: 'limits/group/holds-so-many-writes-and-changes',
    prevents: 'one commit that grows with the load, and keeps everyone waiting',
    async run(t) {
      const groups: { readonly units: number; readonly changes: number }[] = []
      const count = (driver: StoreDriver): Faulty => ({
        write(units) {
          groups.push({ units: units.length, changes: units.flatMap(({ changes }) => changes).length })
          return driver.write(units)
        },
      })
      await useOver(t, count, async (store) => {
        const small = LIMITS.GROUP_UNITS_MAX + 1
        await Promise.all(Array.from({ length: small }, () => store.addUsage('minecraft', DAY, 1)))
        const large = Array.from({ length: LIMITS.CHANGES_MAX }, () => ADD)
        await Promise.all([store.commit(large), store.commit(large), store.commit([ADD])])
        assert.equal(await store.getUsage('minecraft', DAY), small + 2 * large.length + 1)
      })
      assert.deepEqual(groups, [
        { units: LIMITS.GROUP_UNITS_MAX, changes: LIMITS.GROUP_UNITS_MAX },
        { units: 1, changes: 1 },
        { units: 2, changes: LIMITS.GROUP_CHANGES_MAX },
        { units: 1, changes: 1 },
      ])
    },
  },
  {
    id: 'limits/queue/holds-so-many-changes',
    prevents: 'a service that runs out of memory over few, large writes',
    async run(t) {
      const large = Array.from({ length: LIMITS.CHANGES_MAX }, () => ADD)
      const commit = (store: Store) => store.commit(large)
      await fillsQueue(t, { commit, count: LIMITS.QUEUE_CHANGES_MAX / large.length })
    },
  },
  {
    id: 'limits/queue/holds-so-much-text',
    prevents: 'a service that runs out of memory over writes of little more than text',
    async run(t) {
      const event = { type: 'other', name: 'tick', data: { text: '' } } as const
      const text = 'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX - JSON.stringify(event).length)
      const commit = (store: Store) => store.appendAudit({ ...event, data: { text } })
      await fillsQueue(t, { commit, count: LIMITS.QUEUE_TEXT_LENGTH_MAX / LIMITS.PAYLOAD_BYTES_MAX })
    },
  },
  {
    id: 'limits/clock/what-is-none-is-refused',
    prevents: 'a store that opens, and fails at the first write',
    async run(t) {
      const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
      for (const clock of [null, 7, {}, { now: () => new Date(0) }]) {
        assert.throws(() => createStore(driver, { clock: clock as never }), { code: 'INVALID_ARGUMENT' })
      }
      await driver.close()
    },
  },
]

interface Filling {
  commit(store: Store): Promise<unknown>
  /** So many are taken, and the next one is not, however small it is. */
  readonly count: number
}

/** The queue takes writes again when those that waited have left it. */
async function fillsQueue(t: CaseContext, { commit, count }: Filling): Promise<void> {
  const answer = Promise.withResolvers<never>()
  answer.promise.catch(() => undefined)
  await useOver(
    t,
    () => ({ write: () => answer.promise }),
    async (store) => {
      const calls = unawaited(...Array.from({ length: count }, () => commit(store)))
      await rejectsWith(store.commit([ADD]), 'BUSY', 'not_applied')
      answer.reject(new StoreError('UNAVAILABLE', 'the database is gone'))
      for (const call of calls) await rejectsWith(call, 'UNAVAILABLE')
      await rejectsWith(store.commit([ADD]), 'UNAVAILABLE')
    },
  )
}

function reads(found: Partial<ReadResult>): () => Faulty {
  return () => ({ read: async () => ({ ...NOTHING, ...found }) })
}

function sums(count: number): readonly EntrySum[] {
  return Array.from({ length: count }, (_, index) => ({ entryId: `entry-${index}`, durationMs: 1_000, unreadable: 0 }))
}
