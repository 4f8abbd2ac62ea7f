import assert from 'node:assert/strict'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const DAY = '2026-11-23'

test('reads the whole file in a thread of its own, which no write waits for', async () => {
  const path = freshPath()
  const threads = watchThreads()
  const store = await openSqliteStore(path)
  const started = threads.started.length
  const [report] = await Promise.all([store.check(), store.addUsage('minecraft', DAY, 1)])
  assert.equal(report.sound, true)
  // One checks, and one writes; that of which the file was made is one of the two.
  assert.equal(threads.started.length, started + 1)
  await store.close()
})

test('takes no thread where none is to be taken', async () => {
  const threads = watchThreads()
  const store = await openSqliteStore(freshPath(), { writer: 'inline' })
  assert.equal((await store.check()).sound, true)
  assert.equal(threads.started.length, 0)
  await store.close()
})
