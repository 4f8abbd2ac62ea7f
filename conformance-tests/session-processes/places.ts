import { createStore, manualClock, type Store } from '@shepherd-store/core'
import type { Harness, Place, PlaceAddress } from '@shepherd-store/core/conformance'
import Database from 'better-sqlite3'
import pg from 'pg'
import { postgresHarness } from '../postgres-harness.ts'
import { sqliteHarness } from '../sqlite-harness.ts'
import { type Effects, effectsQuery } from './effects.ts'
import { RESTARTED_AT } from './endings.ts'
import { UTC } from './tasks.ts'

/** A place that processes share, and what somebody else finds there when one of them has been killed. */
export interface SharedPlace {
  readonly address: PlaceAddress
  /** The file that the processes themselves write. Absent where a server does, which goes on when they are gone. */
  readonly path?: string
  /** A look at the rows from outside. */
  look(scope: string): Promise<Effects>
  /** Gives the store of `node`, who comes later: a file is opened again, a server's other clients are there already. */
  afterwards<T>(as: { readonly scope: string; readonly node: string }, use: (store: Store) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export async function sqlitePlace(): Promise<SharedPlace> {
  const { place, address } = await createPlace(sqliteHarness)
  const path = address.location
  return {
    address,
    path,
    async look(scope) {
      const database = new Database(path)
      try {
        return database.prepare(effectsQuery(scope, 'main')).get() as Effects
      } finally {
        database.close()
      }
    },
    async afterwards(as, use) {
      const store = await openStore(place)
      try {
        return await use(store.view(as))
      } finally {
        await store.close()
      }
    },
    close: () => place.destroy(),
  }
}

export async function postgresPlace(url: string): Promise<SharedPlace> {
  const { place, address } = await createPlace(postgresHarness(url))
  const { schema } = JSON.parse(address.location) as { readonly schema: string }
  const store = await openStore(place)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    address,
    async look(scope) {
      const { rows } = await client.query<Effects>(effectsQuery(scope, schema))
      if (rows[0] === undefined) throw new Error('a query without a table returned no row')
      return rows[0]
    },
    afterwards: (as, use) => use(store.view(as)),
    async close() {
      await client.end()
      await store.close()
      await place.destroy()
    },
  }
}

async function createPlace(harness: Harness): Promise<{ readonly place: Place; readonly address: PlaceAddress }> {
  const place = await harness.createPlace()
  if (place.address === undefined) throw new Error(`no other process can open a place of ${harness.name}`)
  return { place, address: place.address }
}

async function openStore(place: Place) {
  return createStore(await place.openDriver({ calendar: UTC }), { clock: manualClock(RESTARTED_AT) })
}
