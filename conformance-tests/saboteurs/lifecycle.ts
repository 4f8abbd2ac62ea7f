import { createCalendar, type DriverChange, StoreError, type WriteUnit } from '@shepherd-store/core'
import { onDriver, onStore, type Saboteur, withMethods, writeOne } from './saboteur.ts'

type CooldownSet = Extract<DriverChange, { readonly table: 'cooldown' }> & { readonly until: Date }

/** Defects of opening, closing, health, views and the calendar. */
export const lifecycleSaboteurs: readonly Saboteur[] = [
  {
    name: 'close-clears',
    plants: 'clears the cooldowns that a handle has set when it is closed',
    caughtBy: 'lifecycle/reopen/finds-everything-after-a-close',
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
    plants: 'acknowledges a cooldown at once, and writes it with the next write: what is still due at the end is lost',
    caughtBy: 'lifecycle/reopen/finds-everything-acknowledged-after-a-crash',
    sabotage: onDriver((sound) => {
      let due: CooldownSet | undefined
      return {
        async write(units) {
          const catchUp: WriteUnit = { conditions: [], changes: due === undefined ? [] : [due] }
          const later = simpleSetOf(units.at(-1))
          const prompt = units.map((unit) => ({ ...unit, changes: unit.changes.filter((change) => change !== later) }))
          const [, ...outcomes] = await sound.write([catchUp, ...prompt])
          due = outcomes.at(-1)?.type === 'applied' ? later : undefined
          return outcomes
        },
        async read(request) {
          const result = await sound.read(request)
          // The handle itself knows what is due.
          const { scope, entryId = due?.entryId } = request.cooldowns ?? {}
          if (due === undefined || due.scope !== scope || due.entryId !== entryId) return result
          const others = result.cooldowns.filter((cooldown) => cooldown.entryId !== entryId)
          return { ...result, cooldowns: [due, ...others] }
        },
      }
    }),
  },
  {
    name: 'close-drops-the-queue',
    plants: 'drops the writes that are waiting when it is closed',
    caughtBy: 'lifecycle/close/applies-what-was-accepted',
    sabotage: onClosing((closed) => ({ write: closed })),
  },
  {
    name: 'close-abandons-reads',
    plants: 'fails the reads that are under way when it is closed',
    caughtBy: 'lifecycle/close/answers-reads-under-way',
    throws: 'CLOSED',
    sabotage: onClosing((closed) => ({ read: closed })),
  },
  {
    name: 'close-closes-nothing',
    plants: 'works on after it was closed',
    caughtBy: 'lifecycle/closed/every-method-rejects',
    sabotage: onStore(() => ({ close: async () => {}, [Symbol.asyncDispose]: async () => {} })),
  },
  {
    name: 'close-once',
    plants: 'fails when it is closed a second time',
    caughtBy: 'lifecycle/close/may-be-repeated',
    throws: 'CLOSED',
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
    caughtBy: 'health/failing/is-told-and-passes',
    sabotage: onDriver(() => ({ probe: async () => ({ backend: 'any', version: '1', schemaVersion: 1 }) })),
  },
  {
    name: 'never-healthy',
    plants: 'reports that a database that works does not',
    caughtBy: 'health/report/a-fresh-store-is-healthy',
    sabotage: onDriver(() => ({ probe: () => Promise.reject(new StoreError('UNAVAILABLE', 'no answer')) })),
  },
  {
    name: 'health-throws',
    plants: 'throws when the database does not work, instead of reporting it',
    caughtBy: 'health/failing/is-told-and-passes',
    throws: 'UNAVAILABLE',
    sabotage: onStore((sound) => ({
      async isHealthy() {
        const { healthy, problems } = await sound.health()
        if (!healthy) throw new StoreError(problems[0]?.code ?? 'DATABASE', 'the store is not healthy')
        return healthy
      },
    })),
  },
  {
    name: 'health-is-always-new',
    plants: 'dates each problem by the look that tells of it',
    caughtBy: 'health/failing/is-told-since-when',
    sabotage: onStore((sound) => ({
      async health() {
        const report = await sound.health()
        return { ...report, problems: report.problems.map((problem) => ({ ...problem, since: report.checkedAt })) }
      },
    })),
  },
  {
    name: 'health-looks-at-no-write',
    plants: 'reports that a database works which has just refused a write',
    caughtBy: 'health/failing/a-disk-that-refused-a-write-is-told-until-it-takes-one',
    sabotage: onStore((sound) => ({
      async health() {
        const report = await sound.health()
        return report.database === undefined ? report : { ...report, healthy: true, problems: [] }
      },
    })),
  },
  {
    name: 'health-writes',
    plants: 'leaves a trace of every health check in the store',
    caughtBy: 'health/report/leaves-no-trace',
    sabotage: onDriver((sound) => ({
      async probe() {
        const trace = {
          table: 'cooldown',
          scope: 'default',
          entryId: 'health',
          until: new Date(0),
          keepLater: false,
        } as const
        await writeOne(sound, { conditions: [], changes: [trace] })
        return sound.probe()
      },
    })),
  },
  {
    name: 'view-without-node',
    plants: 'writes as the node that opened the store, whatever node a view names',
    caughtBy: 'views/write-in-their-own-name',
    sabotage: onStore((sound) => ({ view: (as) => sound.view({ scope: sound.view(as).scope }) })),
  },
  {
    name: 'view-in-the-default-scope',
    plants: 'falls back to the default scope in a view that names only a node',
    caughtBy: 'views/keep-what-is-not-named',
    sabotage: onStore((sound) => ({
      view(as) {
        const { node } = sound.view(as)
        return sound.view({ scope: as.scope ?? 'default', node })
      },
    })),
  },
  {
    name: 'calendar-ignored',
    plants: 'keeps days in UTC whatever its calendar says',
    caughtBy: 'calendar/today/changes-at-the-start-of-the-day-in-the-zone',
    sabotage: onStore(({ clock }) => {
      const utc = createCalendar({ timeZone: 'UTC', dayStart: '00:00' })
      return { today: () => utc.dayOf(clock.now()) }
    }),
  },
  {
    name: 'today-stands-still',
    plants: 'keeps the day that it was at first',
    caughtBy: 'calendar/today/changes-at-midnight-utc',
    sabotage: onStore((sound) => {
      const first = sound.today()
      return { today: () => first }
    }),
  },
]

/** The cooldown that a simple unit sets, if it does nothing else to cooldowns. */
function simpleSetOf(unit: WriteUnit | undefined): CooldownSet | undefined {
  if (unit === undefined || unit.operation !== undefined || unit.conditions.length > 0) return undefined
  const [change, ...others] = unit.changes.filter(({ table }) => table === 'cooldown')
  return change !== undefined && isSet(change) && others.length === 0 ? change : undefined
}

function isSet(change: DriverChange): change is CooldownSet {
  return change.table === 'cooldown' && change.until !== undefined && !change.keepLater
}

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
