import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { manualClock, type OwnedStore } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import type { Directories } from '../directories.ts'
import { createDatabase, withClient } from '../postgres/database.ts'

/** A database with the schema of version 1 and a row in every table, as that version left it. It goes with the test. */
export interface FirstDatabase {
  /** Opens it with this version, as the node and in the scope of most of its rows, an hour after the last one. */
  open(options?: { readonly migrate?: 'never' }): Promise<OwnedStore>
  /** The names of its tables, in order. */
  tables(): Promise<readonly string[]>
}

export function firstDatabases(adminUrl: string, { fresh }: Directories) {
  return [
    { name: 'sqlite', create: async () => createSqlite(join(fresh(), 'store.db')) },
    { name: 'postgres', create: () => createPostgres(adminUrl) },
  ] as const
}

const rows = readFileSync(join(import.meta.dirname, 'rows.sql'), 'utf8')

function optionsAt() {
  return { node: 'living-room', scope: 'anna', clock: manualClock('2026-11-23T19:30:00.000Z') }
}

function createSqlite(path: string): FirstDatabase {
  mkdirSync(dirname(path))
  withSqlite(path, (database) => database.exec(`${pinnedSchema('sqlite')} ${rows}`))
  return {
    open: async (options) => closing(await openSqliteStore(path, { ...optionsAt(), ...options })),
    async tables() {
      return withSqlite(path, (database) =>
        database.prepare<[], string>(`select name from sqlite_schema where type = 'table' order by name`).pluck().all(),
      )
    },
  }
}

function withSqlite<T>(path: string, use: (database: Database.Database) => T): T {
  const database = new Database(path)
  try {
    return use(database)
  } finally {
    database.close()
  }
}

async function createPostgres(adminUrl: string): Promise<FirstDatabase> {
  const { url, drop } = await createDatabase(adminUrl)
  onTestFinished(drop)
  await withClient(url, async (client) => {
    await client.query('create schema shepherd')
    await client.query(pinnedSchema('postgres'))
    await client.query(`set search_path = shepherd; ${rows}`)
    await client.query(`insert into writers values ('the one of then', 4, '[]', 3, '2026-11-23T18:30:00Z')`)
  })
  return {
    open: async (options) => closing(await openPostgresStore(url, { ...optionsAt(), ...options })),
    tables: () =>
      withClient(url, async (client) => {
        const found = await client.query<{ name: string }>(
          `select tablename as name from pg_tables where schemaname = 'shepherd' order by tablename`,
        )
        return found.rows.map(({ name }) => name)
      }),
  }
}

/** What led to version 1, as it was shipped. */
function pinnedSchema(backend: 'sqlite' | 'postgres'): string {
  const path = join(import.meta.dirname, `../../packages/${backend}/test/migrations.sql`)
  const [first] = readFileSync(path, 'utf8').split('-- Version 2.\n')
  if (first === undefined) throw new Error(`${path} is empty`)
  return first
}

function closing(store: OwnedStore): OwnedStore {
  onTestFinished(() => store.close())
  return store
}
