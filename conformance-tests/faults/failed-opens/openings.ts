import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { isStoreError, systemClock } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'

/**
 * A process that opens stores which cannot be opened, each so often, and says what it holds afterwards beside what it held
 * before. Given: a directory, the URL of a PostgreSQL, and how often.
 */
const [directory = '', url = '', times = ''] = process.argv.slice(2)
/** How long whatever is being closed may take for that, in milliseconds. */
const CLOSING_MS_MAX = 10_000
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

for (const open of Object.values(OPENINGS)) await failToOpen('what is loaded with the first one', open)
for (const [what, open] of Object.entries(OPENINGS)) {
  const before = held()
  for (let time = 0; time < Number(times); time += 1) await failToOpen(what, open)
  await isLetGo(what, before)
}
console.log(`${Object.keys(OPENINGS).length} ways, ${times} times each: nothing is left`)

async function failToOpen(what: string, open: () => Promise<unknown>): Promise<void> {
  await assert.rejects(open(), (error) => isStoreError(error), what)
}

/** A socket that is being closed is there until the server has heard of it; what is left behind stays. */
async function isLetGo(what: string, before: Held): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const isMore = (now: Held) => now.descriptors > before.descriptors || now.resources > before.resources
  while (isMore(held()) || held().listeners > before.listeners) {
    if (systemClock.monotonicMs() - startedMs > CLOSING_MS_MAX)
      assert.deepEqual(held(), before, `${what} leaves something`)
    await turn()
  }
}

type Held = ReturnType<typeof held>

/** Descriptors; timers, sockets and threads; listeners: how many. */
function held() {
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

function inDatabase(name: string, sql: string): void {
  const database = new Database(path(name))
  database.exec(sql)
  database.close()
}
