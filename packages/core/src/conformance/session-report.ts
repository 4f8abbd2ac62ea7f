import assert from 'node:assert/strict'
import type { SessionChange } from '../change.ts'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, end, eventCounts, eventsOf, MINUTE_MS, report, sent, started } from './session-expect.ts'

export const sessionReportCases: readonly CaseDefinition[] = [
  {
    id: 'session/report/books-what-was-played-since-the-last',
    prevents: 'a crash that loses more than what was played since the last checkpoint',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store)
      for (let checkpoint = 1; checkpoint <= 20; checkpoint += 1) {
        t.clock.advance(30_001)
        const { session: record, ...told } = await session.checkpoint()
        const usedMs = checkpoint * 30_001
        const usage = [{ entryId: 'minecraft', day: DAY, usedMs }]
        assert.deepEqual(told, { changed: true, bookedMs: 30_001, day: DAY, usedMs, usage, reservedMs: 0 })
        assert.deepEqual(record, session.record)
        assert.deepEqual([record.durationMs, record.lastReportedAt], [usedMs, t.clock.now()])
        assert.equal(await store.getUsage('minecraft', DAY), usedMs)
      }
      const rows = (await t.place.raw.usage()).map(({ node, durationMs }) => [node, durationMs])
      assert.deepEqual(rows, [['pc-1', 600_020]])
      assert.deepEqual(await eventCounts(store), { session_started: 1 })
    },
  },
  {
    id: 'session/report/nothing-new-is-heard-and-books-nothing',
    prevents: 'a service that seems dead because its game has not been played for a while',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      const { bookedMs, usedMs, changed } = await session.checkpoint()
      assert.deepEqual([changed, bookedMs, usedMs], [true, 0, 0])
      t.clock.set('2026-11-23T10:00:00.500Z')
      assert.deepEqual((await session.checkpoint()).session.lastReportedAt, t.clock.now())
      assert.deepEqual(await t.place.raw.usage(), [])
    },
  },
  {
    id: 'session/report/tells-the-total-over-all-machines',
    prevents: 'a machine that lets a child play what it has used up on another one',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      const elsewhere = await t.open({ node: 'pc-2', scope: 'anna' })
      const first = await started(store)
      const second = await started(elsewhere, { sessionId: 's-2' })
      await started(store.view({ scope: 'ben' }))
      await store.addUsage('minecraft', DAY, 100)
      t.clock.advance(1_000)
      assert.equal((await first.checkpoint()).usedMs, 1_100)
      assert.equal((await second.checkpoint()).usedMs, 2_100)
      t.clock.advance(1_000)
      assert.equal((await second.checkpoint()).usedMs, 3_100)
      assert.equal((await first.checkpoint()).usedMs, 4_100)
    },
  },
  {
    id: 'session/report/a-limit-is-passed-by-an-interval-at-most',
    prevents: 'a shared limit that each machine passes for as long as it has not heard of the others',
    async run(t) {
      const limitMs = 10 * MINUTE_MS
      const intervalMs = 30_000
      const playing = []
      for (const node of ['pc-1', 'pc-2', 'pc-3']) {
        const store = await t.open({ node })
        const below = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs } as const
        playing.push(await started(store, { sessionId: node, if: [below] }))
      }
      for (let interval = 0; interval < 20; interval += 1) {
        t.clock.advance(intervalMs)
        for (const session of playing) {
          if (session.record.endedAt !== undefined) continue
          const { usedMs } = await session.checkpoint()
          if (usedMs >= limitMs) await session.end({ reason: { type: 'expired' } })
        }
      }
      assert.ok(playing.every(({ record }) => record.endedAt !== undefined))
      const usedMs = await (await t.open()).getUsage('minecraft', DAY)
      assert.ok(usedMs >= limitMs && usedMs <= limitMs + playing.length * intervalMs, `${usedMs}`)
    },
  },
  {
    id: 'session/report/what-a-failed-one-told-is-in-the-next',
    prevents: 'minutes that a lost network takes away, or counts twice',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store)
      for (const applied of [true, false, false, true, true, false]) {
        t.clock.advance(30_000)
        faults.failNext('write', 'UNAVAILABLE', { applied })
        await rejectsWith(session.checkpoint(), 'UNAVAILABLE', applied ? 'unknown' : 'not_applied')
      }
      t.clock.advance(30_000)
      assert.equal((await session.checkpoint()).usedMs, 210_000)
      assert.equal((await session.checkpoint()).usedMs, 210_000)
      assert.equal(session.record.durationMs, 210_000)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 210_000 })
    },
  },
  {
    id: 'session/report/calls-that-do-not-wait-count-once',
    prevents: 'a checkpoint that overtakes another, with a part of the time in both',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      const calls = Array.from({ length: 10 }, () => {
        t.clock.advance(1_000)
        return session.checkpoint()
      })
      const told = await Promise.all(calls)
      assert.deepEqual(
        told.map(({ bookedMs }) => bookedMs),
        calls.map(() => 1_000),
      )
      assert.deepEqual(await bookedByDay(store), { [DAY]: 10_000 })
    },
  },
  {
    id: 'session/report/repeated-books-once',
    prevents: 'a checkpoint that the network delivers twice and that costs a child the time twice',
    async run(t) {
      const store = await t.open()
      const again = await t.open()
      await started(store)
      const first = await sent(store, report(1, { '11-23': 30_000 }))
      assert.deepEqual([first.changed, first.bookedMs], [true, 30_000])
      const before = await contentsOf(t.place, store)
      for (const handle of [store, again, store]) {
        t.clock.advance(1_000)
        const repeated = await sent(handle, report(1, { '11-23': 30_000 }))
        assert.deepEqual([repeated.changed, repeated.bookedMs], [false, 0])
        assert.deepEqual(repeated.session, first.session)
      }
      const at = Promise.all([store, again].map((handle) => sent(handle, report(2, { '11-23': 45_000 }))))
      assert.deepEqual(
        (await at).map(({ bookedMs }) => bookedMs).toSorted((a, b) => a - b),
        [0, 15_000],
      )
      assert.deepEqual((await contentsOf(t.place, store)).audits, before.audits)
      assert.deepEqual(await bookedByDay(store), { [DAY]: 45_000 })
    },
  },
  {
    id: 'session/report/an-older-one-changes-nothing-but-what-it-adds',
    prevents: 'a delayed checkpoint that makes a session look dead, or takes back what a later one told',
    async run(t) {
      const store = await t.open()
      await started(store)
      t.clock.advance(MINUTE_MS)
      const newest = await sent(store, report(7, { '11-23': 60_000 }))
      t.clock.advance(MINUTE_MS)
      for (const [number, playedMs] of [
        [6, 50_000],
        [7, 60_000],
        [1, 0],
      ] as const) {
        assert.deepEqual(await sent(store, report(number, { '11-23': playedMs })), {
          session: newest.session,
          changed: false,
          bookedMs: 0,
        })
      }
      const older = await sent(store, report(5, { '11-22': 10, '11-23': 59_000 }))
      assert.deepEqual([older.changed, older.bookedMs], [false, 10])
      assert.deepEqual(older.session, { ...newest.session, durationMs: 60_010 })
    },
  },
  {
    id: 'session/report/every-order-comes-to-the-same',
    prevents: 'a total that depends on which packet came first',
    async run(t) {
      const store = await t.open()
      const told: readonly SessionChange[] = [
        report(1, { '11-22': 600_000 }),
        report(2, { '11-22': 700_000, '11-23': 100 }),
        report(3, { '11-23': 60_000 }),
        end(4, { '11-23': 90_000 }),
      ]
      for (const [index, order] of ordersOf(told).entries()) {
        const view = store.view({ scope: `child-${index}` })
        await started(view)
        for (const change of order) await view.commit([change])
        await view.commit([...order])
        const name = order.map((change) => 'report' in change && change.report).join()
        assert.deepEqual(await bookedByDay(view), { '2026-11-22': 700_000, '2026-11-23': 90_000 }, name)
        const [record] = await view.listSessions()
        assert.equal(record?.durationMs, 790_000, name)
        assert.equal(record.endReason?.type, 'user_stop', name)
        const events = await eventsOf(view)
        assert.equal(events.filter(({ type }) => type === 'session_ended').length, 1, name)
        // What the log tells sums to the session.
        const sumMs = events.reduce((sum, event) => {
          return sum + (event.type === 'session_ended' ? event.durationMs : addedMs(event))
        }, 0)
        assert.equal(sumMs, 790_000, name)
      }
    },
  },
  {
    id: 'session/report/of-another-session-is-refused',
    prevents: 'the time of one game being booked as that of another one',
    async run(t) {
      const store = await t.open()
      await started(store)
      const before = await contentsOf(t.place, store)
      for (const change of [report(1, { '11-23': 1 }), end(1, { '11-23': 1 })]) {
        await rejectsWith(store.commit([{ ...change, entryId: 'tuxmath' }]), 'OPERATION_MISMATCH', 'not_applied')
        await rejectsWith(store.commit([{ ...change, sessionId: 's-2' }]), 'NOT_FOUND', 'not_applied')
        const brother = store.view({ scope: 'ben' })
        await rejectsWith(brother.commit([change]), 'NOT_FOUND', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/report/through-another-node-is-booked-where-it-was-played',
    prevents: 'a report that is sent on by a server, and counts as if the child had played there',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await started(store)
      await sent(store.view({ node: 'server' }), report(1, { '11-23': 30_000 }))
      const rows = (await t.place.raw.usage()).map(({ node, durationMs }) => [node, durationMs])
      assert.deepEqual(rows, [['pc-1', 30_000]])
    },
  },
  {
    id: 'session/report/a-total-past-the-largest-is-refused',
    prevents: 'a total that no number holds, and that is wrong from then on',
    async run(t) {
      const store = await t.open()
      await started(store)
      await sent(store, report(1, { '11-22': LIMITS.DURATION_MS_MAX }))
      const before = await contentsOf(t.place, store)
      await store.addUsage('minecraft', DAY, 5)
      const more = { '11-23': LIMITS.DURATION_MS_MAX - 4 }
      for (const change of [report(2, more), end(2, more)]) {
        await rejectsWith(store.commit([change]), 'INVALID_ARGUMENT', 'not_applied')
      }
      // Of each day it could be told, but not of the session.
      await rejectsWith(store.commit([report(2, { '11-21': 1 })]), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual((await contentsOf(t.place, store)).sessions, before.sessions)
      assert.deepEqual(await bookedByDay(store), { '2026-11-22': LIMITS.DURATION_MS_MAX, [DAY]: 5 })
    },
  },
]

function addedMs(event: { readonly type: string; readonly addedMs?: number }): number {
  return event.type === 'session_time_added' ? (event.addedMs ?? 0) : 0
}

function ordersOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, index) => ordersOf(items.toSpliced(index, 1)).map((others) => [item, ...others]))
}
