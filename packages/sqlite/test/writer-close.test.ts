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
