import assert from 'node:assert/strict'
import type { AuditRecord } from '../audit.ts'
import type { Applied, Change, Condition, Refused } from '../change.ts'
import { addDays } from '../day.ts'
import { isStoreError } from '../errors.ts'
import type { Store } from '../store.ts'
import { usedUp } from './expect.ts'
import { type CaseDefinition, SUITE_CALENDAR } from './harness.ts'

const DAY = '2026-11-23'
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }

/** Calls through each store in turn, none of them waiting for another. */
function callInTurn<T>(
  stores: readonly Store[],
  times: number,
  call: (store: Store, n: number) => Promise<T>,
): Promise<T[]> {
  const calls = Array.from({ length: times }, (_, n) => stores.map((store) => call(store, n)))
  return Promise.all(calls.flat())
}

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, index) => index + 1)

/** Handles of one process on one place. */
export const concurrencyCases: readonly CaseDefinition[] = [
  {
    id: 'concurrency/handles/adds-are-exact',
    prevents: 'minutes that are lost because two programs read, add and write',
    async run(t) {
      const handles: Store[] = []
      for (const node of ['server', 'server', 'tablet']) handles.push(await t.open({ node }))
      await callInTurn(handles, 60, (store, n) => store.addUsage(`entry-${n % 2}`, DAY, 7))
      const reader = await t.open()
      assert.equal(await reader.getUsage('entry-0', DAY), 3 * 30 * 7)
      assert.equal(await reader.getUsage('entry-1', DAY), 3 * 30 * 7)
      const rows = (await t.place.raw.usage()).map(({ node, durationMs }) => `${node} ${durationMs}`)
      assert.deepEqual(rows.toSorted(), ['server 420', 'server 420', 'tablet 210', 'tablet 210'], 'rows by node')
    },
  },
  {
    id: 'concurrency/handles/appends-take-every-id-once',
    prevents: 'records with one id, a gap that looks like a deletion, or a chain that forks',
    async run(t) {
      const handles = [await t.open({ node: 'server' }), await t.open({ node: 'tablet' })]
      const records = await callInTurn(handles, 60, (store, entryCount) =>
        store.appendAudit({ type: 'policy_loaded', entryCount }),
      )
      assert.deepEqual(
        records.map(({ id }) => id).toSorted((a, b) => a - b),
        upTo(120),
      )
      const reader = await t.open()
      const log = await reader.listAudits({ limit: 1_000 })
      assert.deepEqual(
        log,
        records.toSorted((a, b) => a.id - b.id),
      )
      for (const node of ['server', 'tablet']) {
        const own: readonly AuditRecord[] = log.filter((record) => record.node === node)
        const inOrder = upTo(60).map((n) => ({ type: 'policy_loaded', entryCount: n - 1 }))
        assert.deepEqual(
          own.map(({ event }) => event),
          inOrder,
          `the order of ${node}`,
        )
      }
      const { intact, checked, head } = await reader.verifyAudits()
      assert.deepEqual({ intact, checked, head: head?.id }, { intact: true, checked: 120, head: 120 })
    },
  },
  {
    id: 'concurrency/handles/commits-with-several-records-stay-together',
    prevents: 'records of one commit with those of another between them, and a retry that returns the wrong ones',
    async run(t) {
      const handles = [await t.open({ node: 'server' }), await t.open({ node: 'tablet' })]
      const write = (store: Store, entryCount: number) => {
        const append: Change = { type: 'append_audit', event: { type: 'policy_loaded', entryCount } }
        return store.commit([append, append, append], { operationId: `${store.node}-${entryCount}` })
      }
      const first = await callInTurn(handles, 20, write)
      for (const { audits } of first) {
        const [id = 0] = audits.map((record) => record.id)
        assert.deepEqual(
          audits.map((record) => record.id),
          [id, id + 1, id + 2],
        )
      }
      const again = await callInTurn(handles, 20, write)
      assert.deepEqual(
        again,
        first.map((result) => ({ ...result, repeated: true })),
      )
    },
  },
  {
    id: 'concurrency/quota/two-nodes-win-exactly-what-fits',
    prevents: 'a child who starts on two machines at once and gets the last minutes twice',
    async run(t) {
      const handles = [await t.open({ node: 'living-room' }), await t.open({ node: 'bedroom' })]
      for (let round = 0; round < 50; round += 1) {
        const day = addDays(DAY, round)
        const quota = { entryId: 'minecraft', day, limitMs: 3_000 }
        const below: Condition = { type: 'usage_below', ...quota }
        const add: Change = { type: 'add_usage', entryId: 'minecraft', day, durationMs: 1_000 }
        // Who comes first changes from round to round.
        const order = round % 2 === 0 ? handles : handles.toReversed()
        const results: readonly (Applied | Refused)[] = await callInTurn(order, 3, (store) =>
          store.commit([add, APPEND], { if: [below] }),
        )
        assert.equal(results.filter(({ applied }) => applied).length, 3, `winners of round ${round}`)
        const refused = { applied: false, failed: [usedUp({ ...quota, usedMs: 3_000 })] }
        for (const result of results) if (!result.applied) assert.deepEqual(result, refused)
        assert.equal(await handles[0]?.getUsage('minecraft', day), 3_000)
      }
      assert.equal((await t.place.raw.audits()).length, 150)
    },
  },
  {
    id: 'concurrency/cooldown/one-of-two-nodes-passes',
    prevents: 'two machines that both start an entry which rests after each start',
    async run(t) {
      const handles = [await t.open({ node: 'living-room' }), await t.open({ node: 'bedroom' })]
      for (let round = 0; round < 30; round += 1) {
        const entryId = `entry-${round}`
        const start: Change = { type: 'set_cooldown', entryId, until: new Date('2026-11-23T12:00:00.000Z') }
        const results = await callInTurn(handles, 2, (store) =>
          store.commit([start], { if: [{ type: 'no_cooldown', entryId }] }),
        )
        assert.equal(results.filter(({ applied }) => applied).length, 1, `winners of round ${round}`)
      }
    },
  },
  {
    id: 'concurrency/cooldown/the-latest-extension-stands',
    prevents: 'a machine that shortens a cooldown which another one has just set',
    async run(t) {
      const handles = [await t.open({ node: 'living-room' }), await t.open({ node: 'bedroom' })]
      for (let round = 0; round < 20; round += 1) {
        const entryId = `entry-${round}`
        await callInTurn(round % 2 === 0 ? handles : handles.toReversed(), 5, (store, n) => {
          const until = new Date(store.node === 'bedroom' ? 1_000 + n : 2_000 - n)
          return store.commit([{ type: 'extend_cooldown', entryId, until }])
        })
        assert.deepEqual(await handles[0]?.getCooldownUntil(entryId), new Date(2_000), `round ${round}`)
      }
    },
  },
  {
    id: 'concurrency/snapshot/one-save-wins-a-revision',
    prevents: 'a service whose second copy overwrites the state that the first one has just saved',
    async run(t) {
      const handles = [await t.open(), await t.open(), await t.open()]
      for (let revision = 0; revision < 20; revision += 1) {
        const unchanged: Condition = { type: 'snapshot_revision_is', revision }
        const results = await Promise.all(
          handles.map((store, index) => {
            const snapshot = { timestamp: new Date(revision * 10 + index) }
            return store.commit([{ type: 'save_snapshot', snapshot }], { if: [unchanged] })
          }),
        )
        const winners = results.flatMap(({ applied }, index) => (applied ? [index] : []))
        assert.equal(winners.length, 1, `winners of revision ${revision}`)
        const timestamp = new Date(revision * 10 + (winners[0] ?? 0))
        assert.deepEqual(await handles[0]?.loadSnapshot(), { snapshot: { timestamp }, revision: revision + 1 })
      }
    },
  },
  {
    id: 'concurrency/operations/one-id-applies-once',
    prevents: 'a failover in which both servers send the same write, and both count',
    async run(t) {
      const handles = [await t.open({ node: 'server-1' }), await t.open({ node: 'server-2' })]
      const add: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 }
      for (let round = 0; round < 30; round += 1) {
        const results: readonly Applied[] = await callInTurn(handles, 2, (store) =>
          store.commit([add, APPEND], { operationId: `op-${round}` }),
        )
        assert.equal(results.filter(({ repeated }) => !repeated).length, 1, `first ones of round ${round}`)
        for (const { audits } of results) assert.deepEqual(audits, results[0]?.audits)
      }
      assert.equal(await handles[0]?.getUsage('minecraft', DAY), 30_000)
      assert.equal((await t.place.raw.audits()).length, 30)
    },
  },
  {
    id: 'concurrency/callers/hundreds-on-one-handle',
    prevents: 'a busy server whose writes are dropped, doubled or answered with another’s result',
    async run(t) {
      const store = await t.open()
      const results = await Promise.all(
        Array.from({ length: 600 }, (_, n) =>
          store.view({ scope: `child-${n % 5}`, node: `node-${n % 7}` }).commit([
            { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: n },
            { type: 'append_audit', event: { type: 'policy_loaded', entryCount: n } },
          ]),
        ),
      )
      assert.deepEqual(
        results.map(({ audits }) => audits[0]?.id),
        upTo(600),
      )
      const scopes = upTo(600).map((id) => `child-${(id - 1) % 5}`)
      assert.deepEqual(
        results.map(({ audits }) => audits[0]?.scope),
        scopes,
      )
      const totals = await store.listUsage({ from: DAY, to: '2026-11-24', by: ['scope'], scope: 'all' })
      // Child c got c, c + 5, …, c + 595: 120 summands.
      const sums = [0, 1, 2, 3, 4].map((child) => [`child-${child}`, 120 * child + 5 * 7_140])
      assert.deepEqual(
        totals.map(({ scope, durationMs }) => [scope, durationMs]),
        sums,
      )
      assert.equal((await store.verifyAudits()).intact, true)
    },
  },
  {
    id: 'concurrency/reads/see-whole-commits-of-one-instant',
    prevents: 'a limit that is gone for a moment, because usage was read before a commit and the cooldown after it',
    async run(t) {
      const [writer, reader] = [await t.open(), await t.open()]
      let before = 0
      const look = async () => {
        const state = await reader.getDayState(DAY)
        const { usedMs, cooldownUntil } = state.entry('minecraft')
        assert.equal(cooldownUntil?.getTime() ?? 0, usedMs)
        assert.equal(state.entry('tuxmath').usedMs, usedMs)
        assert.ok(usedMs >= before, 'a later look sees no less')
        before = usedMs
      }
      for (let n = 1; n <= 60; n += 1) {
        const written = writer.commit([
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
          { type: 'set_cooldown', entryId: 'minecraft', until: new Date(n) },
          { type: 'add_usage', entryId: 'tuxmath', day: DAY, durationMs: 1 },
        ])
        await Promise.all([written, look().then(look).then(look)])
      }
      assert.equal((await reader.getDayState(DAY)).entry('minecraft').usedMs, 60)
    },
  },
  {
    id: 'concurrency/open/first-opens-at-once-make-one-place',
    prevents: 'a first start of a fleet at which all but one machine fail',
    async run(t) {
      const stores = await Promise.all(upTo(8).map((n) => t.open({ node: `node-${n}` })))
      await Promise.all(stores.map((store) => store.addUsage('minecraft', DAY, 1)))
      await Promise.all(stores.map((store) => store.appendAudit({ type: 'service_started' })))
      for (const store of stores) {
        assert.equal(await store.getUsage('minecraft', DAY), 8)
        assert.deepEqual([store.calendar.timeZone, store.calendar.dayStart], ['UTC', '00:00'])
      }
      assert.equal((await stores[0]?.verifyAudits())?.checked, 8)
    },
  },
  {
    id: 'concurrency/open/first-opens-at-once-keep-one-calendar',
    prevents: 'machines that share a quota and change days at different hours',
    async run(t) {
      const asked = upTo(8).map((n) => (n % 2 === 0 ? SUITE_CALENDAR : { timeZone: 'Asia/Tokyo', dayStart: '04:00' }))
      const settled = await Promise.allSettled(asked.map((calendar) => t.open({ calendar })))
      const opened = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      for (const result of settled) {
        if (result.status === 'fulfilled') continue
        assert.ok(isStoreError(result.reason, 'CALENDAR_MISMATCH'), String(result.reason))
      }
      assert.equal(opened.length, 4, 'those that asked for the calendar that is kept')
      assert.equal(new Set(opened.map(({ calendar }) => `${calendar.timeZone} ${calendar.dayStart}`)).size, 1)
    },
  },
]
