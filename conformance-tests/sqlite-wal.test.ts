import assert from 'node:assert/strict'
import { copyFileSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Change, Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { describe, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'

const DAY = '2026-11-23'
/** SQLite brings the log into the file when a commit ends behind so many pages of it: its default. */
const CHECKPOINT_PAGES = 1_000
/** `journal_size_limit`: what is beyond it is cut off when the log begins anew. */
const SIZE_LIMIT_BYTES = 64 * 1_024 * 1_024
/** A page and the header of its frame: https://www.sqlite.org/fileformat2.html#walformat */
const FRAME_BYTES = 4_096 + 24
/** The largest commit of these tests, in pages of the log: it is written whole before the log is brought into the file. */
const COMMIT_PAGES_MAX = 500
const BOUND_BYTES = (CHECKPOINT_PAGES + COMMIT_PAGES_MAX) * FRAME_BYTES
/** Commits of a kilobyte and more: their pages are many times what the log may hold. */
const SMALL_COMMITS = 3_000

const { fresh } = temporaryDirectories()

describe.each(['thread', 'inline'] as const)('written by the %s', (writer) => {
  test('the log of a store stays within the pages of a checkpoint while others have the file open', async () => {
    const path = freshPath()
    const store = await openSqliteStore(path, { writer })
    const idleStore = await openSqliteStore(path, { writer })
    const idle = new Database(path)
    assert.equal(idle.prepare('select count(*) from audit_log').pluck().get(), 0)
    assert.deepEqual(await idleStore.getRecentAudits(1), [])
    let largest = 0
    for (let made = 0; made < SMALL_COMMITS; made += 1) {
      await store.commit(changes(1, 1_000))
      largest = Math.max(largest, logBytes(path))
    }
    assert.ok(largest > 0 && largest <= BOUND_BYTES, `the log took ${largest} bytes`)
    assert.ok(recordsWithoutLog(path) >= SMALL_COMMITS - CHECKPOINT_PAGES)
    assert.equal((await idleStore.verifyAudits()).checked, SMALL_COMMITS)
    idle.close()
    await idleStore.close()
    await store.close()
    assert.equal(existsSync(`${path}-wal`), false)
    assert.equal(recordsWithoutLog(path), SMALL_COMMITS)
  })

  test('the log of a store whose callers write at once stays within them too', async () => {
    const path = freshPath()
    const store = await openSqliteStore(path, { writer })
    let largest = 0
    for (let round = 1; round <= 20; round += 1) {
      await Promise.all(Array.from({ length: 200 }, () => store.commit(changes(1, 1_000))))
      largest = Math.max(largest, logBytes(path))
    }
    assert.ok(largest > 0 && largest <= BOUND_BYTES, `the log took ${largest} bytes`)
    await store.close()
    assert.equal(existsSync(`${path}-wal`), false)
  })

  test('a reader in the middle of a transaction holds the log up, and the commits behind its end bring it back', async () => {
    const path = freshPath()
    await (await openSqliteStore(path)).close()
    const store = await openSqliteStore(path, { writer })
    await store.addUsage('minecraft', DAY, 7)
    const reader = new Database(path, { readonly: true })
    reader.exec('begin')
    const count = reader.prepare<[], number>('select count(*) from audit_log').pluck()
    assert.equal(count.get(), 0)

    const before = await writeUntilLogIs(store, path, SIZE_LIMIT_BYTES * 1.2)
    const { problems } = await store.health()
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['BUSY'],
    )
    assert.match(problems[0]?.message ?? '', /pages of the log cannot be brought into the file/)
    // The reader stays where it was, and so does what it holds.
    assert.equal(count.get(), 0)
    assert.equal(recordsWithoutLog(path), 0)
    reader.exec('commit')

    // The first brings all of the log into the file, the second begins it anew and cuts it off.
    await store.addUsage('minecraft', DAY, 7)
    assert.equal(recordsWithoutLog(path), before)
    assert.equal(await store.isHealthy(), true)
    await store.addUsage('minecraft', DAY, 7)
    assert.equal(logBytes(path), SIZE_LIMIT_BYTES)
    assert.equal(count.get(), before)

    // It is written from its beginning, and grows no more.
    for (let made = 0; made < 1_000; made += 1) await store.commit(changes(1, 1_000))
    assert.equal(logBytes(path), SIZE_LIMIT_BYTES)
    assert.equal(await store.getUsage('minecraft', DAY), 21)
    reader.close()
    await store.close()
    assert.equal(existsSync(`${path}-wal`), false)
    assert.equal(recordsWithoutLog(path), before + 1_000)
  })

  test('a reader that is left open behind its transactions holds up nothing', async () => {
    const path = freshPath()
    const store = await openSqliteStore(path, { writer })
    const reader = new Database(path, { readonly: true })
    const count = reader.prepare<[], number>('select count(*) from audit_log').pluck()
    let largest = 0
    for (let made = 1; made <= 1_000; made += 1) {
      await store.commit(changes(1, 1_000))
      assert.equal(count.get(), made)
      largest = Math.max(largest, logBytes(path))
    }
    assert.ok(largest <= BOUND_BYTES, `the log took ${largest} bytes`)
    // One that can only read, and is closed last, would leave the log there.
    reader.close()
    await store.close()
    assert.equal(existsSync(`${path}-wal`), false)
  })
})

function freshPath(): string {
  return join(fresh(), 'store.db')
}

/** Records of so many bytes each. */
function changes(count: number, bytes: number): readonly Change[] {
  const event = { type: 'other', name: 'test.ballast', data: { text: 'x'.repeat(bytes) } } as const
  return Array.from({ length: count }, () => ({ type: 'append_audit', event }))
}

/** Appends large records, and returns how many. */
async function writeUntilLogIs(store: Store, path: string, bytes: number): Promise<number> {
  const perCommit = 50
  let made = 0
  while (logBytes(path) < bytes) {
    await store.commit(changes(perCommit, 60_000))
    made += perCommit
  }
  return made
}

function logBytes(path: string): number {
  return statSync(`${path}-wal`).size
}

/** How many records are in the file itself. */
function recordsWithoutLog(path: string): number {
  const copy = freshPath().replaceAll('/store.db', '.db')
  copyFileSync(path, copy)
  const database = new Database(copy)
  try {
    return database.prepare<[], number>('select count(*) from audit_log').pluck().get() ?? 0
  } finally {
    database.close()
  }
}
