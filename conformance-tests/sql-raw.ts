import { join } from 'node:path'
import { manualClock, type OwnedStore } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { Directories } from './directories.ts'

/** A place with a store, whose tables a test reads and changes in SQL, round the store. It goes with the test. */
export interface SqlPlace {
  readonly store: OwnedStore
  exec(sql: string): Promise<void>
  /** The first column of each row. */
  column(sql: string): Promise<readonly unknown[]>
  /** SQL for the instant that many seconds (an SQL expression) before now, as the database's operations are aged. */
  secondsAgo(seconds: string): string
}

let schemas = 0

export function sqlPlaces(url: string, { fresh }: Directories) {
  return [
    { name: 'sqlite', createPlace: () => createSqlitePlace(join(fresh(), 'store.db')) },
    { name: 'postgres', createPlace: () => createPostgresPlace(url, `sql_${process.pid}_${(schemas += 1)}`) },
  ] as const
}

async function createSqlitePlace(path: string): Promise<SqlPlace> {
  const now = '2026-11-23T10:00:00.000Z'
  const store = await openSqliteStore(path, { clock: manualClock(now) })
  const database = new Database(path)
  onTestFinished(async () => {
    database.close()
    await store.close()
  })
  return {
    store,
    async exec(sql) {
      database.exec(sql)
    },
    async column(sql) {
      return database.prepare<[], unknown>(sql).pluck().all()
    },
    secondsAgo: (seconds) => `strftime('%Y-%m-%dT%H:%M:%fZ', '${now}', '-' || (${seconds}) || ' seconds')`,
  }
}

async function createPostgresPlace(url: string, schema: string): Promise<SqlPlace> {
  // Years ahead: operations are aged by the server's clock.
  const clock = manualClock('2126-11-23T10:00:00.000Z')
  const store = await openPostgresStore(url, { node: 'hub', schema, clock })
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` })
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await store.close()
  })
  return {
    store,
    async exec(sql) {
      await client.query(sql)
    },
    async column(sql) {
      const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
      return rows.map(([value]) => value)
    },
    secondsAgo: (seconds) => `now() - (${seconds}) * interval '1 second'`,
  }
}
