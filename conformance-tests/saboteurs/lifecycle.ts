import { type DriverChange, StoreError, type WriteOutcome, type WriteUnit } from '@shepherd-store/core'
import { onDriver, onStore, type Saboteur, withMethods } from './saboteur.ts'

/** Defects of opening, closing, health, views and the calendar. */
export const lifecycleSaboteurs: readonly Saboteur[] = [
  {
    name: 'close-clears',
    plants: 'clears the cooldowns that a handle has set when it is closed',
    sabotage: onDriver((sound) => {
      const clearing: DriverChange[] = []
      return {
        async write(units) {
          const set = units.flatMap(({ changes }) => changes.filter((change) => change.table === 'cooldown'))
          clearing.push(...set.map(({ until: _, ...change }) => ({ ...change, keepLater: false })))
          return sound.write(units)
        },
        async close() {
          await sound.write([{ conditions: [], changes: clearing }])
          await sound.close()
        },
      }
    }),
  },
  {
    name: 'acknowledged-before-written',
    plants: 'acknowledges a write at once, and writes it with the next call: what is still due at the end is lost',
    sabotage: onDriver((sound) => {
      let due: readonly WriteUnit[] = []
      const catchUp = async (): Promise<void> => {
        const units = due
        due = []
        if (units.length > 0) await sound.write(units)
      }
      return {
        async write(units) {
          await catchUp()
          const simple = units.every(
            ({ operation, conditions, changes }) =>
              operation === undefined &&
              conditions.length === 0 &&
              changes.every(({ table }) => table === 'cooldown' || table === 'snapshot'),
          )
          if (!simple) return sound.write(units)
          due = units
          return units.map((): WriteOutcome => ({ type: 'applied', audits: [], usage: [] }))
        },
        async read(request) {
          await catchUp()
          return sound.read(request)
        },
      }
    }),
  },
  {
    name: 'close-drops-the-queue',
    plants: 'drops the writes that are waiting when it is closed',
    sabotage: onClosing((closed) => ({ write: closed })),
  },
  {
    name: 'close-abandons-reads',
    plants: 'fails the reads that are under way when it is closed',
    sabotage: onClosing((closed) => ({ read: closed })),
  },
  {
    name: 'close-closes-nothing',
    plants: 'works on after it was closed',
    sabotage: onStore(() => ({ close: async () => {}, [Symbol.asyncDispose]: async () => {} })),
  },
  {
    name: 'close-once',
    plants: 'fails when it is closed a second time',
    sabotage: onStore((sound) => {
      let closed = false
      return {
        async close() {
          if (closed) throw new StoreError('CLOSED', 'the store was closed')
          closed = true
          await sound.close()
        },
      }
    }),
  },
  {
    name: 'always-healthy',
    plants: 'reports that a database works without a look at it',
    sabotage: onDriver(() => ({ probe: async () => ({ backend: 'any', version: '1', schemaVersion: 1 }) })),
  },
  {
    name: 'never-healthy',
    plants: 'reports that a database that works does not',
    sabotage: onDriver(() => ({ probe: () => Promise.reject(new StoreError('UNAVAILABLE', 'no answer')) })),
  },
  {
    name: 'health-throws',
    plants: 'throws when the database does not work, instead of reporting it',
    sabotage: onStore((sound) => ({
      async isHealthy() {
        const { healthy, problems } = await sound.health()
        if (!healthy) throw new StoreError(problems[0]?.code ?? 'DATABASE', 'the store is not healthy')
        return healthy
      },
    })),
  },
  {
    name: 'health-writes',
    plants: 'leaves a trace of every health check in the store',
    sabotage: onStore((sound) => ({
      async health() {
        await sound.saveSnapshot({ timestamp: sound.clock.now() }).catch(() => undefined)
        return sound.health()
      },
    })),
  },
  {
    name: 'view-without-node',
    plants: 'writes as the node that opened the store, whatever node a view names',
    sabotage: onStore((sound) => ({ view: ({ scope }) => sound.view({ scope }) })),
  },
  {
    name: 'view-in-the-default-scope',
    plants: 'falls back to the default scope in a view that names only a node',
    sabotage: onStore((sound) => ({ view: ({ scope = 'default', node }) => sound.view({ scope, node }) })),
  },
  {
    name: 'calendar-ignored',
    plants: 'keeps days in UTC whatever its calendar says',
    sabotage: onDriver(() => ({ calendar: { timeZone: 'UTC', dayStart: '00:00' } })),
  },
  {
    name: 'today-stands-still',
    plants: 'keeps the day that it was at first',
    sabotage: onStore((sound) => {
      const first = sound.today()
      return { today: () => first }
    }),
  },
]

/** Once `close` was called, the driver's methods are those of `defect`. */
function onClosing(
  defect: (closed: () => Promise<never>) => {
    readonly write?: () => Promise<never>
    readonly read?: () => Promise<never>
  },
): Saboteur['sabotage'] {
  const { write, read } = defect(() => Promise.reject(new StoreError('CLOSED', 'the store was closed')))
  // A store is made right after its driver.
  let latest = { closing: false }
  return {
    driver(sound) {
      const handle = { closing: false }
      latest = handle
      return {
        ...sound,
        write: async (units) => (handle.closing && write !== undefined ? write() : sound.write(units)),
        async read(request) {
          const result = await sound.read(request)
          return handle.closing && read !== undefined ? read() : result
        },
      }
    },
    store(sound) {
      const handle = latest
      const close = (): Promise<void> => {
        handle.closing = true
        return sound.close()
      }
      return withMethods(sound, { close, [Symbol.asyncDispose]: close })
    },
  }
}
