import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStoreError, type StoreErrorCode, systemClock } from '@shepherd-store/core'
import { openSqliteStore, type SqliteStoreOptions } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'

const DAY = '2026-11-23'
const root = mkdtempSync(join(tmpdir(), 'shepherd-sqlite-'))
afterAll(() => rmSync(root, { recursive: true }))

let directories = 0
const freshDirectory = () => join(root, `${(directories += 1)}`)

test('makes the file for its owner alone, and the directories above it', async () => {
  const directory = join(freshDirectory(), 'deep', 'er')
  const store = await openSqliteStore(join(directory, 'store.db'))
  await store.addUsage('minecraft', DAY, 1)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of readdirSync(directory)) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
  await store.close()
  assert.deepEqual(readdirSync(directory), ['store.db'])
})

test('leaves the mode of an existing file and directory as they are', async () => {
  const directory = freshDirectory()
  mkdirSync(directory, { mode: 0o750 })
  const path = join(directory, 'store.db')
  writeFileSync(path, '', { mode: 0o640 })
  await (await openSqliteStore(path)).close()
  assert.deepEqual([statSync(directory).mode & 0o777, statSync(path).mode & 0o777], [0o750, 0o640])
})

test('is a WAL database with the application id and version that its own tools show', async () => {
  const path = join(freshDirectory(), 'store.db')
  await (await openSqliteStore(path)).close()
  const database = new Database(path, { readonly: true })
  const pragma = (name: string): unknown => database.pragma(name, { simple: true })
  assert.deepEqual([pragma('journal_mode'), pragma('application_id'), pragma('user_version')], ['wal', 0x73686570, 1])
  assert.equal(pragma('integrity_check'), 'ok')
  database.close()
})

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

test('finds a record before the first one', async () => {
  const path = join(freshDirectory(), 'store.db')
  const store = await openSqliteStore(path)
  await store.appendAudit({ type: 'service_started' })
  const database = new Database(path)
  database.pragma('ignore_check_constraints = on')
  database.exec('drop trigger audit_log_in_order')
  database.exec(
    `insert into audit_log select 0, timestamp, scope, node, type, null, null, event, null, null, null, digest, hash from audit_log`,
  )
  database.close()
  const { intact, firstBreak } = await store.verifyAudits()
  assert.deepEqual([intact, firstBreak?.problem], [false, 'missing'])
  await store.close()
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
  chmodSync(root, 0o755)
  chmodSync(path, 0o644)
  chmodSync(directory, 0o755)
  assert.equal(codeForNobody(path), 'PERMISSION_DENIED')
  assert.equal(codeForNobody(join(directory, 'new.db')), 'PERMISSION_DENIED')
  assert.equal(codeForNobody(join(directory, 'new', 'store.db')), 'PERMISSION_DENIED')
  chmodSync(path, 0o600)
  assert.equal(codeForNobody(path), 'PERMISSION_DENIED')
  chmodSync(root, 0o700)
  assert.deepEqual(contentsOf(directory), before)
})

/** A wait inside of SQLite would stop the process for the whole busy timeout, 5 s by default. */
const STALL_MS_MAX = 1_000

test('interleaves 1,000 commits of two handles in one process without waiting for itself', async () => {
  const path = join(freshDirectory(), 'store.db')
  const [one, two] = [await openSqliteStore(path, { node: 'one' }), await openSqliteStore(path, { node: 'two' })]
  let longestMs = 0
  let lastMs = systemClock.monotonicMs()
  const watch = setInterval(() => {
    const nowMs = systemClock.monotonicMs()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
  }, 1)
  const commits = []
  for (let count = 0; count < 500; count += 1) {
    for (const store of [one, two]) {
      commits.push(
        store.commit([
          { type: 'append_audit', event: { type: 'service_started' } },
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
        ]),
      )
    }
    if (count % 10 === 0) await commits.at(-1)
  }
  await Promise.all(commits)
  clearInterval(watch)
  assert.equal(await one.getUsage('minecraft', DAY), 1_000)
  assert.equal((await two.verifyAudits()).checked, 1_000)
  assert.ok(longestMs < STALL_MS_MAX, `the event loop stood still for ${longestMs} ms`)
  await Promise.all([one.close(), two.close()])
})

test('waits for another process that writes, and lets the event loop go on', async () => {
  const path = join(freshDirectory(), 'store.db')
  const store = await openSqliteStore(path, { busyTimeoutMs: 300 })
  const other = new Database(path)
  other.exec('begin immediate')
  let turns = 0
  const watch = setInterval(() => (turns += 1), 1)
  await assert.rejects(store.addUsage('minecraft', DAY, 1), (error) => {
    assert.ok(isStoreError(error, 'BUSY'))
    return error.retryable && error.outcome === 'not_applied'
  })
  assert.equal(await store.getUsage('minecraft', DAY), 0)
  assert.ok(turns > 5, `only ${turns} turns of the event loop`)
  const adding = store.addUsage('minecraft', DAY, 1)
  other.exec('rollback')
  await adding
  clearInterval(watch)
  other.close()
  await store.close()
})

test.each([
  ['a changed record', `update audit_log set node = 'x'`],
  ['a removed record', 'delete from audit_log'],
  [
    'a replaced record',
    `replace into audit_log select 1, timestamp, scope, node, 'x', null, null, event, null, null, null, digest, hash from audit_log`,
  ],
  [
    'an id out of order',
    `insert into audit_log select 7, timestamp, scope, node, type, null, null, event, null, null, null, digest, hash from audit_log`,
  ],
  [
    'an implicit id',
    `insert into audit_log (timestamp, scope, node, type, event, digest, hash) values ('', '', '', '', '{}', '', '')`,
  ],
])('keeps the log append-only against %s', async (_, statement) => {
  const path = join(freshDirectory(), 'store.db')
  const store = await openSqliteStore(path)
  await store.appendAudit({ type: 'service_started' })
  const database = new Database(path)
  assert.throws(() => database.exec(statement), /append-only/)
  database.close()
  assert.equal((await store.verifyAudits()).intact, true)
  await store.close()
})

test('tells in its health that a table is gone', async () => {
  const path = join(freshDirectory(), 'store.db')
  const store = await openSqliteStore(path)
  assert.equal(await store.isHealthy(), true)
  const database = new Database(path)
  database.exec('drop table audit_log')
  database.close()
  assert.equal(await store.isHealthy(), false)
  await store.close()
})

test('changes the calendar of an existing store only on purpose', async () => {
  const path = join(freshDirectory(), 'store.db')
  await (await openSqliteStore(path, { calendar: { timeZone: 'Europe/Berlin' } })).close()
  const calendar = { timeZone: 'Asia/Tokyo', dayStart: '04:00' }
  const moved = await openSqliteStore(path, { calendar, changeCalendar: true })
  assert.deepEqual([moved.calendar.timeZone, moved.calendar.dayStart], ['Asia/Tokyo', '04:00'])
  await moved.close()
  const again = await openSqliteStore(path)
  assert.equal(again.calendar.timeZone, 'Asia/Tokyo')
  await again.close()
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

/** What opening the store says to a user without rights: root has too many. */
function codeForNobody(path: string): string {
  const program = `
    import { openSqliteStore } from '@shepherd-store/sqlite'
    const code = await openSqliteStore(process.argv[1]).then(() => 'opened', (error) => error.code)
    process.stdout.write(String(code))`
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  return execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', program, path], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    ...nobody,
  })
}

/** Every file's bytes, as digests. */
function contentsOf(directory: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(directory, { withFileTypes: true }).map((entry) => [
      entry.name,
      entry.isFile()
        ? createHash('sha256')
            .update(readFileSync(join(directory, entry.name)))
            .digest('hex')
        : 'directory',
    ]),
  )
}
