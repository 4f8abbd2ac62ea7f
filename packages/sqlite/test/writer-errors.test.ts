import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSqliteStore, type SqliteDriverOptions } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { told, type ToldError } from './told-error.ts'

const DAY = '2026-11-23'
const BUSY_TIMEOUT_MS = 50

/** Root may do everything: what must be refused is tried as somebody else. Any other user takes the right from itself. */
const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }

type Writer = SqliteDriverOptions['writer']

/** What a write meets, whichever thread it is made in, and what of it does not depend on the machine. */
const MET: readonly (readonly [
  what: string,
  meet: (writer: Writer) => Promise<ToldError>,
  expected: Omit<ToldError, 'message' | 'causes'> & { readonly causedBy: string; readonly advice: RegExp },
])[] = [
  [
    'a lock that another connection keeps',
    meetLock,
    {
      ...{ code: 'BUSY', outcome: 'not_applied', retryable: true, operation: 'addUsage' },
      ...{ causedBy: 'StoreError BUSY, SqliteError SQLITE_BUSY', advice: /locked; try again \(waited 50 ms\)/ },
    },
  ],
  [
    'a write that the database itself refuses',
    meetRefusal,
    {
      ...{ code: 'DATABASE', outcome: 'not_applied', retryable: false, operation: 'addUsage' },
      ...{ causedBy: 'SqliteError SQLITE_CONSTRAINT_TRIGGER', advice: /poison/ },
    },
  ],
  [
    'a file that may not be written any more',
    meetReadOnly,
    {
      ...{ code: 'READ_ONLY', outcome: 'not_applied', retryable: false, operation: 'addUsage' },
      ...{ causedBy: 'SqliteError SQLITE_READONLY', advice: /look at its permissions/ },
    },
  ],
  [
    'a full disk',
    meetFullDisk,
    {
      ...{ code: 'DISK_FULL', outcome: 'not_applied', retryable: false, operation: 'appendAudit' },
      ...{ causedBy: 'SqliteError SQLITE_FULL', advice: /make room on the disk/ },
    },
  ],
]

test.each(MET)(
  'tells of %s in full from the thread that writes',
  async (_, meet, { causedBy, advice, ...expected }) => {
    const { message, causes, ...met } = await meet('thread')
    assert.deepEqual(met, expected)
    assert.match(message, advice)
    assert.equal(causes.map(({ name, code }) => `${name} ${String(code)}`).join(', '), causedBy)
  },
)

test.each(MET.filter(([, meet]) => meet !== meetReadOnly))(
  'tells of %s from the thread that writes what it tells of it inline',
  async (_, meet) => {
    assert.deepEqual(await meet('thread'), await meet('inline'))
  },
)

test('applies what shares a commit with a write that the database refuses', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  poison(path)
  const writes = ['minecraft', 'poison', 'tuxmath'].map((entryId) => store.addUsage(entryId, DAY, 7))
  const settled = await Promise.allSettled(writes)
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  const usage = await store.listUsage({ from: DAY, to: '2026-11-24', by: ['entry'] })
  assert.deepEqual(
    usage.map(({ entryId, durationMs }) => [entryId, durationMs]),
    [
      ['minecraft', 7],
      ['tuxmath', 7],
    ],
  )
  await store.close()
})

test('writes again when it has the right to again', async () => {
  const met = await runUnprivileged<unknown>('regain-the-right-to-write', 'thread')
  assert.deepEqual(met, { healthy: true, isWritten: true })
})

async function meetLock(writer: Writer): Promise<ToldError> {
  const path = freshPath()
  const store = await openSqliteStore(path, { writer, busyTimeoutMs: BUSY_TIMEOUT_MS })
  await store.addUsage('minecraft', DAY, 7)
  const other = new Database(path)
  other.exec('begin immediate')
  const met = await told(store.addUsage('minecraft', DAY, 7))
  other.close()
  assert.equal(await store.getUsage('minecraft', DAY), 7)
  await store.close()
  return met
}

async function meetRefusal(writer: Writer): Promise<ToldError> {
  const path = freshPath()
  const store = await openSqliteStore(path, { writer })
  poison(path)
  const met = await told(store.addUsage('poison', DAY, 7))
  await store.close()
  return met
}

/** Only a thread opens the file again to write to it: a connection that is open keeps its right. */
async function meetReadOnly(writer: Writer): Promise<ToldError> {
  return runUnprivileged('lose-the-right-to-write', writer)
}

async function meetFullDisk(writer: Writer): Promise<ToldError> {
  const fullDisk = ['--import', new URL('./full-disk.ts', import.meta.url).href]
  return runUnprivileged('append-much', writer, fullDisk)
}

/** As an administrator's constraint, or one of a later schema, does: the database refuses one row and no other. */
function poison(path: string): void {
  const database = new Database(path)
  database.exec(`create trigger poison before insert on usage when new.entry_id = 'poison'
    begin select raise(abort, 'poison'); end`)
  database.close()
}

/** What the task prints of a file of its own, as a user without rights. */
async function runUnprivileged<T = ToldError>(
  task: string,
  writer: Writer,
  execArgv: readonly string[] = [],
): Promise<T> {
  const path = freshPath()
  await (await openSqliteStore(path)).close()
  if (isRoot) {
    chownSync(path, NOBODY.uid, NOBODY.gid)
    chownSync(dirname(path), NOBODY.uid, NOBODY.gid)
  }
  chmodSync(path, 0o600)
  const script = fileURLToPath(new URL('./writer-process.ts', import.meta.url))
  const options = { encoding: 'utf8', timeout: 30_000, ...(isRoot ? NOBODY : {}) } as const
  const argv = [...process.execArgv, ...execArgv, script, task, path, String(writer)]
  return JSON.parse(execFileSync(process.execPath, argv, options)) as T
}
