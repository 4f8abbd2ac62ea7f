import assert from 'node:assert/strict'
import type { Change } from '../change.ts'
import { createStore } from '../create-store.ts'
import type { StoreErrorCode } from '../errors.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import { type CaseDefinition, SUITE_CALENDAR } from './harness.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 }
const CODES: readonly StoreErrorCode[] = ['UNAVAILABLE', 'BUSY', 'READ_ONLY', 'DISK_FULL', 'IO', 'CORRUPT', 'DATABASE']

export const healthCases: readonly CaseDefinition[] = [
  {
    id: 'health/report/a-fresh-store-is-healthy',
    prevents: 'a service that is restarted again and again because it has nothing to tell yet',
    async run(t) {
      const store = await t.open()
      assert.equal(await store.isHealthy(), true)
      const { healthy, checkedAt, problems, queuedWrites, database } = await store.health()
      assert.deepEqual({ healthy, problems, queuedWrites }, { healthy: true, problems: [], queuedWrites: 0 })
      assert.deepEqual(checkedAt, new Date('2026-11-23T10:00:00.000Z'))
      assert.ok(database !== undefined)
      assert.ok(database.backend.length > 0)
      assert.ok(database.version.length > 0)
      assert.ok(Number.isSafeInteger(database.schemaVersion) && database.schemaVersion >= 1)
      const { sizeBytes = 0 } = database
      assert.ok(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0)
    },
  },
  {
    id: 'health/report/is-dated-by-the-stores-clock',
    prevents: 'a monitor that shows an old report as the present',
    async run(t) {
      const store = await t.open()
      t.clock.advance(61_001)
      assert.deepEqual((await store.health()).checkedAt, new Date('2026-11-23T10:01:01.001Z'))
    },
  },
  {
    id: 'health/report/counts-the-writes-that-wait',
    prevents: 'a store that falls behind, and nobody sees it',
    async run(t) {
      const store = await t.open()
      const writes = unawaited(
        store.addUsage('minecraft', DAY, 1),
        store.appendAudit({ type: 'service_started' }),
        store.view({ node: 'tablet' }).addUsage('minecraft', DAY, 2),
      )
      assert.equal((await store.health()).queuedWrites, 3)
      await Promise.all(writes)
      assert.equal((await store.health()).queuedWrites, 0)
    },
  },
  {
    id: 'health/report/leaves-no-trace',
    prevents: 'a health check that writes into the log, or that wears out an SD card',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'service_started' })
      const before = await contentsOf(t.place, store)
      for (let check = 0; check < 5; check += 1) assert.equal(await store.isHealthy(), true)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'health/failing/is-told-and-passes',
    prevents: 'a health check that throws at the one moment it is there for, or that stays red for good',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      for (const code of CODES) {
        faults.failNext('probe', code)
        assert.equal(await store.isHealthy(), false)
        faults.failNext('probe', code)
        const { healthy, problems, database } = await store.view({ node: 'tablet' }).health()
        assert.equal(healthy, false)
        assert.deepEqual(
          problems.map((problem) => problem.code),
          [code],
        )
        assert.ok(problems.every(({ message }) => message.length > 0))
        assert.equal(database, undefined)
        assert.equal(await store.isHealthy(), true)
      }
      assert.deepEqual((await store.health()).problems, [])
    },
  },
  {
    id: 'health/failing/is-told-since-when',
    prevents: 'an operator who looks for the cause at the wrong hour',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const sinceOf = async () => (await store.health()).problems.map(({ code, since }) => [code, since.toISOString()])
      faults.failNext('read', 'UNAVAILABLE')
      await rejectsWith(store.getUsage('minecraft', DAY), 'UNAVAILABLE')
      t.clock.advance(60_000)
      faults.failNext('probe', 'UNAVAILABLE')
      assert.deepEqual(await sinceOf(), [['UNAVAILABLE', '2026-11-23T10:00:00.000Z']])
      t.clock.advance(60_000)
      faults.failNext('probe', 'UNAVAILABLE')
      assert.deepEqual(await sinceOf(), [['UNAVAILABLE', '2026-11-23T10:00:00.000Z']])
      await store.getUsage('minecraft', DAY)
      assert.deepEqual(await sinceOf(), [])
      t.clock.advance(60_000)
      faults.failNext('probe', 'UNAVAILABLE')
      assert.deepEqual(await sinceOf(), [['UNAVAILABLE', '2026-11-23T10:03:00.000Z']])
      faults.failNext('probe', 'CORRUPT')
      t.clock.advance(60_000)
      assert.deepEqual(await sinceOf(), [['CORRUPT', '2026-11-23T10:04:00.000Z']])
    },
  },
  {
    id: 'health/failing/a-disk-that-refused-a-write-is-told-until-it-takes-one',
    prevents: 'a disk that is full, while every look at the store says that all is well',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await store.setCooldownUntil('resting', new Date('2026-11-24T00:00:00.000Z'))
      const repeated = () => store.addUsage('minecraft', DAY, 1, { operationId: 'op-1' })
      await repeated()
      for (const code of ['DISK_FULL', 'IO', 'READ_ONLY', 'CORRUPT'] as const) {
        const since = store.clock.now()
        faults.failNext('write', code)
        await rejectsWith(store.addUsage('minecraft', DAY, 1), code)
        t.clock.advance(60_000)
        const { healthy, problems, database } = await store.view({ node: 'tablet' }).health()
        assert.equal(healthy, false)
        assert.deepEqual(
          problems.map((problem) => [problem.code, problem.since]),
          [[code, since]],
        )
        assert.ok(database !== undefined)
        // What is refused, repeated or passes by itself writes nothing.
        await store.commit([ADD], { if: [{ type: 'no_cooldown', entryId: 'resting' }] })
        await repeated()
        faults.failNext('write', 'BUSY')
        await rejectsWith(store.addUsage('minecraft', DAY, 1), 'BUSY')
        assert.deepEqual(
          (await store.health()).problems.map((problem) => [problem.code, problem.since]),
          [[code, since]],
        )
        await store.addUsage('minecraft', DAY, 1)
        assert.equal(await store.isHealthy(), true)
      }
      // What passes by itself is no lasting trouble, and what the caller did wrong is none.
      faults.failNext('write', 'BUSY')
      await rejectsWith(store.addUsage('minecraft', DAY, 1), 'BUSY')
      await rejectsWith(store.addUsage('minecraft', DAY, -1), 'INVALID_ARGUMENT')
      assert.equal(await store.isHealthy(), true)
    },
  },
  {
    id: 'health/failing/a-clock-that-fails-is-told',
    prevents: 'a health check that throws because the clock does',
    async run(t) {
      const now = (): never => {
        throw new RangeError('the clock is broken')
      }
      const store = createStore(await t.place.openDriver({ calendar: SUITE_CALENDAR }), { clock: { ...t.clock, now } })
      assert.equal(await store.isHealthy(), false)
      const { problems } = await store.health()
      assert.match(problems[0]?.message ?? '', /the clock is broken/)
      await rejectsWith(store.addUsage('minecraft', DAY, 1), 'INVALID_ARGUMENT', 'not_applied')
      assert.throws(() => store.today(), { code: 'INVALID_ARGUMENT' })
      await store.close()
    },
  },
  {
    id: 'health/failing/stops-no-work',
    prevents: 'a store that refuses to work because a health check failed once',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      faults.failNext('probe', 'UNAVAILABLE')
      const [healthy] = await Promise.all([store.isHealthy(), store.addUsage('minecraft', DAY, 1_000)])
      assert.equal(healthy, false)
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
    },
  },
]
