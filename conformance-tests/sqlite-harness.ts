import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CalendarOptions, StoreDriver } from '@shepherd-store/core'
import type { Harness, RawAccess } from '@shepherd-store/core/conformance'
import { openSqliteDriver, type SqliteDriverOptions } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { rawSqlite } from './sqlite-raw.ts'

/** Of one way to write, and with what other processes open the same place. */
export interface SqliteHarnessOptions extends Pick<SqliteDriverOptions, 'writer'> {
  readonly name: string
  /** The URL of a module whose `openDriver` opens a file in that way. */
  readonly module: string
}

export function harnessFor({ name, module, writer }: SqliteHarnessOptions): Harness {
  return {
    name,
    async createPlace() {
      const directory = mkdtempSync(join(tmpdir(), 'shepherd-store-'))
      const path = join(directory, 'store.db')
      return {
        openDriver: ({ calendar }) => openSqliteDriver(path, { calendar, writer }),
        address: { module, location: path },
        raw: rawFile(path),
        async destroy() {
          rmSync(directory, { recursive: true })
        },
      }
    },
  }
}

/** As a store is opened unless its options say otherwise. */
export const sqliteHarness: Harness = harnessFor({ name: 'sqlite', module: import.meta.url })

/** How a worker process opens a place by its `address`. */
export function openDriver(
  location: string,
  { calendar }: { readonly calendar: CalendarOptions },
): Promise<StoreDriver> {
  return openSqliteDriver(location, { calendar })
}

/** The rows of the file, round the store. */
export function rawFile(path: string): RawAccess {
  return {
    audits: () => withDatabase(path, (database) => rawSqlite(database).audits()),
    usage: () => withDatabase(path, (database) => rawSqlite(database).usage()),
    sessions: () => withDatabase(path, (database) => rawSqlite(database).sessions()),
    spoil: (row) => withDatabase(path, (database) => rawSqlite(database).spoil(row)),
  }
}

async function withDatabase<T>(path: string, use: (database: Database.Database) => Promise<T>): Promise<T> {
  const database = new Database(path)
  try {
    return await use(database)
  } finally {
    database.close()
  }
}
