import assert from 'node:assert/strict'
import type { AuditEvent } from '../audit.ts'
import { idsFrom } from './audit-expect.ts'
import { collect, refusesEach, rejectsWith } from './expect.ts'
import { append, follow } from './follower.ts'
import type { CaseDefinition } from './harness.ts'
import { unawaited } from './unawaited.ts'

const DENIED: AuditEvent = { type: 'launch_denied', entryId: 'minecraft', reasons: [] }

export const auditFollowCases: readonly CaseDefinition[] = [
  {
    id: 'audit-follow/records/what-is-there-and-then-what-comes',
    prevents: 'a screen that shows the past and stands still, or the present without what led to it',
    async run(t) {
      const store = await t.open()
      await append(store, 3)
      const follower = follow(store, { scope: 'all', limit: 2 })
      await follower.gets([1, 2, 3])
      for (const [index, view] of [store, store.view({ node: 'pc-2' }), store.view({ scope: 'ben' })].entries()) {
        // Asked for before it is there, and afterwards.
        const [waiting] = unawaited(follower.next())
        await append(view, 2)
        assert.equal(await waiting, 4 + 2 * index)
        await follower.gets([5 + 2 * index])
      }
      follower.stop()
      await follower.ends()
    },
  },
  {
    id: 'audit-follow/records/of-an-empty-log',
    prevents: 'a follower of a new store that ends at once, or misses the first record of all',
    async run(t) {
      const store = await t.open()
      const follower = follow(store.view({ node: 'screen' }))
      const [waiting] = unawaited(follower.next())
      await append(store, 1)
      assert.equal(await waiting, 1)
    },
  },
  {
    id: 'audit-follow/records/of-another-handle',
    prevents: 'a server that shows what it did itself, and nothing of the machines',
    async run(t) {
      const reader = await t.open()
      const writer = await t.open({ node: 'pc-2' })
      const follower = follow(reader)
      for (const id of [1, 4]) {
        const [waiting] = unawaited(follower.next())
        await append(writer, 2)
        await append(reader, 1)
        assert.equal(await waiting, id)
        await follower.gets([id + 1, id + 2])
      }
      const [waiting] = unawaited(follower.next())
      await append(writer, 1)
      assert.equal(await waiting, 7)
    },
  },
  {
    id: 'audit-follow/records/appended-between-a-page-and-the-wait',
    prevents: 'a record that came at the wrong moment, and is never shown',
    async run(t) {
      const store = await t.open()
      const writer = await t.open({ node: 'pc-2' })
      const follower = follow(store)
      let id = 0
      for (const each of [store, writer, store, writer]) {
        await append(each, 1)
        await follower.gets([(id += 1)])
        // It stands at the end of what it has read, and is to wait now.
        await append(each, 1)
        const [waiting] = unawaited(follower.next())
        await append(store, 1)
        assert.equal(await waiting, (id += 1))
        await follower.gets([(id += 1)])
      }
    },
  },
  {
    id: 'audit-follow/records/each-once-under-many-writers',
    prevents: 'a record that is repeated, or left out, because several were written at once',
    async run(t) {
      const store = await t.open()
      const writers = [store, store.view({ node: 'pc-2' }), await t.open({ node: 'pc-3' }), await t.open()]
      const followers = [1, 3, 1_000].map((limit) => follow(store, { limit }))
      const got = followers.map((follower) => follower.gets(idsFrom(1, 400)))
      const written = writers.map(async (writer) => {
        for (let count = 0; count < 20; count += 1) await append(writer, 5)
      })
      await Promise.all([...got, ...written])
    },
  },
  {
    id: 'audit-follow/records/whose-acknowledgement-was-lost',
    prevents: 'a record that nobody is told of, because the store does not know that it wrote it',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const follower = follow(store)
      const [waiting] = unawaited(follower.next())
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(append(store, 2), 'UNAVAILABLE', 'unknown')
      assert.deepEqual([await waiting, await follower.next()], [1, 2])
    },
  },
  {
    id: 'audit-follow/filters/hold-for-what-comes',
    prevents: 'a follower of one child’s denials that shows everything once it has caught up',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const ben = store.view({ scope: 'ben' })
      const tablet = store.view({ node: 'tablet' })
      await append(store, 3)
      await append(store, 1, DENIED)
      await append(ben, 1, DENIED)
      const queries = [
        { types: ['launch_denied'] },
        { types: ['launch_denied', 'warning_issued'], limit: 1 },
        { entryId: 'minecraft', node: 'pc-1' },
        { entryId: 'minecraft', from: new Date('2026-11-23T10:00:00.000Z'), to: new Date('2026-11-23T11:00:00.000Z') },
        { entryId: 'minecraft', scope: 'all' },
      ] as const
      const followers = queries.map((query) => follow(store, query))
      const [first, second, third, timed, all] = followers
      assert.deepEqual(await Promise.all(followers.map((follower) => follower.next())), [4, 4, 4, 4, 4])
      assert.equal(await all?.next(), 5)
      const waiting = unawaited(...followers.map((follower) => follower.next()))
      await append(store, 2)
      await append(ben, 1, DENIED)
      await append(tablet, 1, DENIED)
      t.clock.set('2026-11-23T11:00:00.000Z')
      await append(store, 1, DENIED)
      // 8 is ben's, 9 the tablet's, 10 comes too late for one of them.
      t.clock.set('2026-11-23T10:30:00.000Z')
      await append(store, 1, DENIED)
      assert.deepEqual(await Promise.all(waiting), [9, 9, 10, 9, 8])
      await first?.gets([10, 11])
      await second?.gets([10, 11])
      await third?.gets([11])
      await timed?.gets([11])
      await all?.gets([9, 10, 11])
    },
  },
  {
    id: 'audit-follow/after/goes-on-behind-a-record',
    prevents: 'a follower that was started again and shows everything twice, or leaves out what came meanwhile',
    async run(t) {
      const store = await t.open()
      await append(store, 5)
      const before = follow(store)
      await before.gets([1, 2, 3])
      before.stop()
      await append(store, 1)
      const resumed = follow(store, { after: 3 })
      await resumed.gets([4, 5, 6])
      const atTheEnd = follow(store, { after: 6 })
      const waiting = unawaited(resumed.next(), atTheEnd.next())
      await append(store, 2)
      assert.deepEqual(await Promise.all(waiting), [7, 7])
    },
  },
  {
    id: 'audit-follow/after/beyond-the-end-is-another-log',
    prevents: 'a follower that waits in silence for record 5,000 of a log that was lost, and begins anew with 1',
    async run(t) {
      const store = await t.open()
      await rejectsWith(follow(store, { after: 1 }).next(), 'MALFORMED', 'not_applied')
      await append(store, 3)
      const error = await rejectsWith(follow(store, { after: 4 }).next(), 'MALFORMED', 'not_applied')
      assert.match(error.message, /ends with record 3, and was to be followed behind 4/)
    },
  },
  {
    id: 'audit-follow/abort/before-the-first-record',
    prevents: 'a request that was given up, and is served all the same',
    async run(t) {
      const store = await t.open()
      await append(store, 3)
      const follower = follow(store)
      follower.stop()
      await follower.ends()
    },
  },
  {
    id: 'audit-follow/abort/while-it-waits',
    prevents: 'a service that cannot stop until the next thing happens',
    async run(t) {
      const store = await t.open()
      await append(store, 1)
      const follower = follow(store)
      assert.equal(await follower.next(), 1)
      const [waiting] = unawaited(follower.next())
      await store.auditHead()
      follower.stop()
      // One that does not hear of it would show this one.
      await append(store, 1)
      assert.equal(await waiting, undefined)
      await follower.ends()
    },
  },
  {
    id: 'audit-follow/abort/in-the-middle-of-a-page',
    prevents: 'a follower that was stopped, and goes on for another thousand records',
    async run(t) {
      const store = await t.open()
      await append(store, 5)
      const follower = follow(store)
      await follower.gets([1, 2])
      follower.stop()
      await follower.ends()
    },
  },
  {
    id: 'audit-follow/abort/a-reader-that-does-not-follow-is-not-complete',
    prevents: 'an export that was stopped halfway and looks complete',
    async run(t) {
      const store = await t.open()
      await append(store, 5)
      const stopped = collect(store.readAudits({ signal: AbortSignal.abort() }))
      const error = await rejectsWith(stopped, 'ABORTED', 'not_applied')
      assert.deepEqual([error.operation, error.retryable], ['readAudits', false])
      const controller = new AbortController()
      const ids: number[] = []
      const readAll = async () => {
        for await (const { id } of store.readAudits({ limit: 2, signal: controller.signal })) {
          ids.push(id)
          if (id === 3) controller.abort()
        }
      }
      await rejectsWith(readAll(), 'ABORTED')
      assert.deepEqual(ids, [1, 2, 3])
      const untouched = { signal: new AbortController().signal }
      assert.equal((await collect(store.readAudits(untouched))).length, 5)
    },
  },
  {
    id: 'audit-follow/arguments/backwards-or-with-an-end-is-refused',
    prevents: 'a follower that waits for what can never come',
    async run(t) {
      const store = await t.open()
      const queries: readonly unknown[] = [
        { follow: true, order: 'desc' },
        { follow: true, before: 10 },
        { follow: true, order: 'desc', before: 10 },
        { follow: 'yes' },
        { follow: 1 },
        { follow: true, signal: 'stop' },
        { follow: true, signal: new AbortController() },
        { follow: true, signal: null },
        { follow: true, until: new Date('2026-11-23T11:00:00.000Z') },
        { follow: true, limit: 0 },
        { follow: true, types: [] },
      ]
      await refusesEach(
        queries.map((query) => [JSON.stringify(query), () => collect(store.readAudits(query as never))]),
      )
    },
  },
]
