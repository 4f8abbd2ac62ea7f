import assert from 'node:assert/strict'
import { createStore } from '../create-store.ts'
import type { StoreDriver } from '../driver.ts'
import { isStoreError, StoreError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { rejectsWith } from './expect.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import { type CaseDefinition, SUITE_CALENDAR } from './harness.ts'
import { holdDriver } from './held-driver.ts'
import { READS, WRITES } from './methods.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'

/** Drivers that do what no driver should: hang, throw anything, break their word. */
export const faultyDriverCases: readonly CaseDefinition[] = [
  {
    id: 'faults/timeout/a-write-that-was-sent-is-unknown-and-one-that-waited-is-not-applied',
    prevents: 'a hung database that hangs the service, or a timeout that says more than can be known',
    async run(t) {
      const { driver, called, letGo } = holdDriver(await t.place.openDriver({ calendar: SUITE_CALENDAR }))
      const store = createStore(driver, { clock: t.clock, callTimeoutMs: 50 })
      try {
        const [sent] = unawaited(store.appendAudit({ type: 'service_started' }))
        await called
        const expired = Object.values(WRITES).map((write) => rejectsWith(write(store), 'TIMEOUT', 'not_applied'))
        const errors = await Promise.all([rejectsWith(sent, 'TIMEOUT', 'unknown'), ...expired])
        assert.deepEqual(
          errors.map(({ operation }) => operation),
          ['appendAudit', ...Object.keys(WRITES)],
        )
        assert.ok(errors.every(({ retryable }) => retryable))
      } finally {
        letGo()
        await store.close()
      }
      // What was called unknown came through after all; of what was called not applied, nothing did.
      const reopened = await t.open()
      assert.deepEqual(
        (await reopened.listAudits()).map(({ event }) => event),
        [{ type: 'service_started' }],
      )
      assert.equal(await reopened.getUsage('minecraft', DAY), 0)
      assert.equal(await reopened.getCooldownUntil('minecraft'), undefined)
      assert.equal(await reopened.loadSnapshot(), undefined)
    },
  },
  {
    id: 'faults/timeout/a-read-ends-in-time',
    prevents: 'a question about a limit that is never answered',
    async run(t) {
      const { driver, letGo } = holdDriver(await t.place.openDriver({ calendar: SUITE_CALENDAR }))
      const store = createStore(driver, { clock: t.clock, callTimeoutMs: 20 })
      try {
        const expired = Object.values(READS).map((read) => rejectsWith(read(store), 'TIMEOUT', 'not_applied'))
        const errors = await Promise.all(expired)
        assert.deepEqual(
          errors.map(({ operation }) => operation),
          Object.keys(READS),
        )
        assert.ok(errors.every(({ retryable }) => retryable))
      } finally {
        letGo()
        await store.close()
      }
    },
  },
  {
    id: 'faults/timeout/health-answers-all-the-same',
    prevents: 'a monitor that waits for ever for a database that hangs',
    async run(t) {
      const { driver, letGo } = holdDriver(await t.place.openDriver({ calendar: SUITE_CALENDAR }))
      const store = createStore(driver, { clock: t.clock, callTimeoutMs: 20 })
      try {
        const [healthy, { problems, database }] = await Promise.all([store.isHealthy(), store.health()])
        assert.equal(healthy, false)
        assert.deepEqual(
          problems.map(({ code }) => code),
          ['TIMEOUT'],
        )
        assert.equal(database, undefined)
      } finally {
        letGo()
        await store.close()
      }
    },
  },
  {
    id: 'faults/queue/a-full-one-refuses-at-once',
    prevents: 'a service that runs out of memory because its database is slow',
    async run() {
      const answer = Promise.withResolvers<never>()
      answer.promise.catch(() => undefined)
      const driver: StoreDriver = {
        contract: 1,
        capabilities: { durability: 'none', sharing: 'process' },
        calendar: SUITE_CALENDAR,
        write: () => answer.promise,
        read: () => answer.promise,
        probe: () => answer.promise,
        close: async () => undefined,
      }
      const store = createStore(driver)
      const accepted = Array.from({ length: LIMITS.QUEUE_UNITS_MAX }, () => store.addUsage('minecraft', DAY, 1))
      const settled = Promise.allSettled(accepted)
      for (const [operation, write] of Object.entries(WRITES)) {
        const error = await rejectsWith(write(store.view({ node: 'tablet' })), 'BUSY', 'not_applied')
        assert.equal(error.operation, operation)
        assert.equal(error.retryable, true)
      }
      answer.reject(new StoreError('UNAVAILABLE', 'the database is gone'))
      for (const result of await settled) {
        assert.ok(result.status === 'rejected' && isStoreError(result.reason, 'UNAVAILABLE'))
      }
      await rejectsWith(store.addUsage('minecraft', DAY, 1), 'UNAVAILABLE')
      await store.close()
    },
  },
  {
    id: 'faults/driver/an-error-of-any-kind-becomes-a-store-error',
    prevents: 'a caller who looks for a code and finds a TypeError, or a write that is called not applied by guess',
    async run(t) {
      const anything = [new TypeError('x is not a function'), 'a string', 7, { code: 'BUSY' }]
      for (const cause of anything as readonly Error[]) {
        const fail = () => Promise.reject(cause)
        const faulty = { write: fail, read: fail, probe: fail }
        await useOver(
          t,
          () => faulty,
          async (store) => {
            for (const [operation, write] of Object.entries(WRITES)) {
              const error = await rejectsWith(write(store), 'DATABASE', 'unknown')
              assert.equal(error.cause, cause)
              assert.equal(error.operation, operation)
              assert.equal(error.retryable, false)
            }
            assert.equal(await store.isHealthy(), false)
            assert.deepEqual(
              (await store.health()).problems.map(({ code }) => code),
              ['DATABASE'],
            )
          },
        )
      }
    },
  },
  {
    id: 'faults/driver/a-failed-read-of-any-kind-is-not-applied',
    prevents: 'a read that fails and leaves its caller to wonder what it may have changed',
    async run(t) {
      const cause = new TypeError('x is not a function')
      const faulty = { read: async () => Promise.reject(cause) }
      await useOver(
        t,
        () => faulty,
        async (store) => {
          for (const [operation, read] of Object.entries(READS)) {
            const error = await rejectsWith(read(store), 'DATABASE', 'not_applied')
            assert.equal(error.cause, cause)
            assert.equal(error.operation, operation)
          }
        },
      )
    },
  },
  {
    id: 'faults/driver/a-throw-is-a-rejection',
    prevents: 'a fault that comes out of a timer and ends the process',
    async run(t) {
      const fail = (): never => {
        throw new StoreError('IO', 'thrown, not rejected')
      }
      await useOver(
        t,
        () => ({ write: fail, read: fail, probe: fail }),
        async (store) => {
          for (const call of Object.values({ ...READS, ...WRITES })) await rejectsWith(call(store), 'IO', 'not_applied')
          assert.equal(await store.isHealthy(), false)
        },
      )
    },
  },
  {
    id: 'faults/driver/errors-of-another-copy-are-understood',
    prevents: 'two copies of the package in one program, of which one does not know the other’s errors',
    async run(t) {
      const foreign = Object.assign(new Error('from afar'), { code: 'BUSY', outcome: 'not_applied', retryable: true })
      foreign.name = 'StoreError'
      assert.equal(isStoreError(foreign), true)
      assert.equal(isStoreError(foreign, 'UNAVAILABLE', 'BUSY'), true)
      assert.equal(isStoreError(foreign, 'UNAVAILABLE'), false)
      const strangers = [
        new Error('BUSY'),
        Object.assign(new Error('x'), { code: 'BUSY' }),
        { name: 'StoreError', code: 'BUSY' },
        undefined,
      ]
      for (const stranger of strangers) assert.equal(isStoreError(stranger), false)
      const fail = async () => Promise.reject(foreign)
      await useOver(
        t,
        () => ({ write: fail, read: fail }),
        async (store) => {
          for (const [operation, call] of Object.entries({ ...READS, ...WRITES })) {
            const error = await rejectsWith(call(store), 'BUSY', 'not_applied')
            assert.equal(error.retryable, true)
            assert.equal(error.operation, operation)
          }
        },
      )
    },
  },
  {
    id: 'faults/driver/an-unknown-outcome-is-not-tried-again',
    prevents: 'a write that is applied twice because the store, which cannot know, tried again by itself',
    async run(t) {
      let writes = 0
      const lose = (driver: StoreDriver): Faulty => ({
        async write(units) {
          writes += 1
          await driver.write(units)
          throw new StoreError('UNAVAILABLE', 'the reply was lost', { outcome: 'unknown' })
        },
      })
      await useOver(t, lose, async (store) => {
        await rejectsWith(store.addUsage('minecraft', DAY, 1_000), 'UNAVAILABLE', 'unknown')
        assert.equal(await store.getUsage('minecraft', DAY), 1_000)
      })
      assert.equal(writes, 1)
    },
  },
  {
    id: 'faults/driver/a-missing-outcome-is-unknown',
    prevents: 'a write that never resolves, or that counts as done, because a backend lost its outcome',
    async run(t) {
      const loseLast = (driver: StoreDriver): Faulty => ({
        write: async (units) => (await driver.write(units)).slice(0, -1),
      })
      await useOver(t, loseLast, async (store) => {
        const [a, b, c] = unawaited(
          store.addUsage('a', DAY, 1_000),
          store.addUsage('b', DAY, 1_000),
          store.addUsage('c', DAY, 1_000),
        )
        await rejectsWith(c, 'DATABASE', 'unknown')
        await Promise.all([a, b])
      })
    },
  },
]
