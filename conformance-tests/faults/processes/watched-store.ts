import { manualClock, type OwnedStore } from '@shepherd-store/core'
import type { Place } from '@shepherd-store/core/conformance'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import type pg from 'pg'
import { beforeSqliteStatements, poolBefore } from './statements.ts'

/** A file, or a schema of a database. */
export type Where =
  | { readonly type: 'sqlite'; readonly path: string }
  | { readonly type: 'postgres'; readonly url: string; readonly schema: string }

/** Where other processes find the place. */
export function whereOf({ address }: Place): Where {
  if (address === undefined) throw new Error('no other process can open the place')
  const { location } = address
  if (!location.startsWith('{')) return { type: 'sqlite', path: location }
  return { type: 'postgres', ...(JSON.parse(location) as { readonly url: string; readonly schema: string }) }
}

const NODE = 'study'
const OPENED_AT = '2026-11-24T12:00:00.000Z'

/** Opens the store there. It writes in this thread. */
function openWhere(where: Where): Promise<OwnedStore> {
  return where.type === 'sqlite'
    ? openSqliteStore(where.path, { ...optionsAt(), writer: 'inline' })
    : openPostgresStore(where.url, { ...optionsAt(), schema: where.schema })
}

/** The same; `act` is called before each statement, on PostgreSQL with the connection that it is sent on. */
export function openWatched(where: Where, act: (client?: pg.Client) => void): Promise<OwnedStore> {
  if (where.type === 'postgres')
    return openPostgresStore(poolBefore(where.url, act), { ...optionsAt(), schema: where.schema })
  beforeSqliteStatements(act)
  return openWhere(where)
}

/** Opens the store there, and closes it. */
export async function useWhere<T>(where: Where, use: (store: OwnedStore) => Promise<T>): Promise<T> {
  const store = await openWhere(where)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

function optionsAt() {
  return { node: NODE, clock: manualClock(OPENED_AT), calendar: { timeZone: 'Europe/Berlin', dayStart: '04:00' } }
}
