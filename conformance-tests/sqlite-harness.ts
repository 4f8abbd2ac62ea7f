import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CalendarOptions, StoreDriver } from '@shepherd-store/core'
import type { Harness } from '@shepherd-store/core/conformance'
import { openSqliteDriver } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { rawSqlite } from './sqlite-raw.ts'

export const sqliteHarness: Harness = {
  name: 'sqlite',
  async createPlace() {
    const directory = mkdtempSync(join(tmpdir(), 'shepherd-store-'))
    const path = join(directory, 'store.db')
    return {
      openDriver: (options) => openDriver(path, options),
      address: { module: import.meta.url, location: path },
      raw: {
        audits: () => withDatabase(path, (database) => rawSqlite(database).audits()),
        usage: () => withDatabase(path, (database) => rawSqlite(database).usage()),
        sessions: () => withDatabase(path, (database) => rawSqlite(database).sessions()),
        spoil: (row) => withDatabase(path, (database) => rawSqlite(database).spoil(row)),
      },
      async destroy() {
        rmSync(directory, { recursive: true })
      },
    }
  },
}

/** How a worker process opens a place by its `address`. */
export function openDriver(
  location: string,
  { calendar }: { readonly calendar: CalendarOptions },
): Promise<StoreDriver> {
  return openSqliteDriver(location, { calendar })
}

async function withDatabase<T>(path: string, use: (database: Database.Database) => Promise<T>): Promise<T> {
  const database = new Database(path)
  try {
    return await use(database)
  } finally {
    database.close()
  }
}
