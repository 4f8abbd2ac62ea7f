import assert from 'node:assert/strict'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const DAY = '2026-11-23'

test('reads the whole file in another thread than the one that writes', async () => {
  const path = freshPath()
  const threads = watchThreads()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 1)
  const started = threads.started.length
  assert.equal((await store.check()).sound, true)
  // Until the store is closed, the thread that writes is free for nothing else.
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
