import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const DAY = '2026-11-23'
const threads = watchThreads()

test('starts one thread when several calls find the last one ended, and leaves no log', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  await threads.endLast()
  const before = threads.started.length
  await Promise.all([store.isHealthy(), store.compact(), store.addUsage('minecraft', DAY, 7)])
  await store.close()
  assert.equal(threads.started.length, before + 1)
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('is closed, and leaves no log, when its thread ends while it closes', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  const closing = store.close()
  await threads.endLast()
  await closing.catch(() => undefined)
  const other = new Database(path)
  other.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test.each(['with its log', 'closed before'])(
  'leaves what takes the place of its file before its first write as it is (%s)',
  async (how) => {
    const path = freshPath()
    if (how === 'closed before') await (await openSqliteStore(path)).close()
    const store = await openSqliteStore(path)
    const foreign = freshPath()
    new Database(foreign).exec('create table customers (id integer primary key, name text)').close()
    const bytes = readFileSync(foreign)
    renameSync(foreign, path)
    await store.addUsage('minecraft', DAY, 7).catch((error: unknown) => assert.ok(isStoreError(error)))
    await store.close()
    assert.ok(readFileSync(path).equals(bytes))
  },
)

test('writes in a program that Node was given as text', async () => {
  const program = `
    import { openSqliteStore } from '@shepherd-store/sqlite'
    const store = await openSqliteStore(process.argv[1])
    const met = await store.addUsage('minecraft', '2026-11-23', 7).then(() => 'written', (error) => error.outcome)
    process.stdout.write(met)`
  const met = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', program, freshPath()], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(met, 'written')
})
