import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers'
import { createStore } from '../create-store.ts'
import type { StoreDriver } from '../driver.ts'
import { checkOf } from '../faults.ts'
import { LIMITS } from '../limits.ts'
import type { Store, StoreOptions } from '../store.ts'
import { rejectsWith } from './expect.ts'
import { type CaseDefinition, SUITE_CALENDAR } from './harness.ts'
import { READS, WRITES } from './methods.ts'

/** What `createStore` checks, and what it promises the driver. */
export const lifecycleCreateCases: readonly CaseDefinition[] = [
  {
    id: 'lifecycle/create/defaults',
    prevents: 'a service whose records name no machine, or another one after an update',
    async run(t) {
      const store = await t.open()
      assert.equal(store.node, 'local')
      assert.equal(store.scope, 'default')
      assert.equal(store.clock, t.clock)
      assert.equal(store.today(), '2026-11-23')
      const named = await t.open({ node: 'tablet', scope: 'otto' })
      assert.deepEqual([named.node, named.scope], ['tablet', 'otto'])
    },
  },
  {
    id: 'lifecycle/create/capabilities-are-told',
    prevents: 'a program that cannot find out what its store survives',
    async run(t) {
      const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
      const store = createStore(driver, { clock: t.clock })
      try {
        const { durability, sharing } = store.capabilities
        assert.ok(['none', 'power_loss'].includes(durability), durability)
        assert.ok(['process', 'machine', 'network'].includes(sharing), sharing)
        assert.deepEqual(store.capabilities, driver.capabilities)
        assert.deepEqual(store.view({ node: 'tablet' }).capabilities, driver.capabilities)
      } finally {
        await store.close()
      }
    },
  },
  {
    id: 'lifecycle/create/refuses-a-driver-of-another-contract',
    prevents: 'a backend of another version that is called with what it does not understand',
    async run(t) {
      const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
      try {
        for (const contract of [0, 2, '1', undefined, null]) {
          const other = { ...driver, contract } as unknown as StoreDriver
          const error = await rejectsWith((async () => createStore(other))(), 'UNSUPPORTED', 'not_applied')
          assert.equal(error.retryable, false)
        }
      } finally {
        await driver.close()
      }
    },
  },
  {
    id: 'lifecycle/create/refuses-options-out-of-range',
    prevents: 'a time limit of 0, Infinity or NaN that lets every call fail, or none',
    async run(t) {
      const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
      try {
        const { CALL_TIMEOUT_MS_MIN: min, CALL_TIMEOUT_MS_MAX: max } = LIMITS
        const timeouts = [0, -1, min - 1, max + 1, 20.5, Number.NaN, Number.POSITIVE_INFINITY]
        const invalid: readonly StoreOptions[] = [
          ...timeouts.map((callTimeoutMs) => ({ callTimeoutMs })),
          { callTimeoutMs: '1000' as unknown as number },
          { node: '' },
          { node: 'a\0b' },
          { scope: '' },
          { scope: 's'.repeat(257) },
          { calendar: { timeZone: 'Mars/Olympus_Mons' } },
        ]
        for (const options of invalid) {
          await rejectsWith((async () => createStore(driver, options))(), 'INVALID_ARGUMENT', 'not_applied')
        }
        for (const callTimeoutMs of [min, max]) createStore(driver, { callTimeoutMs })
      } finally {
        await driver.close()
      }
    },
  },
  {
    id: 'lifecycle/create/closes-the-driver-once-when-it-is-idle',
    prevents: 'a connection that is taken away under a call, or given back twice to a pool',
    async run(t) {
      const calls: readonly ((store: Store) => Promise<unknown>)[] = [
        WRITES.addUsage,
        READS.getUsage,
        (store) => store.isHealthy(),
      ]
      for (const call of calls) {
        const { driver, closes } = watchCloses(await t.place.openDriver({ calendar: SUITE_CALENDAR }))
        const store = createStore(driver, { clock: t.clock })
        const called = call(store)
        await Promise.all([store.close(), store.close(), called])
        await store.close()
        assert.deepEqual(closes, [0], `calls under way at each close of the driver, after ${String(call)}`)
      }
    },
  },
]

/** The driver, a little slower, with a note at each close of how many of its calls were under way. */
function watchCloses(inner: StoreDriver): { readonly driver: StoreDriver; readonly closes: readonly number[] } {
  const closes: number[] = []
  let underWay = 0
  const delay = async <T>(call: () => Promise<T>): Promise<T> => {
    underWay += 1
    try {
      // Long enough for a close that does not wait to overtake it.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return await call()
    } finally {
      underWay -= 1
    }
  }
  const driver: StoreDriver = {
    contract: 1,
    capabilities: inner.capabilities,
    calendar: inner.calendar,
    write: (units) => delay(() => inner.write(units)),
    read: (request) => delay(() => inner.read(request)),
    probe: () => delay(() => inner.probe()),
    ...checkOf(inner, delay),
    async close() {
      closes.push(underWay)
      if (closes.length === 1) await inner.close()
    },
  }
  return { driver, closes }
}
