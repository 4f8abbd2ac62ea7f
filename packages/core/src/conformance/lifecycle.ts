import assert from 'node:assert/strict'
import type { Change } from '../change.ts'
import type { OwnedStore, Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { LOG_WORK, READS, WRITES } from './methods.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')
const SESSION = { sessionId: 's-1', entryId: 'minecraft' }
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }
const CHANGES: readonly Change[] = [
  { type: 'append_audit', event: { type: 'service_started' } },
  { type: 'append_audit', event: { type: 'other', name: 'léger', data: { '𝄞': [1, 'two', null] } } },
  { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 },
  { type: 'set_cooldown', entryId: 'minecraft', until: NOON },
  { type: 'save_snapshot', snapshot: { timestamp: new Date('2026-11-23T10:00:00.000Z') } },
  { type: 'grant_time', entryId: 'minecraft', day: DAY, byMs: 60_000, ...CORRECTION },
  { type: 'report_session', ...SESSION, run: 'r-1', report: 1, played: [{ day: DAY, playedMs: 200 }] },
]

/** Writes to every table: a session, which is started once and reported on each time, and all the others. */
async function writeEverywhere(store: Store): Promise<void> {
  await store.commit([{ type: 'start_session', ...SESSION, run: 'r-1' }], { if: [{ type: 'no_open_session' }] })
  await store.commit(CHANGES)
}

/** Everything that the store tells of what was written, and what is seen from outside. */
async function tellOf(store: Store): Promise<object> {
  return {
    audits: await store.listAudits(),
    state: [...(await store.getDayState(DAY))],
    snapshot: await store.loadSnapshot(),
    sessions: await store.listSessions(),
    nodes: await store.listNodes(),
    verified: await store.verifyAudits(),
  }
}

export const lifecycleCases: readonly CaseDefinition[] = [
  {
    id: 'lifecycle/closed/every-method-rejects',
    prevents: 'a write after the end that is neither written nor refused, or a read that says nothing is there',
    async run(t) {
      const store = await t.open()
      await writeEverywhere(store)
      const view = store.view({ node: 'tablet', scope: 'otto' })
      const before = await tellOf(store)
      await store.close()
      for (const closed of [store, view]) {
        for (const [operation, call] of Object.entries({ ...READS, ...WRITES, ...LOG_WORK })) {
          const error = await rejectsWith(call(closed), 'CLOSED', 'not_applied')
          assert.equal(error.operation, operation)
          assert.equal(error.retryable, false)
        }
        await rejectsWith((async () => closed.view({}))(), 'CLOSED', 'not_applied')
      }
      assert.deepEqual(await tellOf(await t.open()), before)
    },
  },
  {
    id: 'lifecycle/closed/health-says-so',
    prevents: 'a monitor that calls a closed store healthy, or that dies of asking',
    async run(t) {
      const store = await t.open()
      const view = store.view({ node: 'tablet' })
      await store.close()
      for (const closed of [store, view]) {
        assert.equal(await closed.isHealthy(), false)
        const { healthy, problems, checkedAt } = await closed.health()
        assert.equal(healthy, false)
        assert.deepEqual(
          problems.map(({ code }) => code),
          ['CLOSED'],
        )
        assert.deepEqual(checkedAt, t.clock.now())
      }
    },
  },
  {
    id: 'lifecycle/close/may-be-repeated',
    prevents: 'a shutdown that fails because two parts of a program close the same store',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000)
      await Promise.all([store.close(), store.close(), store[Symbol.asyncDispose]()])
      await store.close()
      await store[Symbol.asyncDispose]()
      assert.equal(await (await t.open()).getUsage('minecraft', DAY), 1_000)
    },
  },
  {
    id: 'lifecycle/close/disposing-closes',
    prevents: 'a block with `await using` that leaves its connection open',
    async run(t) {
      const store = await t.open()
      await store[Symbol.asyncDispose]()
      await rejectsWith(store.getUsage('minecraft', DAY), 'CLOSED')
    },
  },
  {
    id: 'lifecycle/close/applies-what-was-accepted',
    prevents: 'the last minutes of every session, lost at each restart',
    async run(t) {
      const store = await t.open()
      // More than fit into one group.
      const count = 300
      let acknowledged = 0
      const calls = Array.from({ length: count }, async (_, entryCount) => {
        await store.commit([
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount } },
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
        ])
        acknowledged += 1
      })
      const [closing] = unawaited(store.close(), ...calls)
      await rejectsWith(store.addUsage('minecraft', DAY, 1_000), 'CLOSED', 'not_applied')
      await closing
      assert.equal(acknowledged, count)
      await Promise.all(calls)
      const reopened = await t.open()
      assert.equal(await reopened.getUsage('minecraft', DAY), count)
      assert.equal((await reopened.verifyAudits()).checked, count)
    },
  },
  {
    id: 'lifecycle/close/answers-reads-under-way',
    prevents: 'a page that fails because the service was just being stopped',
    async run(t) {
      const store = await t.open()
      await writeEverywhere(store)
      const reads = [store.getUsage('minecraft', DAY), store.getCooldownUntil('minecraft')]
      const [usedMs, until] = await Promise.all([...reads, store.close()])
      assert.deepEqual([usedMs, until], [1_200, NOON])
    },
  },
  {
    id: 'lifecycle/close/answers-a-repetition-that-was-accepted',
    prevents: 'a retry during a restart that is told `not_applied` of a write that was applied',
    async run(t) {
      const store = await t.open()
      const first = await store.appendAudit({ type: 'service_started' }, { operationId: 'op-1' })
      const again = store.appendAudit({ type: 'service_started' }, { operationId: 'op-1' })
      assert.deepEqual(await Promise.all([again, store.close()]), [first, undefined])
    },
  },
  {
    id: 'lifecycle/close/leaves-other-handles-open',
    prevents: 'a command that ends and takes the data or the connection of the service with it',
    async run(t) {
      const [store, other]: readonly [OwnedStore, OwnedStore] = [await t.open(), await t.open()]
      await writeEverywhere(store)
      const before = await tellOf(other)
      await store.close()
      assert.deepEqual(await tellOf(other), before)
      await other.addUsage('minecraft', DAY, 1)
      assert.equal(await other.getUsage('minecraft', DAY), 1_201)
      assert.equal(await other.isHealthy(), true)
    },
  },
  {
    id: 'lifecycle/reopen/finds-everything-after-a-close',
    prevents: 'data that is gone after a restart',
    async run(t) {
      const store = await t.open()
      await writeEverywhere(store)
      const told = await tellOf(store)
      const kept = await contentsOf(t.place, store)
      await store.close()
      const reopened = await t.open()
      assert.deepEqual(await tellOf(reopened), told)
      assert.deepEqual(await contentsOf(t.place, reopened), kept)
      const record = await reopened.appendAudit({ type: 'service_stopped' })
      assert.equal(record.id, 5)
      assert.equal((await reopened.verifyAudits()).intact, true)
    },
  },
  {
    id: 'lifecycle/reopen/finds-everything-acknowledged-after-a-crash',
    prevents: 'acknowledged writes that exist only in the memory of the process',
    async run(t) {
      const store = await t.open()
      for (let round = 1; round <= 5; round += 1) {
        await writeEverywhere(store)
        const told = await tellOf(store)
        // Nothing of `store` is closed or flushed: this is what another process would find.
        assert.deepEqual(await tellOf(await t.open()), told, `after commit ${round}`)
      }
      assert.equal((await t.place.raw.audits()).length, 16)
    },
  },
  {
    id: 'lifecycle/open/writes-nothing-that-a-user-sees',
    prevents: 'a log, or a total, that grows because somebody looked',
    async run(t) {
      const store = await t.open()
      for (const read of Object.values(READS)) await read(store)
      await store.health()
      await store.close()
      const reopened = await t.open()
      assert.deepEqual(await contentsOf(t.place, reopened), {
        ...{ audits: [], usage: [], entries: [], snapshot: 'null' },
        ...{ sessions: [], nodes: [] },
      })
    },
  },
]
