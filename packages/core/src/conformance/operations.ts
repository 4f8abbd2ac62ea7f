import assert from 'node:assert/strict'
import type { Change, Condition } from '../change.ts'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 }
const BELOW: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1_000 }
const RESTED: Condition = { type: 'no_cooldown', entryId: 'minecraft' }
/** The time of the suite's clock. */
const NOW_MS = Date.UTC(2026, 10, 23, 10)

export const operationCases: readonly CaseDefinition[] = [
  {
    id: 'operations/repeat/returns-what-was-stored-first',
    prevents: 'a retry after a lost reply that books and logs a session twice',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'policy_loaded', entryCount: 3 })
      const changes: readonly Change[] = [APPEND, ADD, { type: 'append_audit', event: { type: 'service_stopped' } }]
      const first = await store.commit(changes, { operationId: 'op-1' })
      assert.equal(first.repeated, false)
      t.clock.advance(60_000)
      await store.appendAudit({ type: 'policy_loaded', entryCount: 4 })
      await store.view({ node: 'tablet' }).addUsage('minecraft', DAY, 234)
      const before = await contentsOf(t.place, store)
      const again = await store.commit(changes, { operationId: 'op-1' })
      assert.deepEqual(again, {
        applied: true,
        repeated: true,
        audits: first.audits,
        usage: [{ entryId: 'minecraft', day: DAY, usedMs: 1_234 }],
        sessions: [],
      })
      const places = again.audits.map(({ id, timestamp }) => [id, timestamp.getTime()])
      assert.deepEqual(places, [
        [2, NOW_MS],
        [3, NOW_MS],
      ])
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'operations/repeat/writes-none-of-its-changes-again',
    prevents: 'a late retry that moves a cooldown back, or puts an old snapshot over a new one',
    async run(t) {
      const store = await t.open()
      const changes: readonly Change[] = [
        { type: 'set_cooldown', entryId: 'minecraft', until: new Date(NOW_MS) },
        { type: 'clear_cooldown', entryId: 'tuxmath' },
        { type: 'save_snapshot', snapshot: { timestamp: new Date(NOW_MS) } },
      ]
      const first = await store.commit(changes, { operationId: 'op-1' })
      assert.deepEqual(first, { applied: true, repeated: false, audits: [], usage: [], sessions: [] })
      await store.commit([
        { type: 'set_cooldown', entryId: 'minecraft', until: new Date(NOW_MS + 5) },
        { type: 'set_cooldown', entryId: 'tuxmath', until: new Date(NOW_MS + 5) },
        { type: 'save_snapshot', snapshot: { timestamp: new Date(NOW_MS + 5) } },
      ])
      const before = await contentsOf(t.place, store)
      assert.deepEqual(await store.commit(changes, { operationId: 'op-1' }), { ...first, repeated: true })
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'operations/repeat/append-audit-returns-the-first-record',
    prevents: 'one event that stands in the log twice',
    async run(t) {
      const store = await t.open()
      const first = await store.appendAudit({ type: 'policy_loaded', entryCount: 3 }, { operationId: 'op-1' })
      t.clock.advance(1)
      await store.appendAudit({ type: 'service_stopped' })
      const again = await store.appendAudit({ type: 'policy_loaded', entryCount: 3 }, { operationId: 'op-1' })
      assert.deepEqual(again, first)
      assert.equal((await t.place.raw.audits()).length, 2)
    },
  },
  {
    id: 'operations/repeat/add-usage-counts-once',
    prevents: 'a child who loses an hour because a reply was lost',
    async run(t) {
      const store = await t.open()
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await store.addUsage('minecraft', DAY, 1_000, { operationId: 'op-1' })
        t.clock.advance(1)
      }
      await store.addUsage('minecraft', DAY, 1_000, { operationId: 'op-2' })
      assert.equal(await store.getUsage('minecraft', DAY), 2_000)
    },
  },
  {
    id: 'operations/repeat/the-method-does-not-matter',
    prevents: 'a retry queue that sends commits, and counts again what a method had written',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000, { operationId: 'add' })
      const added = await store.commit([ADD], { operationId: 'add' })
      const usage = [{ entryId: 'minecraft', day: DAY, usedMs: 1_000 }]
      assert.deepEqual(added, { applied: true, repeated: true, audits: [], usage, sessions: [] })
      const record = await store.appendAudit({ type: 'service_started' }, { operationId: 'append' })
      const appended = await store.commit([APPEND], { operationId: 'append' })
      assert.deepEqual(appended, { applied: true, repeated: true, audits: [record], usage: [], sessions: [] })
      const committed = await store.commit([APPEND], { operationId: 'commit' })
      const again = await store.appendAudit({ type: 'service_started' }, { operationId: 'commit' })
      assert.deepEqual([again], committed.audits)
    },
  },
  {
    id: 'operations/repeat/is-found-before-conditions-are-looked-at',
    prevents: 'a retry that is refused because of the effect of the first attempt',
    async run(t) {
      const store = await t.open()
      const until = new Date(NOW_MS + 60_000)
      const changes: readonly Change[] = [ADD, { type: 'set_cooldown', entryId: 'minecraft', until }, APPEND]
      const options = { operationId: 'op-1', if: [BELOW, RESTED] }
      const first = await store.commit(changes, options)
      t.clock.advance(1)
      const again = await store.commit(changes, options)
      assert.deepEqual(again, { ...first, repeated: true })
      assert.equal((await store.commit(changes, { if: options.if })).applied, false)
    },
  },
  {
    id: 'operations/repeat/within-one-group',
    prevents: 'an impatient client that sends a write twice at once, and has it applied twice',
    async run(t) {
      const store = await t.open()
      const views = [store, store, store.view({ node: 'tablet' }), store]
      const options = { operationId: 'op-1', if: [BELOW] }
      const [first, ...others] = await Promise.all(views.map((view) => view.commit([APPEND, ADD], options)))
      assert.ok(first?.applied === true && !first.repeated)
      assert.deepEqual(
        others,
        [first, first, first].map((result) => ({ ...result, repeated: true })),
      )
      assert.equal(first.audits.length, 1)
      assert.deepEqual(await store.listAudits(), first.audits)
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'operations/repeat/survives-closing-and-crashing',
    prevents: 'a retry after a restart that counts again',
    async run(t) {
      const store = await t.open()
      const first = await store.commit([APPEND, ADD], { operationId: 'op-1' })
      const second = await (await t.open()).commit([APPEND, ADD], { operationId: 'op-1' })
      await store.close()
      const third = await (await t.open()).commit([APPEND, ADD], { operationId: 'op-1' })
      for (const again of [second, third]) assert.deepEqual(again, { ...first, repeated: true })
    },
  },
  {
    id: 'operations/repeat/is-remembered-for-30-days',
    prevents: 'a machine that comes back from a month in a drawer and books its last session again',
    async run(t) {
      const store = await t.open()
      const first = await store.commit([APPEND, ADD], { operationId: 'old' })
      const stepMs = LIMITS.OPERATION_RETENTION_MS / 10
      for (let step = 1; step <= 10; step += 1) {
        t.clock.advance(stepMs)
        // Writers are who forgets old operations, in small steps.
        for (let write = 0; write < 5; write += 1) await store.commit([ADD], { operationId: `${step}-${write}` })
      }
      const again = await store.commit([APPEND, ADD], { operationId: 'old', operationAt: new Date(NOW_MS) })
      assert.equal(again.repeated, true)
      assert.deepEqual(again.audits, first.audits)
      assert.equal(await store.getUsage('minecraft', DAY), 51_000)
    },
  },
  {
    id: 'operations/scope/an-id-is-its-scopes-own',
    prevents: 'two children whose devices number their writes alike, and who lose each other’s time',
    async run(t) {
      const store = await t.open()
      const otto = store.view({ scope: 'otto' })
      await store.addUsage('minecraft', DAY, 1_000, { operationId: 'op-1' })
      const applied = await otto.commit([ADD], { operationId: 'op-1' })
      assert.equal(applied.repeated, false)
      const other = store.view({ scope: 'ada' }).commit([APPEND], { operationId: 'op-1' })
      assert.equal((await other).repeated, false)
      assert.equal(await otto.getUsage('minecraft', DAY), 1_000)
      assert.equal((await otto.commit([ADD], { operationId: 'op-1' })).repeated, true)
    },
  },
  {
    id: 'operations/scope/another-node-may-repeat',
    prevents: 'a server that takes over from another and applies its writes a second time',
    async run(t) {
      const store = await t.open({ node: 'server-1' })
      const save: Change = { type: 'save_snapshot', snapshot: { timestamp: new Date(0) } }
      const changes = [APPEND, ADD, save]
      const first = await store.commit(changes, { operationId: 'op-1' })
      const successor = await t.open({ node: 'server-2' })
      const again = await successor.commit(changes, { operationId: 'op-1' })
      assert.deepEqual(again, { ...first, repeated: true })
      assert.equal(again.audits[0]?.node, 'server-1')
      assert.equal(await successor.loadSnapshot(), undefined)
    },
  },
  {
    id: 'operations/id/is-compared-exactly',
    prevents: 'a write that is taken for another because a database ignores case, accents or spaces',
    async run(t) {
      const store = await t.open()
      const long = 'o'.repeat(LIMITS.ID_BYTES_MAX)
      const ids = ['op', 'OP', 'op ', ' op', 'o\u0301p', '\u00f3p', 'op\n', '10', '010', long, long.slice(1)]
      for (const operationId of ids) {
        assert.equal((await store.commit([ADD], { operationId })).repeated, false, JSON.stringify(operationId))
      }
      for (const operationId of ids) {
        assert.equal((await store.commit([ADD], { operationId })).repeated, true, JSON.stringify(operationId))
      }
    },
  },
  {
    id: 'operations/id/invalid-ones-are-refused',
    prevents: 'an id that is cut to fit, and then is another write’s',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      for (const operationId of ['', 'o'.repeat(257), 'ö'.repeat(129), 'a\0b', '\ud800']) {
        const options = { operationId }
        await rejectsWith(store.addUsage('minecraft', DAY, 1, options), 'INVALID_ARGUMENT', 'not_applied')
        await rejectsWith(store.appendAudit({ type: 'service_started' }, options), 'INVALID_ARGUMENT', 'not_applied')
        await rejectsWith(store.commit([ADD], options), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
]
