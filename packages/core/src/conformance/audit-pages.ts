import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers'
import type { AuditQuery, AuditRecord } from '../audit.ts'
import type { Store } from '../store.ts'
import { idsFrom } from './audit-expect.ts'
import { collect, refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const idsOf = (records: readonly AuditRecord[]) => records.map(({ id }) => id)

/** Appends so many records, in as few commits as may be. */
async function append(store: Store, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 256) {
    const changes = Array.from(
      { length: Math.min(left, 256) },
      () => ({ type: 'append_audit', event: { type: 'service_started' } }) as const,
    )
    await store.commit(changes)
  }
}

/** Five records of each: 1, 4, 7 … of anna on pc-1, 2, 5, 8 … of anna on pc-2, 3, 6, 9 … of ben on pc-1. */
async function appendAlternately(store: Store): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await append(store.view({ scope: 'anna', node: 'pc-1' }), 1)
    await append(store.view({ scope: 'anna', node: 'pc-2' }), 1)
    await append(store.view({ scope: 'ben', node: 'pc-1' }), 1)
  }
}

export const auditPageCases: readonly CaseDefinition[] = [
  {
    id: 'audit-pages/list/oldest-first-by-default',
    prevents: 'a reader that follows the log and finds it upside down',
    async run(t) {
      const store = await t.open()
      await append(store, 3)
      assert.deepEqual(idsOf(await store.listAudits()), [1, 2, 3])
      assert.deepEqual(idsOf(await store.listAudits({ order: 'asc' })), [1, 2, 3])
      assert.deepEqual(idsOf(await store.listAudits({ order: 'desc' })), [3, 2, 1])
    },
  },
  {
    id: 'audit-pages/list/a-hundred-by-default',
    prevents: 'a page whose size depends on the backend',
    async run(t) {
      const store = await t.open()
      await append(store, 101)
      assert.deepEqual(idsOf(await store.listAudits()), idsFrom(1, 100))
      assert.deepEqual(idsOf(await store.listAudits({ order: 'desc' })), idsFrom(2, 101).toReversed())
    },
  },
  {
    id: 'audit-pages/list/after-before-order-and-limit',
    prevents: 'a record that stands on two pages, or on none',
    async run(t) {
      const store = await t.open()
      await append(store, 6)
      const pages: readonly (readonly [AuditQuery, readonly number[]])[] = [
        [{ after: 0 }, [1, 2, 3, 4, 5, 6]],
        [{ after: 4 }, [5, 6]],
        [{ after: 6 }, []],
        [{ after: 7 }, []],
        [{ after: Number.MAX_SAFE_INTEGER }, []],
        [{ before: 0 }, []],
        [{ before: 1 }, []],
        [{ before: 3 }, [1, 2]],
        [{ before: 7 }, [1, 2, 3, 4, 5, 6]],
        [{ before: Number.MAX_SAFE_INTEGER }, [1, 2, 3, 4, 5, 6]],
        [{ after: 2, before: 5 }, [3, 4]],
        [{ after: 3, before: 4 }, []],
        [{ after: 5, before: 2 }, []],
        [{ limit: 2 }, [1, 2]],
        [{ limit: 2, order: 'desc' }, [6, 5]],
        [{ limit: 6 }, [1, 2, 3, 4, 5, 6]],
        [{ limit: 1_000 }, [1, 2, 3, 4, 5, 6]],
        [{ after: 2, limit: 2 }, [3, 4]],
        [{ after: 2, limit: 2, order: 'desc' }, [6, 5]],
        [{ before: 5, limit: 2 }, [1, 2]],
        [{ before: 5, limit: 2, order: 'desc' }, [4, 3]],
        [{ after: 1, before: 6, limit: 3, order: 'desc' }, [5, 4, 3]],
      ]
      for (const [query, expected] of pages) {
        assert.deepEqual(idsOf(await store.listAudits(query)), expected, JSON.stringify(query))
      }
    },
  },
  {
    id: 'audit-pages/list/by-node-and-scope',
    prevents: "one child's records in another child's report, or a machine's records missing from its own",
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await appendAlternately(store)
      const pages: readonly (readonly [AuditQuery, readonly number[]])[] = [
        [{}, [1, 2, 4, 5, 7, 8, 10, 11, 13, 14]],
        [{ node: 'pc-1' }, [1, 4, 7, 10, 13]],
        [{ node: 'pc-2' }, [2, 5, 8, 11, 14]],
        [{ node: 'pc-3' }, []],
        [{ scope: 'all' }, idsFrom(1, 15)],
        [{ scope: 'all', node: 'pc-1' }, [1, 3, 4, 6, 7, 9, 10, 12, 13, 15]],
        [{ scope: 'all', limit: 3, after: 4 }, [5, 6, 7]],
        // The filter comes before the limit.
        [{ node: 'pc-2', limit: 3 }, [2, 5, 8]],
        [{ node: 'pc-2', limit: 3, order: 'desc' }, [14, 11, 8]],
        [{ node: 'pc-2', after: 2, before: 14 }, [5, 8, 11]],
      ]
      for (const [query, expected] of pages) {
        assert.deepEqual(idsOf(await store.listAudits(query)), expected, JSON.stringify(query))
      }
      assert.deepEqual(idsOf(await store.view({ scope: 'ben' }).listAudits()), [3, 6, 9, 12, 15])
      assert.deepEqual(await store.view({ scope: 'clara' }).listAudits(), [])
    },
  },
  {
    id: 'audit-pages/list/malformed-queries-are-refused',
    prevents: 'a mistyped filter that is passed over, so that everything is shown',
    async run(t) {
      const store = await t.open()
      const queries: readonly unknown[] = [
        { order: 'newest' },
        { order: 'ASC' },
        { order: null },
        { scope: 'anna' },
        { scope: '' },
        { scope: null },
        { node: '' },
        { node: null },
        { after: '1' },
        { before: 1.5 },
      ]
      await refusesEach(
        queries.flatMap((query) => [
          [`listAudits ${JSON.stringify(query)}`, () => store.listAudits(query as never)],
          [`readAudits ${JSON.stringify(query)}`, () => collect(store.readAudits(query as never))],
        ]),
      )
    },
  },
  {
    id: 'audit-pages/read/each-record-exactly-once',
    prevents: 'an export that leaves out or doubles what stands where two pages meet',
    async run(t) {
      const store = await t.open()
      await append(store, 14)
      // 14 records: the last page is full with 1, 2, 7 and 14.
      for (const limit of [1, 2, 3, 7, 13, 14, 15, 1_000, undefined]) {
        for (const order of ['asc', 'desc'] as const) {
          const ids = idsOf(await collect(store.readAudits({ limit, order })))
          assert.deepEqual(ids, order === 'asc' ? idsFrom(1, 14) : idsFrom(1, 14).toReversed(), `${limit} ${order}`)
        }
      }
      assert.deepEqual(idsOf(await collect(store.readAudits())), idsFrom(1, 14))
    },
  },
  {
    id: 'audit-pages/read/past-the-largest-page',
    prevents: 'an export that ends after the first thousand records',
    async run(t) {
      const store = await t.open()
      await append(store, 1_002)
      assert.deepEqual(idsOf(await collect(store.readAudits())), idsFrom(1, 1_002))
      assert.deepEqual(idsOf(await collect(store.readAudits({ order: 'desc' }))), idsFrom(1, 1_002).toReversed())
    },
  },
  {
    id: 'audit-pages/read/within-bounds-and-filters',
    prevents: 'a second page that forgets what the first one was asked for',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await appendAlternately(store)
      const reads: readonly (readonly [AuditQuery, readonly number[]])[] = [
        [{ node: 'pc-2' }, [2, 5, 8, 11, 14]],
        [{ after: 2, before: 13 }, [4, 5, 7, 8, 10, 11]],
        [{ scope: 'all', after: 3, before: 9 }, [4, 5, 6, 7, 8]],
        [{ scope: 'all', node: 'pc-1', before: 9 }, [1, 3, 4, 6, 7]],
        [{ before: 1 }, []],
        [{ after: 14 }, []],
      ]
      for (const [query, expected] of reads) {
        for (const limit of [1, 2, 1_000]) {
          const what = JSON.stringify({ ...query, limit })
          assert.deepEqual(idsOf(await collect(store.readAudits({ ...query, limit }))), expected, what)
          const backwards = idsOf(await collect(store.readAudits({ ...query, limit, order: 'desc' })))
          assert.deepEqual(backwards, expected.toReversed(), `${what} desc`)
        }
      }
    },
  },
  {
    id: 'audit-pages/read/of-an-empty-log-ends',
    prevents: 'an export of a new store that never ends',
    async run(t) {
      const store = await t.open()
      for (const order of ['asc', 'desc'] as const) {
        assert.deepEqual(await collect(store.readAudits({ order })), [])
        assert.deepEqual(await collect(store.readAudits({ order, limit: 1 })), [])
      }
    },
  },
  {
    id: 'audit-pages/read/forwards-reaches-what-was-appended-meanwhile',
    prevents: 'an export that misses what happened while it ran',
    async run(t) {
      const reader = await t.open()
      const writer = await t.open({ node: 'pc-2' })
      await append(writer, 3)
      const ids: number[] = []
      for await (const { id } of reader.readAudits({ limit: 2 })) {
        ids.push(id)
        // 1 is on the first page, 4 ends the second: a page is still to come. 5 is on the last one, alone.
        if (id === 1 || id === 4 || id === 5) await append(writer, 1)
      }
      assert.deepEqual(ids, [1, 2, 3, 4, 5])
    },
  },
  {
    id: 'audit-pages/read/backwards-stays-with-what-was-there',
    prevents: 'a report that shows a record twice because the log grew under it',
    async run(t) {
      const reader = await t.open()
      const writer = await t.open({ node: 'pc-2' })
      await append(writer, 5)
      const ids: number[] = []
      for await (const { id } of reader.readAudits({ limit: 2, order: 'desc' })) {
        ids.push(id)
        await append(writer, 1)
      }
      assert.deepEqual(ids, [5, 4, 3, 2, 1])
    },
  },
  {
    id: 'audit-pages/read/lets-the-event-loop-turn-between-pages',
    prevents: 'a long read that keeps timers waiting, and that neither Ctrl-C nor a signal can stop',
    async run(t) {
      const store = await t.open()
      await append(store, 2_001)
      const works: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
        (signal) => collect(store.readAudits({ signal })),
        (signal) => collect(store.exportAudits({ format: 'csv', signal })),
        (signal) => store.verifyAudits({ signal }),
      ]
      for (const work of works) {
        const stop = new AbortController()
        const working = rejectsWith(work(stop.signal), 'ABORTED', 'not_applied')
        setImmediate(() => stop.abort())
        await working
      }
    },
  },
  {
    id: 'audit-pages/read/stops-when-the-reader-stops',
    prevents: 'a reader that looks at one record and pays for the whole log, or blocks the close',
    async run(t) {
      const store = await t.open()
      await append(store, 5)
      for await (const { id } of store.readAudits({ limit: 2 })) {
        assert.equal(id, 1)
        break
      }
      await append(store, 1)
      await store.close()
    },
  },
]
