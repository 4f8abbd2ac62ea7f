import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isStoreError, type StoreErrorCode } from '@shepherd-store/core'
import { openSqliteStore, type SqliteStoreOptions } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { contentsOf, temporaryDirectories } from './directories.ts'

const { root, fresh: freshDirectory } = temporaryDirectories()

/** Root may do everything: what it makes is opened as somebody else. Any other user takes the rights from itself. */
const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }

/** Each makes what is at `path`; the store refuses it with the code, and a message that says what to do. */
const REFUSED: readonly (readonly [
  what: string,
  code: StoreErrorCode,
  advice: RegExp,
  make: (path: string) => void | Promise<void>,
  options?: SqliteStoreOptions,
])[] = [
  ['a directory', 'INVALID_ARGUMENT', /name a file/, (path) => mkdirSync(path)],
  ['a text file', 'UNRECOGNIZED_SCHEMA', /choose another/, (path) => writeFileSync(path, 'Dear diary,\n')],
  ['a single byte', 'UNRECOGNIZED_SCHEMA', /choose another/, (path) => writeFileSync(path, 'S')],
  ["another program's database", 'UNRECOGNIZED_SCHEMA', /another program.*choose another/, makeForeign],
  [
    "another program's WAL database",
    'UNRECOGNIZED_SCHEMA',
    /choose another/,
    (path) => makeForeign(path, 'journal_mode = wal'),
  ],
  ["another program's empty database", 'UNRECOGNIZED_SCHEMA', /choose another/, makeEmptyForeign],
  ["the crate's database", 'RUST_SCHEMA', /import rust/, makeRust],
  ['a newer schema', 'SCHEMA_TOO_NEW', /install a newer version/, makeNewer],
  ['no database at all', 'NOT_FOUND', /check the path/, () => {}, { create: false }],
  ['an empty file', 'NOT_FOUND', /check the path/, (path) => writeFileSync(path, ''), { create: false }],
  [
    'an empty file that may not be migrated',
    'NOT_FOUND',
    /check the path/,
    (path) => writeFileSync(path, ''),
    { migrate: 'never' },
  ],
  ['another calendar', 'CALENDAR_MISMATCH', /two calendars/, makeStore, { calendar: { timeZone: 'Asia/Tokyo' } }],
]

for (const [what, code, advice, make, options] of REFUSED) {
  test(`refuses ${what} with ${code}, and leaves it as it is`, async () => {
    const directory = freshDirectory()
    mkdirSync(directory)
    const path = join(directory, 'store.db')
    await make(path)
    const before = contentsOf(directory)
    const error: unknown = await openSqliteStore(path, options).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(isStoreError(error, code), String(error))
    expect(error.message).toMatch(advice)
    assert.deepEqual(contentsOf(directory), before)
  })
}

test.each([
  { calendar: { timeZone: 'Mars/Phobos' } },
  { calendar: { timezone: 'Asia/Tokyo' } },
  { calender: { timeZone: 'Asia/Tokyo' } },
  { callTimeoutMs: 1 },
  { busyTimeoutMs: -1 },
  { node: '' },
  { scope: 'a\0b' },
  { changeCalendar: true },
])('refuses the options %j before anything is made', async (options) => {
  const directory = freshDirectory()
  const opening = openSqliteStore(join(directory, 'store.db'), options)
  await assert.rejects(opening, (error) => isStoreError(error, 'INVALID_ARGUMENT'))
  assert.equal(existsSync(directory), false)
})

test('takes a damaged calendar of the database for what it is', async () => {
  for (const value of ['null', '{', '{}', '{"timeZone":"Mars/Phobos","dayStart":"00:00"}']) {
    const path = join(freshDirectory(), 'store.db')
    await (await openSqliteStore(path)).close()
    const database = new Database(path)
    database.prepare(`update meta set value = ? where key = 'calendar'`).run(value)
    database.close()
    await assert.rejects(openSqliteStore(path), (error) => isStoreError(error, 'MALFORMED'), value)
  }
})

test('refuses a part of the path that is a file, and paths that name no file', async () => {
  const directory = freshDirectory()
  mkdirSync(directory)
  writeFileSync(join(directory, 'file'), 'x')
  for (const path of [join(directory, 'file', 'store.db'), '', ':memory:', 'file:store.db', 'a\0b']) {
    await assert.rejects(openSqliteStore(path), (error) => isStoreError(error, 'INVALID_ARGUMENT'), path)
  }
})

test('refuses a file or a directory that may not be written', async () => {
  const directory = freshDirectory()
  const path = join(directory, 'store.db')
  await (await openSqliteStore(path)).close()
  const before = contentsOf(directory)
  chmodSync(root, isRoot ? 0o755 : 0o700)
  chmodSync(path, isRoot ? 0o644 : 0o400)
  chmodSync(directory, isRoot ? 0o755 : 0o500)
  assert.equal(codeForUnprivileged(path), 'PERMISSION_DENIED')
  assert.equal(codeForUnprivileged(join(directory, 'new.db')), 'PERMISSION_DENIED')
  assert.equal(codeForUnprivileged(join(directory, 'new', 'store.db')), 'PERMISSION_DENIED')
  chmodSync(path, isRoot ? 0o600 : 0o000)
  assert.equal(codeForUnprivileged(path), 'PERMISSION_DENIED')
  chmodSync(root, 0o700)
  chmodSync(directory, 0o700)
  chmodSync(path, 0o600)
  assert.deepEqual(contentsOf(directory), before)
})

function makeForeign(path: string, pragma = 'journal_mode = delete'): void {
  const database = new Database(path)
  database.pragma(pragma)
  database.exec('create table customers (id integer primary key, name text); create table meta (id int)')
  database.close()
}

function makeEmptyForeign(path: string): void {
  const database = new Database(path)
  database.pragma('application_id = 252006674')
  database.close()
}

/** The tables of the crate, as it makes them. */
function makeRust(path: string): void {
  const database = new Database(path)
  database.exec(`
    create table audit_log (id integer primary key autoincrement, timestamp text not null, event_json text not null);
    create table usage (entry_id text, day text, duration_secs integer default 0, primary key (entry_id, day));
    create table cooldowns (entry_id text primary key, until text not null);
    create table snapshot (id integer primary key check (id = 1), snapshot_json text not null)`)
  database.close()
}

async function makeStore(path: string): Promise<void> {
  await (await openSqliteStore(path, { calendar: { timeZone: 'Europe/Berlin' } })).close()
}

async function makeNewer(path: string): Promise<void> {
  await makeStore(path)
  const database = new Database(path)
  database.exec(`update meta set value = '99' where key = 'schema_version'`)
  database.close()
}

/** What opening the store says to a user without rights. */
function codeForUnprivileged(path: string): string {
  const program = `
    import { openSqliteStore } from '@shepherd-store/sqlite'
    const code = await openSqliteStore(process.argv[1]).then(() => 'opened', (error) => error.code)
    process.stdout.write(String(code))`
  return execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', program, path], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    ...(isRoot ? NOBODY : {}),
  })
}
