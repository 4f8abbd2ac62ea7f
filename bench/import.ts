import { setImmediate } from 'node:timers/promises'
import { systemClock } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import Database from 'better-sqlite3'
import { makeCrateDatabase } from './crate-database.ts'
import { USUAL_WAY } from './our-sqlite.ts'
import { durableDatabase } from './raw-sqlite.ts'
import type { Contender, Row } from './row.ts'

const EVENTS = 1_000_000
/** Rows that are read at once, untimed, before they are inserted. */
const BATCH = 10_000

export const imports: readonly Row[] = [importMillion()]

/** Takes minutes: once, cold, and in the usual way alone. */
function importMillion(): Row {
  /** The store that was made last: what it holds, the yardsticks insert. */
  let imported = ''
  const ours: Contender = {
    name: `${USUAL_WAY.name}, importRustStore`,
    async start(place) {
      const crate = await place.shared('crate.db', async (path) => makeCrateDatabase(path, EVENTS))
      return {
        async run() {
          imported = place.file('imported.db')
          const store = await openSqliteStore(imported, USUAL_WAY.options)
          await importRustStore(crate, store)
          await store.close()
        },
        close: () => undefined,
      }
    },
  }
  return {
    id: 'import-million',
    title: "SQLite: import of a crate's database of a million events; the yardsticks insert the records that it makes",
    atMost: 3,
    operations: EVENTS,
    rounds: 1,
    warmUp: false,
    contenders: [
      ours,
      {
        name: "better-sqlite3, prepared insert into the store's tables",
        start: (place) => ({
          async run() {
            const path = place.file('store.db')
            await (await openSqliteStore(path)).close()
            return insertAll(imported, durableDatabase(path))
          },
          close: () => undefined,
        }),
      },
      {
        name: 'better-sqlite3, prepared insert into a plain table',
        start: (place) => ({
          run() {
            const database = durableDatabase(place.file('plain.db'))
            database.exec(definitionOfLog(imported))
            return insertAll(imported, database)
          },
          close: () => undefined,
        }),
      },
    ],
  }
}

/** Inserts the log of the store at `from` in one transaction, closes the database, and returns what the inserting took. */
async function insertAll(from: string, database: Database.Database): Promise<number> {
  const source = new Database(from, { readonly: true })
  const page = source
    .prepare<[number, number], unknown[]>('select * from audit_log where id > ? order by id limit ?')
    .raw()
  const columns = page.columns().map(() => '?')
  const insert = database.prepare<unknown[]>(`insert into audit_log values (${columns.join(', ')})`)
  let tookMs = timed(() => database.exec('begin immediate'))
  for (let after = 0; ; after += BATCH) {
    const rows = page.all(after, BATCH)
    tookMs += timed(() => {
      for (const row of rows) insert.run(...row)
    })
    if (rows.length < BATCH) break
    // The process can be interrupted in between.
    await setImmediate()
  }
  tookMs += timed(() => database.exec('commit'))
  source.close()
  database.close()
  return tookMs * 1_000
}

function timed(work: () => unknown): number {
  const startedMs = systemClock.monotonicMs()
  work()
  return systemClock.monotonicMs() - startedMs
}

function definitionOfLog(path: string): string {
  const database = new Database(path, { readonly: true })
  const definition = database
    .prepare<[], string>(`select sql from sqlite_schema where type = 'table' and name = 'audit_log'`)
    .pluck()
    .get()
  database.close()
  if (definition === undefined) throw new Error(`${path} has no log`)
  return definition
}
