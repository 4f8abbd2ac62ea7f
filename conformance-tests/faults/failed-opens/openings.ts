import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { isStoreError } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'

/**
 * A process that opens stores which cannot be opened, each so often, and says what it holds afterwards beside what it held
 * before. Given: a directory, the URL of a PostgreSQL, and how often.
 */
const [directory = '', url = '', times = ''] = process.argv.slice(2)
/** Of the event loop, after which whatever is being closed is closed. */
const TURNS = 50
const path = (name: string) => join(directory, name)

await (await openSqliteStore(path('calendar.db'), { calendar: { timeZone: 'UTC' } })).close()
await (await openSqliteStore(path('newer.db'))).close()
inDatabase('newer.db', `update meta set value = '99' where key = 'schema_version'`)
inDatabase('foreign.db', 'create table customers (id integer primary key)')
writeFileSync(path('text.db'), 'Dear diary, '.repeat(100))
mkdirSync(path('directory.db'))
const wrongPassword = new URL(url)
wrongPassword.password = 'wrong'
const missing = new URL(url)
missing.pathname = '/nowhere'

const OPENINGS: Readonly<Record<string, () => Promise<{ close(): Promise<void> }>>> = {
  'another calendar': () => openSqliteStore(path('calendar.db'), { calendar: { timeZone: 'Asia/Tokyo' } }),
  'a newer schema': () => openSqliteStore(path('newer.db')),
  "another program's file": () => openSqliteStore(path('foreign.db')),
  'a text file': () => openSqliteStore(path('text.db')),
  'a directory': () => openSqliteStore(path('directory.db')),
  'no file': () => openSqliteStore(path('none.db'), { create: false }),
  'a wrong password': () => openPostgresStore(wrongPassword.href, { node: 'hub' }),
  'a missing database': () => openPostgresStore(missing.href, { node: 'hub' }),
  'a server that is not there': () => openPostgresStore('postgres://hub:secret@127.0.0.1:1/hub', { node: 'hub' }),
  'a schema that is not there': () => openPostgresStore(url, { node: 'hub', schema: 'none', migrate: 'never' }),
}

for (const [what, open] of Object.entries(OPENINGS)) {
  await failToOpen(what, open)
  const before = await held()
  for (let time = 0; time < Number(times); time += 1) await failToOpen(what, open)
  assert.deepEqual(await held(), before, `${what} leaves something behind`)
}
console.log(`${Object.keys(OPENINGS).length} ways, ${times} times each: nothing is left`)

async function failToOpen(what: string, open: () => Promise<unknown>): Promise<void> {
  await assert.rejects(open(), (error) => isStoreError(error), what)
}

/** Descriptors, timers, sockets, threads and listeners. */
async function held() {
  for (let turns = 0; turns < TURNS; turns += 1) await turn()
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().toSorted(),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

function inDatabase(name: string, sql: string): void {
  const database = new Database(path(name))
  database.exec(sql)
  database.close()
}
