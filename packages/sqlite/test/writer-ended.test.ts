import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const DAY = '2026-11-23'
const ADD = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 7 } as const

const threads = watchThreads()

test('says of a write whose thread ends in the middle of it that its outcome is unknown', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.commit([ADD])
  const other = new Database(path).exec('begin immediate')
  const writes = [store.commit([ADD]), store.commit([ADD])]
  await handedOver()
  await threads.endLast()
  for (const write of writes) {
    await assert.rejects(write, (error) => {
      assert.ok(isStoreError(error, 'DATABASE'), String(error))
      assert.match(error.message, /may be done: look, and try again/)
      return error.outcome === 'unknown' && error.retryable
    })
  }
  other.close()
  assert.equal(await store.getUsage('minecraft', DAY), 7)
  await store.close()
})

test('writes through a new thread after that, and applies a write that is repeated under its operation id once', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.commit([ADD], { operationId: 'first' })
  const before = threads.started.length
  const other = new Database(path).exec('begin immediate')
  const write = assert.rejects(store.commit([ADD], { operationId: 'second' }))
  await handedOver()
  await threads.endLast()
  await write
  other.close()
  assert.deepEqual(
    [
      await store.commit([ADD], { operationId: 'first' }),
      await store.commit([ADD], { operationId: 'second' }),
      await store.commit([ADD], { operationId: 'second' }),
    ].map(({ repeated, usage }) => [repeated, usage[0]?.usedMs]),
    [
      [true, 7],
      [false, 14],
      [true, 14],
    ],
  )
  assert.equal(threads.started.length, before + 1)
  await store.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('writes on when its thread ended while nobody waited for it', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.commit([ADD])
  await threads.endLast()
  await store.commit([ADD])
  assert.equal(await store.getUsage('minecraft', DAY), 14)
  assert.equal(await store.isHealthy(), true)
  await store.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('is closed also when its thread ended before', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.commit([ADD])
  await threads.endLast()
  await store.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('takes no free thread that has ended', async () => {
  const one = await openSqliteStore(freshPath())
  await one.commit([ADD])
  await one.close()
  await Promise.all(
    threads.started
      .filter(({ threadId }) => threadId >= 0)
      .map((thread) => [once(thread, 'exit'), thread.terminate()])
      .flat(),
  )
  const two = await openSqliteStore(freshPath())
  await two.commit([ADD])
  assert.equal(await two.getUsage('minecraft', DAY), 7)
  await two.close()
})

/** Whatever was asked for has been sent to the thread: a write leaves in the turn of the event loop in which it is made. */
async function handedOver(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
