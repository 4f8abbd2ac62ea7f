import assert from 'node:assert/strict'
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteDriver, openSqliteStore, type SqliteDriverOptions } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const DAY = '2026-11-23'
/** So many threads wait for the next store when theirs was closed. */
const THREADS_KEPT = 4
/** Turns of the event loop: far more than the few in which a call is made and answered. */
const MANY_TURNS = 1_000

const threads = watchThreads()

test.each(['worker', '', true, null, {}])('refuses the writer %j before anything is made', async (writer) => {
  const path = `${freshPath()}/new/store.db`
  const options = { writer: writer as SqliteDriverOptions['writer'] }
  const refused = (error: unknown) =>
    isStoreError(error, 'INVALID_ARGUMENT') && error.message.includes('writer must be')
  await assert.rejects(openSqliteStore(path, options), refused)
  await assert.rejects(openSqliteDriver(path, options), refused)
  assert.equal(existsSync(dirname(dirname(path))), false)
})

test('starts no thread for a store that only reads', async () => {
  const path = freshPath()
  await (await openSqliteStore(path, { writer: 'inline' })).close()
  const before = threads.started.length
  for (let time = 1; time <= 2; time += 1) {
    const store = await openSqliteStore(path)
    assert.deepEqual(await store.getRecentAudits(10), [])
    assert.equal(await store.getUsage('minecraft', DAY), 0)
    await store.close()
  }
  assert.equal(threads.started.length, before)
})

test('starts no thread for a store that writes inline', async () => {
  const before = threads.started.length
  const store = await openSqliteStore(freshPath(), { writer: 'inline' })
  await store.addUsage('minecraft', DAY, 7)
  assert.equal(await store.isHealthy(), true)
  await store.compact()
  await store.close()
  assert.equal(threads.started.length, before)
})

test.each(['write', 'write-and-leave'])('lets a process that does no more than %s end by itself', async (task) => {
  const path = freshPath()
  const script = fileURLToPath(new URL('./writer-process.ts', import.meta.url))
  execFileSync(process.execPath, [...process.execArgv, script, task, path], { timeout: 30_000 })
  const store = await openSqliteStore(path)
  assert.equal(await store.getUsage('minecraft', DAY), 7)
  await store.close()
})

test('gives the thread of a closed store to the next one', async () => {
  await writeAndClose()
  const before = threads.started.length
  for (let time = 1; time <= 5; time += 1) await writeAndClose()
  assert.equal(threads.started.length, before)
})

test('keeps no more threads than it may when many stores are closed at once', async () => {
  const stores = await Promise.all(Array.from({ length: THREADS_KEPT + 3 }, () => openSqliteStore(freshPath())))
  await Promise.all(stores.map((store) => store.addUsage('minecraft', DAY, 7)))
  assert.equal(threads.alive(), stores.length)
  const ends = threads.started.map((thread) => (thread.threadId < 0 ? undefined : once(thread, 'exit')))
  await Promise.all(stores.map((store) => store.close()))
  for (let surplus = stores.length - THREADS_KEPT; surplus > 0; surplus -= 1) {
    const running = ends.map((end, index) => end?.then(() => index)).filter((end) => end !== undefined)
    ends[await Promise.race(running)] = undefined
  }
  assert.equal(threads.alive(), THREADS_KEPT)
})

test('answers reads while another process holds the write lock and a write waits for it', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  const other = fork(new URL('./lock-process.ts', import.meta.url), [path], { execArgv: process.execArgv })
  const gone = once(other, 'exit')
  await once(other, 'message')
  let isWritten = false
  const writing = store.addUsage('minecraft', DAY, 1).then(() => (isWritten = true))
  for (let count = 0; count < MANY_TURNS; count += 1) {
    assert.equal(await store.getUsage('minecraft', DAY), 7)
    await turn()
  }
  assert.equal(isWritten, false)
  other.send('let go')
  await writing
  assert.equal(await store.getUsage('minecraft', DAY), 8)
  await gone
  await store.close()
})

test('lets the event loop turn while SQLite is at a write, where an inline write stops it', async () => {
  assert.ok((await turnsOfSlowWrite('thread')) > 100)
  assert.ok((await turnsOfSlowWrite('inline')) < 10)
})

test('makes writes that wait for a lock when it is closed, and leaves no log', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 1)
  const other = lock(path)
  const writes = [1, 2, 3].map((durationMs) => store.addUsage('minecraft', DAY, durationMs))
  const closing = store.close()
  await turns(MANY_TURNS)
  other.close()
  await Promise.all([...writes, closing])
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
  const again = await openSqliteStore(path)
  assert.equal(await again.getUsage('minecraft', DAY), 7)
  await again.close()
})

test('is closed also when writes that wait for a lock fail', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path, { busyTimeoutMs: 50 })
  await store.addUsage('minecraft', DAY, 1)
  const other = lock(path)
  const write = assert.rejects(store.addUsage('minecraft', DAY, 2), (error) => isStoreError(error, 'BUSY'))
  await Promise.all([write, store.close()])
  other.close()
  const again = await openSqliteStore(path)
  assert.equal(await again.getUsage('minecraft', DAY), 1)
  await again.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('lets two stores on one file write through a thread each', async () => {
  const path = freshPath()
  const [one, two] = [await openSqliteStore(path, { node: 'one' }), await openSqliteStore(path, { node: 'two' })]
  for (let time = 1; time <= 100; time += 1) {
    const add = (store: typeof one) =>
      store.commit([
        { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
        { type: 'append_audit', event: { type: 'service_started' } },
      ])
    await Promise.all([add(one), add(two)])
    assert.deepEqual([await one.getUsage('minecraft', DAY), await two.getUsage('minecraft', DAY)], [2 * time, 2 * time])
  }
  const { intact, checked } = await one.verifyAudits()
  assert.deepEqual({ intact, checked }, { intact: true, checked: 200 })
  await one.close()
  await two.addUsage('minecraft', DAY, 1)
  await two.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('answers reads while it is compacted, and writes behind it', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  const other = new Database(path)
  other.exec(`create table ballast as with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    select i, randomblob(500) as bytes from n; drop table ballast`)
  other.close()
  const sizeBefore = statSync(path).size + statSync(`${path}-wal`).size
  const compacting = store.compact()
  const writing = store.addUsage('minecraft', DAY, 1)
  assert.equal(await store.getUsage('minecraft', DAY), 7)
  await Promise.all([compacting, writing])
  assert.equal(await store.getUsage('minecraft', DAY), 8)
  await store.close()
  assert.ok(statSync(path).size < sizeBefore / 10, `${statSync(path).size} of ${sizeBefore} bytes are left`)
})

async function writeAndClose(): Promise<void> {
  const store = await openSqliteStore(freshPath())
  await store.addUsage('minecraft', DAY, 7)
  await store.close()
}

/** Another connection, which holds the write lock until it is closed. */
function lock(path: string): Database.Database {
  return new Database(path).exec('begin immediate')
}

/** How often the event loop turns while SQLite takes a million steps for a write. */
async function turnsOfSlowWrite(writer: 'thread' | 'inline'): Promise<number> {
  const path = freshPath()
  const store = await openSqliteStore(path, { writer })
  await store.addUsage('tuxmath', DAY, 7)
  const database = new Database(path)
  database.exec(`
    create view steps as with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) select i from n;
    create trigger slow before insert on usage begin select count(*) from steps; end`)
  database.close()
  const counter = countTurns()
  await store.addUsage('minecraft', DAY, 7)
  const made = counter.stop()
  await store.close()
  return made
}

async function turns(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) await turn()
}

function countTurns(): { stop(): number } {
  let made = 0
  const next = () => {
    made += 1
    immediate = setImmediate(next)
  }
  let immediate = setImmediate(next)
  return {
    stop() {
      clearImmediate(immediate)
      return made
    },
  }
}
