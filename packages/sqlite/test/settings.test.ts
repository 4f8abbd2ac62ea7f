import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { afterEach, onTestFinished, test, vi } from 'vitest'
import { applySettings, requireSupportedSqlite } from '../src/settings.ts'

const { pragma, prepare } = Database.prototype
afterEach(() => void vi.restoreAllMocks())

/** What a connection of the store has, and another value that SQLite could keep instead. */
const SETTINGS = [
  ['journal_mode', 'wal', 'delete'],
  // FULL: each commit reaches the medium before it is acknowledged. https://sqlite.org/pragma.html#pragma_synchronous
  ['synchronous', 2, 1],
  ['fullfsync', 1, 0],
  ['checkpoint_fullfsync', 1, 0],
  ['foreign_keys', 1, 0],
  ['trusted_schema', 0, 1],
  ['journal_size_limit', 67_108_864, -1],
  ['wal_autocheckpoint', 0, 1_000],
] as const

test('makes a store through a connection whose commits survive a power cut and that trusts no schema', async () => {
  assert.deepEqual(await settingsOfStore(freshPath()), SETTINGS_KEPT)
})

// An existing log has another default of its own: SQLITE_DEFAULT_WAL_SYNCHRONOUS.
test('opens a store that is there already through such a connection', async () => {
  const path = freshPath()
  await settingsOfStore(path)
  assert.deepEqual(await settingsOfStore(path), SETTINGS_KEPT)
})

test('lets no schema call a function that is not known to be harmless', () => {
  const database = openRaw(freshPath())
  database.function('answer', () => 42)
  database.exec('create view answers as select answer() as value')
  const ask = () => database.prepare('select value from answers').pluck().get()
  assert.equal(ask(), 42)
  applySettings(database)
  assert.throws(ask, /unsafe use of answer/)
})

test('refuses a database that cannot keep a log beside it', () => {
  const database = openRaw(':memory:')
  assert.throws(
    () => applySettings(database),
    (error) => {
      assert.ok(isStoreError(error, 'UNSUPPORTED'))
      assert.match(error.message, /journal_mode at memory .* needs wal/)
      return true
    },
  )
})

test.each(SETTINGS)('opens no store where SQLite keeps another %s, and lets go of the file', async (name, _, other) => {
  const opened = watchConnections({ name, other })
  await assert.rejects(openSqliteStore(freshPath()), (error) => {
    assert.ok(isStoreError(error, 'UNSUPPORTED'))
    assert.ok(error.message.startsWith(`SQLite keeps ${name} at ${other} here`), error.message)
    return true
  })
  assert.deepEqual(
    [...opened].map(({ open }) => open),
    [false, false],
  )
})

test.each(['3.51.3', '3.51.10', '3.52.0', '4.0.0'])('takes SQLite %s', (version) => {
  requireSupportedSqlite(ofVersion(openRaw(':memory:'), version))
})

test.each(['3.51.2', '3.51', '3.50.7', '3.6.23', '2.8.17'])(
  'refuses SQLite %s, whose checkpoints can damage the file',
  (version) => {
    const database = ofVersion(openRaw(':memory:'), version)
    assert.throws(
      () => requireSupportedSqlite(database),
      (error) => isStoreError(error, 'UNSUPPORTED') && error.message.startsWith(`this is SQLite ${version}, `),
    )
  },
)

test('opens no store on an SQLite that is too old, and lets go of the file', async () => {
  const opened = new Set<Database.Database>()
  vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, source: string) {
    opened.add(ofVersion(this, '3.51.2'))
    return prepare.call(this, source)
  })
  await assert.rejects(openSqliteStore(freshPath()), (error) => isStoreError(error, 'UNSUPPORTED'))
  assert.deepEqual(
    [...opened].map(({ open }) => open),
    [false, false],
  )
})

const SETTINGS_KEPT = Object.fromEntries(SETTINGS.map(([name, kept]) => [name, [kept]]))

/** What the one connection has that a store writes through. */
async function settingsOfStore(path: string): Promise<unknown> {
  const opened = watchConnections()
  const store = await openSqliteStore(path)
  const writable = [...opened].filter((connection) => connection.open && !connection.readonly)
  const settings = SETTINGS.map(([name]) => [name, writable.map((one) => one.pragma(name, { simple: true }))])
  await store.close()
  return Object.fromEntries(settings)
}

/** The connections that are opened from now on, each a real one; `forced`: a setting that stays at another value. */
function watchConnections(forced?: { readonly name: string; readonly other: string | number }): Set<Database.Database> {
  const opened = new Set<Database.Database>()
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
    opened.add(this)
    const isForced = forced !== undefined && source.startsWith(`${forced.name} =`)
    return pragma.call(this, isForced ? `${forced.name} = ${forced.other}` : source, options)
  })
  return opened
}

/** The connection, which says that its SQLite is of that version. */
function ofVersion(database: Database.Database, version: string): Database.Database {
  return database.function('sqlite_version', () => version)
}

function openRaw(path: string): Database.Database {
  const database = new Database(path)
  onTestFinished(() => void database.close())
  return database
}

/** The path of a file that is not there yet, in a directory that goes with the test. */
function freshPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'shepherd-store-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return join(directory, 'store.db')
}
