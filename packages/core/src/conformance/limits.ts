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

/** What a write has beside its text: ids, digests, objects, as `LIMITS.QUEUE_SIZE_MAX` counts them. */
const BESIDE_TEXT_MAX = 1_024
const EVENT = { type: 'other', name: 'tick', data: { text: '' } } as const
/** Each as long as it may be, but for what stands beside its text. */
const LARGE_WRITES = {
  events: (store: Store) => {
    const text = 'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX - JSON.stringify(EVENT).length)
    return store.appendAudit({ ...EVENT, data: { text } })
  },
  reasons: (store: Store) => store.clearCooldown('minecraft', { by: 'Ada', why: 'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX) }),
} satisfies Readonly<Record<string, (store: Store) => Promise<unknown>>>

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
      const count = LIMITS.QUEUE_CHANGES_MAX / large.length
      await fillsQueue(t, { write: (store) => store.commit(large), taken: count, full: count })
    },
  },
  ...Object.entries(LARGE_WRITES).map(([name, write]): CaseDefinition => {
    return {
      id: `limits/queue/holds-so-much-of-${name}`,
      prevents: 'a service that runs out of memory over writes that are long',
      async run(t) {
        const full = LIMITS.QUEUE_SIZE_MAX / LIMITS.PAYLOAD_BYTES_MAX
        const taken = Math.floor(LIMITS.QUEUE_SIZE_MAX / (LIMITS.PAYLOAD_BYTES_MAX + BESIDE_TEXT_MAX))
        await fillsQueue(t, { write, taken, full })
      },
    }
  }),
  {
    id: 'limits/group/holds-so-much',
    prevents: 'one commit of long texts that takes the memory of a small board',
    async run(t) {
      const groups: number[] = []
      const count = (driver: StoreDriver): Faulty => ({
        write(units) {
          groups.push(units.length)
          return driver.write(units)
        },
      })
      await useOver(t, count, async (store) => {
        const together = Math.floor(LIMITS.GROUP_SIZE_MAX / (LIMITS.PAYLOAD_BYTES_MAX + BESIDE_TEXT_MAX))
        await Promise.all(Array.from({ length: 2 * together }, () => LARGE_WRITES.events(store)))
        assert.equal((await store.verifyAudits()).checked, 2 * together)
        const full = LIMITS.GROUP_SIZE_MAX / LIMITS.PAYLOAD_BYTES_MAX
        assert.ok(Math.max(...groups) <= full && groups.includes(together), groups.join(', '))
      })
    },
  },
  {
    id: 'limits/reason/a-long-one-is-refused-before-it-waits',
    prevents: 'a queue that is full of what nobody will write',
    async run(t) {
      const answer = Promise.withResolvers<never>()
      answer.promise.catch(() => undefined)
      await useOver(
        t,
        () => ({ write: () => answer.promise }),
        async (store) => {
          const why = 'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX + 1)
          await rejectsWith(store.clearCooldown('minecraft', { by: 'Ada', why }), 'INVALID_ARGUMENT', 'not_applied')
          await rejectsWith(store.forgetScope('anna', { by: 'Ada', why }), 'INVALID_ARGUMENT', 'not_applied')
          const end = { type: 'end_session', sessionId: 's-1', entryId: 'minecraft', run: 'r-1', report: 1 } as const
          const reason = { type: 'launch_failed', error: why } as const
          await rejectsWith(
            store.commit([{ ...end, played: [], active: [], jumps: [], reason }]),
            'INVALID_ARGUMENT',
            'not_applied',
          )
          answer.reject(new StoreError('UNAVAILABLE', 'the database is gone'))
        },
      )
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
  write(store: Store): Promise<unknown>
  /** So many are taken, and of so many the queue is full: then none is, however small it is. */
  readonly taken: number
  readonly full: number
}

/** The queue takes writes again when those that waited have left it. */
async function fillsQueue(t: CaseContext, { write, taken, full }: Filling): Promise<void> {
  const answer = Promise.withResolvers<never>()
  answer.promise.catch(() => undefined)
  await useOver(
    t,
    () => ({ write: () => answer.promise }),
    async (store) => {
      const calls = unawaited(...Array.from({ length: full }, () => write(store)))
      await rejectsWith(store.commit([ADD]), 'BUSY', 'not_applied')
      answer.reject(new StoreError('UNAVAILABLE', 'the database is gone'))
      for (const call of calls.slice(0, taken)) await rejectsWith(call, 'UNAVAILABLE')
      await Promise.allSettled(calls)
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
