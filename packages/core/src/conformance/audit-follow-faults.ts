import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { ReadRequest, StoreDriver } from '../driver.ts'
import type { StoreErrorCode } from '../errors.ts'
import { idsFrom } from './audit-expect.ts'
import { rejectsWith } from './expect.ts'
import { useOver } from './faulty-driver.ts'
import { append, follow } from './follower.ts'
import type { CaseDefinition } from './harness.ts'
import { unawaited } from './unawaited.ts'

/** Of no record. */
const SOME_HASH = '1'.repeat(64)

/** Those who follow while something is in the way: the database, another reader, the end of the store. */
export const auditFollowFaultCases: readonly CaseDefinition[] = [
  {
    id: 'audit-follow/faults/a-lost-connection-is-outlasted',
    prevents: 'a screen that goes dark for good because the network was gone for a second',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await append(store, 5)
      faults.failNext('read', 'UNAVAILABLE')
      const follower = follow(store, { limit: 2 })
      // On the first page, between two, and several times in a row.
      await follower.gets([1, 2])
      for (const code of ['UNAVAILABLE', 'TIMEOUT', 'BUSY'] as const) faults.failNext('read', code)
      await follower.gets([3, 4, 5])
      // While it waits, and when it is woken.
      const [waiting] = unawaited(follower.next())
      await store.auditHead()
      faults.failNext('read', 'UNAVAILABLE')
      await append(store, 1)
      assert.equal(await waiting, 6)
    },
  },
  {
    id: 'audit-follow/faults/the-end-of-the-log-that-cannot-be-looked-at',
    prevents: 'a follower that sleeps for ever because its alarm clock broke',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const writer = await t.open({ node: 'pc-2' })
      const follower = follow(store)
      const [waiting] = unawaited(follower.next())
      // After its first page nobody reads but whoever looks for what another handle appends.
      await store.auditHead()
      faults.failNext('read', 'UNAVAILABLE')
      faults.failNext('read', 'UNAVAILABLE')
      await append(writer, 2)
      assert.deepEqual([await waiting, await follower.next()], [1, 2])
    },
  },
  {
    id: 'audit-follow/faults/one-that-lasts-ends-it-with-its-error',
    prevents: 'a follower that waits in silence for a database which will never let it in again',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await append(store, 3)
      const lasting: readonly StoreErrorCode[] = ['PERMISSION_DENIED', 'CORRUPT', 'IO', 'DATABASE', 'SCHEMA_TOO_NEW']
      for (const code of lasting) {
        const follower = follow(store, { limit: 2 })
        await follower.gets([1, 2])
        faults.failNext('read', code)
        const error = await rejectsWith(follower.next(), code, 'not_applied')
        assert.equal(error.operation, 'readAudits')
        await follower.ends()
        // It can be resumed.
        assert.equal(await follow(store, { after: 2 }).next(), 3)
      }
    },
  },
  {
    id: 'audit-follow/faults/records-that-are-gone-are-not-looked-for-without-a-pause',
    prevents: 'a server that is worn out by its followers after its database came back without the last records',
    async run(t) {
      let reads = 0
      let isBehind = true
      const hashes = new Map<number, string>()
      const countReads = ({ read }: StoreDriver) => ({
        async read(request: ReadRequest) {
          reads += 1
          const result = await read(request)
          const audits = result.audits.filter(({ id }) => !isBehind || id < 3)
          for (const { id, hash } of result.audits) hashes.set(id, hash)
          if (!isBehind || result.log === undefined) return { ...result, audits }
          const id = Math.min(result.log.head.id, 2)
          return { ...result, audits, log: { ...result.log, head: { id, hash: hashes.get(id) ?? '' } } }
        },
      })
      await useOver(t, countReads, async (store) => {
        await append(store, 3)
        const follower = follow(store)
        await follower.gets([1, 2])
        const [waiting] = unawaited(follower.next())
        reads = 0
        for (let count = 0; count < 100; count += 1) await store.auditHead()
        assert.ok(reads < 150, `${reads} reads, of which 100 were asked for`)
        isBehind = false
        await append(store, 1)
        assert.equal(await waiting, 3)
        await follower.gets([4])
      })
    },
  },
  {
    id: 'audit-follow/faults/records-that-are-replaced-are-told-between-two-pages',
    prevents: 'a follower that takes up a log in the middle which it never read the beginning of, and says nothing',
    async run(t) {
      let isAnother = false
      const replace = ({ read }: StoreDriver) => ({
        async read(request: ReadRequest) {
          const { audits, ...rest } = await read(request)
          return { ...rest, audits: audits.map((row) => (isAnother ? { ...row, hash: SOME_HASH } : row)) }
        },
      })
      await useOver(t, replace, async (store) => {
        await append(store, 5)
        const follower = follow(store, { limit: 2 })
        await follower.gets([1, 2])
        isAnother = true
        await rejectsWith(follower.next(), 'MALFORMED', 'not_applied')
        await follower.ends()
      })
    },
  },
  {
    id: 'audit-follow/faults/records-that-are-gone-are-told-while-none-come',
    prevents: 'a screen that shows, until somebody plays again, what a failover has lost',
    async run(t) {
      let isBehind = false
      const behind = ({ read }: StoreDriver) => ({
        async read(request: ReadRequest) {
          const result = await read(request)
          if (!isBehind || result.log === undefined) return result
          return { ...result, audits: [], log: { ...result.log, head: { id: 2, hash: SOME_HASH } } }
        },
      })
      await useOver(t, behind, async (store) => {
        await append(store, 3)
        const follower = follow(store)
        await follower.gets([1, 2, 3])
        const [waiting] = unawaited(follower.next())
        await store.auditHead()
        isBehind = true
        await rejectsWith(waiting, 'MALFORMED', 'not_applied')
      })
    },
  },
  {
    id: 'audit-follow/faults/abort-while-the-database-is-gone',
    prevents: 'a service that cannot stop before the network is back',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await append(store, 1)
      const follower = follow(store)
      faults.failNext('read', 'UNAVAILABLE')
      const [waiting] = unawaited(follower.next())
      follower.stop()
      assert.equal(await waiting, undefined)
      await follower.ends()
    },
  },
  {
    id: 'audit-follow/close/ends-it-with-an-error',
    prevents: 'a loop that ends like an export does, or hangs, when the store under it was closed',
    async run(t) {
      const store = await t.open()
      await append(store, 2)
      const waiter = follow(store)
      const holder = follow(store, { limit: 1 })
      await waiter.gets([1, 2])
      assert.equal(await holder.next(), 1)
      const [waiting] = unawaited(waiter.next())
      await store.auditHead()
      await store.close()
      const error = await rejectsWith(waiting, 'CLOSED')
      assert.equal(error.operation, 'readAudits')
      await rejectsWith(holder.next(), 'CLOSED')
      await rejectsWith(follow(store).next(), 'CLOSED')
    },
  },
  {
    id: 'audit-follow/slow/one-that-holds-a-record-gets-all-the-others',
    prevents: 'records that are dropped because somebody looked away, or writers that wait for him',
    async run(t) {
      const store = await t.open()
      await append(store, 3)
      const follower = follow(store)
      assert.equal(await follower.next(), 1)
      await append(store, 1_500)
      await follower.gets(idsFrom(2, 1_503))
    },
  },
  {
    id: 'audit-follow/slow/holds-up-nobody',
    prevents: 'one forgotten window that stops all others',
    async run(t) {
      const store = await t.open()
      const [slow, quick, late] = [follow(store, { limit: 2 }), follow(store), follow(store, { after: 3 })]
      await append(store, 3)
      assert.equal(await slow.next(), 1)
      assert.equal(await quick.next(), 1)
      await quick.gets([2, 3])
      const waiting = unawaited(quick.next(), late.next())
      await append(store, 2)
      assert.deepEqual(await Promise.all(waiting), [4, 4])
      quick.stop()
      await quick.ends()
      // That one was stopped, the others do not feel.
      const [next] = unawaited(late.gets([5, 6]))
      await append(store, 1)
      await next
      await slow.gets([2, 3, 4, 5, 6])
    },
  },
  {
    id: 'audit-follow/loop/that-is-left-leaves-nothing-behind',
    prevents: 'a service that leaks a listener for every record, or cannot close after it looked at the log',
    async run(t) {
      const store = await t.open()
      const { signal } = new AbortController()
      const ids: number[] = []
      await append(store, 1)
      for await (const { id } of store.readAudits({ follow: true, signal })) {
        ids.push(id)
        if (id === 20) break
        // Some wait for the next page, others are waited for.
        const [appended] = unawaited(append(store, 1))
        if (id % 2 === 0) await appended
      }
      assert.deepEqual(ids, idsFrom(1, 20))
      assert.equal(getEventListeners(signal, 'abort').length, 0)
      await store.close()
    },
  },
]
