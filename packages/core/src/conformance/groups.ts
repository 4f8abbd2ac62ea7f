import assert from 'node:assert/strict'
import { clearTimeout, setTimeout } from 'node:timers'
import type { StoreDriver } from '../driver.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const CALLERS = 64
const ROUNDS = 10
/** Ten times what fits between two turns of the event loop. */
const WRITES_MAX = 20_000

/** Which writes share a commit. */
export const groupCases: readonly CaseDefinition[] = [
  {
    id: 'groups/together/callers-that-are-answered-together-are-asked-together',
    prevents: 'a commit for each of many callers, who only want to be served again',
    async run(t) {
      const { sizes, counted } = countGroups()
      await useOver(t, counted, async (store) => {
        const caller = async (): Promise<void> => {
          for (let round = 0; round < ROUNDS; round += 1) await store.addUsage('minecraft', DAY, 1)
        }
        await Promise.all(Array.from({ length: CALLERS }, caller))
        assert.equal(await store.getUsage('minecraft', DAY), CALLERS * ROUNDS)
      })
      assert.deepEqual(sizes, Array<number>(ROUNDS).fill(CALLERS))
    },
  },
  {
    id: 'groups/meanwhile/the-first-goes-alone-and-the-others-gather',
    prevents: 'a single caller who waits for company, and many who come meanwhile and are served one by one',
    async run(t) {
      const { sizes, counted } = countGroups()
      const called = Promise.withResolvers<undefined>()
      const free = Promise.withResolvers<undefined>()
      const held = (driver: StoreDriver): Faulty => {
        const { write } = counted(driver)
        return {
          async write(units) {
            called.resolve(undefined)
            await free.promise
            return write(units)
          },
        }
      }
      await useOver(t, held, async (store) => {
        const first = store.addUsage('minecraft', DAY, 1)
        await called.promise
        const others = Array.from({ length: CALLERS }, () => store.addUsage('minecraft', DAY, 1))
        free.resolve(undefined)
        await Promise.all([first, ...others])
        assert.equal(await store.getUsage('minecraft', DAY), 1 + CALLERS)
      })
      assert.deepEqual(sizes, [1, CALLERS])
    },
  },
  {
    id: 'groups/turns/timers-are-served-while-one-caller-writes-on',
    prevents: 'a service whose timers, sockets and signals wait for ever for a loop of writes',
    async run(t) {
      const store = await t.open()
      let isServed = false
      const timer = setTimeout(() => (isServed = true), 0)
      let writes = 0
      for (; !isServed && writes < WRITES_MAX; writes += 1) await store.addUsage('minecraft', DAY, 1)
      clearTimeout(timer)
      assert.ok(isServed, `after ${writes} writes`)
    },
  },
]

function countGroups() {
  const sizes: number[] = []
  const counted = (driver: StoreDriver): Pick<StoreDriver, 'write'> => ({
    write(units) {
      sizes.push(units.length)
      return driver.write(units)
    },
  })
  return { sizes, counted }
}
