import { appendFileSync, chmodSync, copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  contentOf,
  importedIds,
  logOf,
  openTestStore,
  plainAudits,
  testDirectory,
  writeRustDatabase,
} from './rust-database.ts'

/** Imports the database, and returns what it took; the directory of the database must be the same afterwards. */
async function importUntouched(path: string): Promise<readonly (number | undefined)[]> {
  const { store } = await openTestStore()
  const before = contentOf(dirname(path))
  await importRustStore(path, store)
  expect(contentOf(dirname(path))).toEqual(before)
  return importedIds(store)
}

describe('the source is left as it is, and nothing beside it', () => {
  test('with a rollback journal, as the crate makes it', async () => {
    expect(await importUntouched(writeRustDatabase({ audits: plainAudits(3) }))).toEqual([1, 2, 3])
  })

  test('in a file and a directory that may not be written', async () => {
    const path = writeRustDatabase({ audits: plainAudits(3) })
    chmodSync(path, 0o400)
    chmodSync(dirname(path), 0o500)
    onTestFinished(() => chmodSync(dirname(path), 0o700))
    expect(await importUntouched(path)).toEqual([1, 2, 3])
  })

  test('in WAL mode, while another process has it open and rows only in its log', async () => {
    const path = writeRustDatabase({ audits: plainAudits(2) })
    const crate = new Database(path)
    onTestFinished(() => void crate.close())
    crate.pragma('journal_mode = WAL')
    crate.prepare('INSERT INTO audit_log VALUES (?, ?, ?)').run(...(plainAudits(1, 3)[0] ?? []))
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['shepherdd.db', 'shepherdd.db-shm', 'shepherdd.db-wal'])
    expect(await importUntouched(path)).toEqual([1, 2, 3])
  })

  test('in WAL mode, copied with its log or without', async () => {
    const path = writeRustDatabase({ audits: plainAudits(2) })
    const crate = new Database(path)
    onTestFinished(() => void crate.close())
    crate.pragma('journal_mode = WAL')
    crate.prepare('INSERT INTO audit_log VALUES (?, ?, ?)').run(...(plainAudits(1, 3)[0] ?? []))
    const copy = join(testDirectory(), 'copy.db')
    copyFileSync(path, copy)
    expect(await importUntouched(copy)).toEqual([1, 2])
    copyFileSync(`${path}-wal`, `${copy}-wal`)
    expect(await importUntouched(copy)).toEqual([1, 2, 3])
  })

  test('with the journal that a crash left: what it did not commit is not imported', async () => {
    const path = writeRustDatabase({ audits: plainAudits(500) })
    const crate = new Database(path)
    onTestFinished(() => void crate.close())
    crate.pragma('cache_size = 1') // pages go into the file before the commit
    crate.exec("BEGIN; UPDATE audit_log SET timestamp = '2099-01-01T00:00:00Z'")
    const crashed = join(testDirectory(), 'crashed.db')
    copyFileSync(path, crashed)
    copyFileSync(`${path}-journal`, `${crashed}-journal`)
    expect(readFileSync(crashed).includes('2099-01-01')).toBe(true)

    const { store } = await openTestStore()
    const before = contentOf(dirname(crashed))
    await importRustStore(crashed, store)
    expect(contentOf(dirname(crashed))).toEqual(before)
    const timestamps = (await logOf(store)).map(({ timestamp }) => timestamp.getUTCFullYear())
    expect(timestamps).toEqual(Array.from({ length: 500 }, () => 2026))
  })

  test('while a transaction of the crate is under way', async () => {
    const path = writeRustDatabase({ audits: plainAudits(3) })
    const crate = new Database(path)
    onTestFinished(() => void crate.close())
    crate.exec('BEGIN EXCLUSIVE; DELETE FROM audit_log')
    expect(await importUntouched(path)).toEqual([1, 2, 3])
    crate.exec('COMMIT') // the import holds no lock that would refuse it
  })

  test('behind a symbolic link, with the log beside the file itself', async () => {
    const path = writeRustDatabase({ audits: plainAudits(2) })
    const crate = new Database(path)
    onTestFinished(() => void crate.close())
    crate.pragma('journal_mode = WAL')
    crate.prepare('INSERT INTO audit_log VALUES (?, ?, ?)').run(...(plainAudits(1, 3)[0] ?? []))
    const link = join(testDirectory(), 'link.db')
    symlinkSync(path, link)
    expect(await importUntouched(link)).toEqual([1, 2, 3])
  })
})

describe('the copy that is read', () => {
  test.each(['with a rollback journal', 'in WAL mode'])(
    'has no name any more when the import begins, so that even a kill leaves nothing: %s',
    async (mode) => {
      const { store } = await openTestStore()
      const path = writeRustDatabase({ audits: plainAudits(300) })
      const crate = new Database(path)
      onTestFinished(() => void crate.close())
      if (mode === 'in WAL mode') crate.pragma('journal_mode = WAL')
      crate.prepare('INSERT INTO audit_log VALUES (?, ?, ?)').run(...(plainAudits(1, 301)[0] ?? []))
      const temporary = temporaryDirectory()
      const seen: string[][] = []
      await importRustStore(path, store, { onProgress: () => seen.push(readdirSync(temporary)) })
      expect(seen.length).toBeGreaterThan(1)
      expect(seen.flat()).toEqual([])
      expect(await importedIds(store)).toEqual(Array.from({ length: 301 }, (_, index) => index + 1))
    },
  )

  test.each([
    ['that does not exist', (directory: string) => join(directory, 'none')],
    ['that is a file', (directory: string) => join(directory, 'shepherdd.db')],
  ])('cannot be made in a temporary directory %s: the error names it, and what to do', async (_, place) => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(1) })
    const temporary = place(dirname(path))
    vi.stubEnv('TMPDIR', temporary)
    onTestFinished(() => void vi.unstubAllEnvs())
    const message = expect.stringMatching(`is read from a copy, and none can be made in ${temporary} .* set TMPDIR`)
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'IO', message })
  })

  test('is gone when it is refused', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(1) })
    new Database(path).exec('DROP TABLE usage').close()
    const temporary = temporaryDirectory()
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'UNRECOGNIZED_SCHEMA' })
    expect(readdirSync(temporary)).toEqual([])
  })

  test('is gone when the import is stopped while it is made', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(1) })
    const temporary = temporaryDirectory()
    const reason = new Error('never mind')
    const abort = new AbortController()
    const watching = setInterval(() => readdirSync(temporary).length > 0 && abort.abort(reason), 0)
    onTestFinished(() => clearInterval(watching))
    // It keeps changing, so that it is copied again and again.
    const churning = setInterval(() => appendFileSync(`${path}-journal`, 'x'), 0)
    onTestFinished(() => clearInterval(churning))
    await expect(importRustStore(path, store, { signal: abort.signal })).rejects.toBe(reason)
    expect(readdirSync(temporary)).toEqual([])
  })
})

/** What the system takes for its temporary directory in this test. */
function temporaryDirectory(): string {
  const temporary = testDirectory()
  vi.stubEnv('TMPDIR', temporary)
  onTestFinished(() => void vi.unstubAllEnvs())
  return temporary
}

describe('what is not a database of the crate is refused, and untouched', () => {
  test('a path where nothing is', async () => {
    const { store } = await openTestStore()
    const directory = testDirectory()
    await expect(importRustStore(join(directory, 'none.db'), store)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(contentOf(directory)).toEqual({})
  })

  test('a directory', async () => {
    const { store } = await openTestStore()
    await expect(importRustStore(testDirectory(), store)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test.each([
    ['an empty file', (path: string) => writeFileSync(path, '')],
    ['a text', (path: string) => writeFileSync(path, 'SQLite format 3: a poem')],
    ['a torn header', (path: string) => writeFileSync(path, `SQLite format 3\0${'x'.repeat(4_096)}`)],
    ['an empty database', (path: string) => new Database(path).exec('VACUUM').close()],
    [
      'a foreign database',
      (path: string) => new Database(path).exec('CREATE TABLE usage (entry_id, day, duration_secs)').close(),
    ],
    [
      'views in place of tables',
      (path: string) => {
        const db = new Database(path)
        db.exec('CREATE VIEW audit_log AS SELECT 1 AS id, 2 AS timestamp, 3 AS event_json').close()
      },
    ],
    ['a store of this library', async (path: string) => (await openSqliteStore(path)).close()],
  ])('%s', async (_, make: (path: string) => unknown) => {
    const { store } = await openTestStore()
    const path = join(testDirectory(), 'other.db')
    await make(path)
    const before = contentOf(dirname(path))
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'UNRECOGNIZED_SCHEMA' })
    expect(contentOf(dirname(path))).toEqual(before)
  })

  test('one that never stands still, until it does', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(1) })
    let busy = true
    const churn = (): void => {
      if (!busy) return
      appendFileSync(`${path}-journal`, 'x')
      setImmediate(churn)
    }
    churn()
    onTestFinished(() => void (busy = false))
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'BUSY', retryable: true })
    busy = false
    await importRustStore(path, store)
    expect(await importedIds(store)).toEqual([1])
  })

  test('a device', async () => {
    const { store } = await openTestStore()
    await expect(importRustStore('/dev/null', store)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
