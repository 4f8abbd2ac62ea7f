import assert from 'node:assert/strict'
import type { AuditQuery } from '../audit.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { answers, appendTold, idsAsked, idsOf, pick, someEvent, type Told } from './audit-expect.ts'
import { collect } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'

const STRUCK = new Date('2026-11-23T10:00:00.000Z')
const MIDNIGHT = Date.UTC(2026, 10, 23)
const HOUR_MS = 60 * 60 * 1_000
const DAY_MS = 24 * HOUR_MS
const LAST = new Date(LIMITS.INSTANT_MS_MAX)
const later = (ms: number) => new Date(STRUCK.getTime() + ms)

/** Two of five have one timestamp, in commits of 64 of one author's; the others lie up to 25 minutes before and after. */
function someRecord(index: number): Told {
  const commit = Math.floor(index / 64)
  const offsetSeconds = 2 * (Math.imul(index, 7_919) % 1_501) - 1_501
  return {
    at: index % 5 < 2 ? STRUCK : later(1_000 * offsetSeconds),
    scope: pick(['anna', 'anna', 'ben'], commit, 0x16_56_67_b1),
    node: pick(['pc-1', 'pc-2', 'pc-3'], commit, 0x7f_4a_7c_15),
    event: someEvent(index),
  }
}

const RECORDS = Array.from({ length: 2_500 }, (_, index) => someRecord(index))

async function appendRecords(t: CaseContext): Promise<Store> {
  const store = await t.open({ scope: 'anna', node: 'pc-1' })
  await appendTold(t, store, RECORDS)
  assert.equal(RECORDS.filter(({ at }) => at === STRUCK).length, 1_000)
  return store
}

const FILTERS: readonly AuditQuery[] = [
  { after: 700 },
  { before: 1_900 },
  { from: STRUCK },
  { to: STRUCK },
  { to: later(1) },
  { types: ['session_started'] },
  { types: ['launch_denied', 'lamp', 'service_started'] },
  { entryId: 'minecraft' },
  { sessionId: 's-1' },
  { node: 'pc-2' },
  { scope: 'all' },
]

/** Every filter alone, and none. */
const ALONE: readonly AuditQuery[] = [{}, ...FILTERS]
const IN_PAIRS: readonly AuditQuery[] = FILTERS.flatMap((filter, index) =>
  FILTERS.slice(0, index).map((other) => ({ ...filter, ...other })),
)

/** Asserts that a reader yields each record that is asked for once, in order. */
async function readsEach(store: Store, queries: readonly AuditQuery[]): Promise<void> {
  for (const query of queries) {
    const ids = idsOf(await collect(store.readAudits(query)))
    assert.deepEqual(ids, idsAsked(RECORDS, store.scope, query), JSON.stringify(query))
  }
}

/** The queries, about what lies between two records. */
function between(after: number, before: number, queries: readonly AuditQuery[]): readonly AuditQuery[] {
  return queries.map((query) => ({
    ...query,
    after: Math.max(query.after ?? 0, after),
    before: Math.min(query.before ?? Infinity, before),
  }))
}

function bothOrders(queries: readonly AuditQuery[], limits: readonly number[]): readonly AuditQuery[] {
  return queries.flatMap((query) =>
    limits.flatMap((limit) => (['asc', 'desc'] as const).map((order) => ({ ...query, limit, order }))),
  )
}

/** Places at which a span of 1,024 records begins, and where one ends. */
const EDGES = [1, 2, 1_023, 1_024, 1_025, 1_500, 2_048, 2_049, 3_072, 3_073, 3_099, 3_100]

export const auditFilterPageCases: readonly CaseDefinition[] = [
  {
    id: 'audit-filters/read/each-once-in-large-pages',
    prevents: 'a record of a busy second that stands on two pages, or on none',
    async run(t) {
      const store = await appendRecords(t)
      await readsEach(store, bothOrders([...ALONE, ...IN_PAIRS], [100, 1_000]))
    },
  },
  {
    id: 'audit-filters/read/each-once-in-pages-of-7',
    prevents: 'a record that is lost where pages meet at no round number',
    async run(t) {
      const store = await appendRecords(t)
      // Of the pairs, what lies around the end of a span: hundreds of small pages for each would take too long.
      await readsEach(store, bothOrders([...ALONE, ...between(700, 1_501, IN_PAIRS)], [7]))
    },
  },
  {
    id: 'audit-filters/read/each-once-in-pages-of-1-and-2',
    prevents: 'a page that goes on behind a time, or before it, instead of behind a record',
    async run(t) {
      const store = await appendRecords(t)
      // A page for every record or two: of every question what lies next to the end of a span.
      await readsEach(store, bothOrders(between(1_000, 1_061, [...ALONE, ...IN_PAIRS]), [1, 2]))
    },
  },
  {
    id: 'audit-filters/read/500-appended-meanwhile-repeat-and-hide-none',
    prevents: 'a report that is wrong because the log grew while it was made',
    async run(t) {
      const store = await appendRecords(t)
      const writer = await t.open({ scope: 'ben', node: 'pc-4' })
      const told = [...RECORDS]
      const growLog = async () => {
        const first = told.length
        const isDone = first === 3_000
        if (isDone) return
        const { scope, node } = someRecord(first)
        const added = Array.from({ length: 10 }, (_, index) => ({ ...someRecord(first + index), scope, node }))
        told.push(...added)
        await appendTold(t, writer, added)
      }
      const readers = bothOrders(ALONE, [7, 100]).map(async (query) => {
        const ids: number[] = []
        for await (const { id } of store.readAudits(query)) {
          ids.push(id)
          if (ids.length % 25 === 0) await growLog()
        }
        return { query, ids }
      })
      const read = await Promise.all(readers)
      assert.equal(told.length, 3_000)
      for (const { query, ids } of read) {
        const what = JSON.stringify(query)
        const due = idsAsked(told, 'anna', query)
        // How far the log reached when the last page was read, or the first one of a reader that goes backwards.
        const reached = query.order === 'desc' ? due.slice(due.length - ids.length) : due.slice(0, ids.length)
        assert.deepEqual(ids, reached, what)
        assert.ok(ids.length >= idsAsked(RECORDS, 'anna', query).length, what)
      }
    },
  },
  {
    id: 'audit-filters/list/a-time-far-from-its-neighbours',
    prevents: 'records of a clock that was wrong once, which nobody finds among ten million',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const yearOf = (id: number) => (EDGES.includes(id) ? 2_030 + EDGES.indexOf(id) : undefined)
      const told = Array.from({ length: 3_100 }, (_, index): Told => {
        const year = yearOf(index + 1)
        const at = year === undefined ? later(index) : new Date(Date.UTC(year, 6))
        return { at, scope: 'anna', node: 'pc-1', event: { type: 'service_started' } }
      })
      await appendTold(t, store, told)
      for (const id of EDGES) {
        const year = yearOf(id) ?? 0
        const wrong: AuditQuery = { from: new Date(Date.UTC(year, 0)), to: new Date(Date.UTC(year + 1, 0)) }
        await answers(store, wrong, [id])
        await answers(store, { ...wrong, types: ['service_started', 'lamp'] }, [id])
        await answers(store, { ...wrong, after: id - 1, before: id + 1 }, [id])
        await answers(store, { ...wrong, after: id }, [])
        await answers(store, { ...wrong, before: id }, [])
      }
      await answers(store, { from: new Date(Date.UTC(2_030, 0)) }, EDGES)
      await answers(store, { from: later(1_029), to: later(1_032) }, [1_030, 1_031, 1_032])
      await answers(store, { from: later(3_090), to: later(3_093) }, [3_091, 3_092, 3_093])
      await answers(store, { to: STRUCK }, [])
    },
  },
  {
    id: 'audit-filters/read/times-of-clocks-that-jump',
    prevents: 'a day from which records are missing, as other clocks were wrong when it was written',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const told = Array.from({ length: 3_100 }, (_, index): Told => {
        const days = pick([0, 0, 0, 0, 0, 1, 2, 20, 400, 27_000], index, 0x27_d4_eb_2f)
        const isAwake = index % 10 !== 3
        const at = isAwake ? new Date(MIDNIGHT + days * DAY_MS + (index % 7) * HOUR_MS) : new Date(index * 1_000)
        if (index % 1_024 === 99) return { at: LAST, scope: 'anna', node: 'pc-1', event: { type: 'service_started' } }
        return { at, scope: 'anna', node: 'pc-1', event: { type: 'service_started' } }
      })
      await appendTold(t, store, told)
      const days = [0, 1, 2, 3, 20, 21, 400, 27_000].map((count) => MIDNIGHT + count * DAY_MS)
      const edges = [0, 1_000_000, ...days.flatMap((ms) => [ms, ms + 1, ms + HOUR_MS])].map((ms) => new Date(ms))
      for (const [index, from] of edges.entries()) {
        for (const to of [undefined, ...edges.slice(index + 1, index + 4)]) {
          for (const order of ['asc', 'desc'] as const) {
            const query: AuditQuery = { from, to, order, limit: 1_000 }
            const ids = idsOf(await collect(store.readAudits(query)))
            assert.deepEqual(ids, idsAsked(told, 'anna', query), JSON.stringify(query))
          }
        }
      }
    },
  },
]
