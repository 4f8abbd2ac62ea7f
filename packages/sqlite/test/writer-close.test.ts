import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { onTestFinished, test, vi } from 'vitest'
import { freshPath } from './fresh-path.ts'

const DAY = '2026-11-23'

// A slow disk may take seconds to bring the log into the file: a launcher that closes its store would stand still.
test('closes the connection of its thread last, which brings the log into the file', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  const written = contentsOf(path)
  const closed = watchCloses(path)
  await store.close()
  assert.deepEqual(closed, [written])
  assert.notDeepEqual(contentsOf(path).file, written.file)
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('brings the log into the file itself when it writes inline', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path, { writer: 'inline' })
  await store.addUsage('minecraft', DAY, 7)
  const closed = watchCloses(path)
  await store.close()
  assert.deepEqual(closed, [contentsOf(path)])
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

// As does what makes the tables, of a new file or a new version.
test.each(['thread', 'inline'] as const)(
  'writes nothing but through its writer when it is opened (%s)',
  async (writer) => {
    const path = freshPath()
    const calendar = { timeZone: 'Europe/Berlin', dayStart: '04:00' }
    const seen = watchStatements()
    await (await openSqliteStore(path, { writer })).close()
    const store = await openSqliteStore(path, { writer, calendar, changeCalendar: true })
    assert.equal(store.calendar.timeZone, 'Europe/Berlin')
    await store.close()
    const written = seen.filter((sql) => sql.startsWith('create table') || sql.startsWith('insert into'))
    assert.equal(written.length > 0, writer === 'inline')
  },
)

/** What is prepared in this thread from now on. */
function watchStatements(): readonly string[] {
  const seen: string[] = []
  const { prepare } = Database.prototype
  const spy = vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql) {
    seen.push(sql)
    return prepare.call(this, sql)
  })
  onTestFinished(() => spy.mockRestore())
  return seen
}

interface Contents {
  readonly file: string
  readonly log: string | undefined
}

/** What the file and its log hold when a connection of this thread has just been closed; other threads are not seen. */
function watchCloses(path: string): readonly Contents[] {
  const closed: Contents[] = []
  const { close } = Database.prototype
  const spy = vi.spyOn(Database.prototype, 'close').mockImplementation(function (this: Database.Database) {
    close.call(this)
    closed.push(contentsOf(path))
    return this
  })
  onTestFinished(() => spy.mockRestore())
  return closed
}

/** As digests: nobody wants to read the difference of two databases. */
function contentsOf(path: string): Contents {
  const digest = (file: string) => hash('sha256', readFileSync(file), 'hex')
  return { file: digest(path), log: existsSync(`${path}-wal`) ? digest(`${path}-wal`) : undefined }
}
