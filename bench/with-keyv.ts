import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { callers } from './callers.ts'
import { DAYS, ENTRIES, snapshotTexts, turn } from './household.ts'
import type { Place } from './place.ts'
import type { Contender, Running } from './row.ts'

/** Keyv, for what is a value under a key: one that is read, and one that is saved. */
const NAME = 'Keyv'

export function keyvUsage(operations: number): Contender {
  return {
    name: NAME,
    operations,
    async start(place): Promise<Running> {
      const keyv = await openKeyv(place)
      for (const day of DAYS) for (const entryId of ENTRIES) await keyv.set(`${day}/${entryId}`, 1_234_567)
      return {
        run: () => callers(1, operations, (index) => keyv.get(`${turn(DAYS, index)}/${turn(ENTRIES, index)}`)),
        close: () => keyv.disconnect(),
      }
    },
  }
}

export function keyvSnapshot(operations: number): Contender {
  return {
    name: NAME,
    operations,
    async start(place): Promise<Running> {
      const keyv = await openKeyv(place)
      const states = (await snapshotTexts()).map((text) => JSON.parse(text) as object)
      return {
        run: () => callers(1, operations, (index) => keyv.set('default/local', turn(states, index))),
        close: () => keyv.disconnect(),
      }
    },
  }
}

async function openKeyv(place: Place): Promise<Keyv> {
  const store = new KeyvSqlite({ uri: `sqlite://${place.file('keyv.db')}`, wal: true, driver: 'better-sqlite3' })
  await store.ready
  // As durable as the others: by itself it is not, in WAL mode. Without the comment it is taken for a query with rows.
  await store.query('/* no rows */ pragma synchronous = full')
  return new Keyv({ store })
}
