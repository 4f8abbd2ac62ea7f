import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore, type SqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'

const DAY = '2026-11-23'

test('refuses the first write to a file that was deleted, and makes no other', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  rmSync(path)
  for (let time = 1; time <= 2; time += 1) {
    await assert.rejects(store.addUsage('minecraft', DAY, 7), (error) => {
      assert.ok(isStoreError(error, 'IO'), String(error))
      return error.outcome === 'not_applied'
    })
  }
  assert.equal(await store.isHealthy(), false)
  await assert.rejects(store.getUsage('minecraft', DAY), (error) => isStoreError(error, 'IO'))
  await store.close()
  assert.equal(existsSync(path), false)
})

test('writes when the file that was away is there again', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  renameSync(path, `${path}.away`)
  await assert.rejects(store.addUsage('minecraft', DAY, 7))
  renameSync(`${path}.away`, path)
  await store.addUsage('minecraft', DAY, 7)
  assert.equal(await store.getUsage('minecraft', DAY), 7)
  await store.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test.each(['thread', 'inline'] as const)(
  'leaves what takes the place of its file as it is, written to by the %s',
  async (writer) => {
    const path = freshPath()
    const store = await openSqliteStore(path, { writer })
    await store.addUsage('minecraft', DAY, 7)
    const other = makeForeign()
    renameSync(other.path, path)
    await assert.rejects(store.addUsage('minecraft', DAY, 7), (error) => {
      assert.ok(isStoreError(error, 'IO'), String(error))
      return error.outcome === 'not_applied'
    })
    const { healthy, problems } = await store.health()
    assert.deepEqual([healthy, problems.map(({ code }) => code)], [false, ['IO']])
    await store.close()
    assert.ok(readFileSync(path).equals(other.bytes))
  },
)

test.each(['thread', 'inline'] as const)('writes through a link to the file (%s)', async (writer) => {
  const path = freshPath()
  await (await openSqliteStore(path)).close()
  symlinkSync(path, `${path}.link`)
  const store = await openSqliteStore(`${path}.link`, { writer })
  await store.addUsage('minecraft', DAY, 7)
  assert.equal(await store.isHealthy(), true)
  await store.close()
  const again = await openSqliteStore(path)
  assert.equal(await again.getUsage('minecraft', DAY), 7)
  await again.close()
})

test.each(
  (['thread', 'inline'] as const).flatMap((writer) =>
    [['-wal'], ['-shm'], ['-wal', '-shm']].map((deleted) => ({ writer, deleted })),
  ),
)('loses nothing when $deleted are deleted under it, and goes on ($writer)', async ({ writer, deleted }) => {
  const path = freshPath()
  const store = await openSqliteStore(path, { writer })
  for (let time = 0; time < 10; time += 1) await store.addUsage('minecraft', DAY, 1)
  for (const suffix of deleted) rmSync(`${path}${suffix}`)
  await losesNothingFromHere(store, path, 10)
})

test.each(['thread', 'inline'] as const)(
  'goes on behind what another process wrote when the log and its index were deleted under it (%s)',
  async (writer) => {
    const path = freshPath()
    const store = await openSqliteStore(path, { writer })
    assert.equal(await store.getUsage('minecraft', DAY), 0)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`)
    await writeInAnotherProcess(path)
    await losesNothingFromHere(store, path, 7)
  },
)

/** Of three more writes one may fail, and then nothing of it is done: what is wrong is noticed, and by then mended. */
async function losesNothingFromHere(store: SqliteStore, path: string, usageMs: number): Promise<void> {
  let failed = 0
  let acknowledged = usageMs
  for (let time = 0; time < 3; time += 1) {
    await store.addUsage('minecraft', DAY, 1).then(
      () => (acknowledged += 1),
      (error: unknown) => {
        assert.ok(isStoreError(error, 'IO') && error.outcome === 'not_applied', String(error))
        failed += 1
      },
    )
  }
  assert.ok(failed <= 1)
  assert.equal(await store.getUsage('minecraft', DAY), acknowledged)
  await store.close()
  const again = await openSqliteStore(path)
  assert.equal(await again.getUsage('minecraft', DAY), acknowledged)
  assert.equal((await again.check()).sound, true)
  await again.close()
}

test.each(['thread', 'inline'] as const)(
  'keeps what it cannot bring out of a deleted log while others read, and goes on behind them (%s)',
  async (writer) => {
    const path = freshPath()
    const store = await openSqliteStore(path, { writer })
    for (let time = 0; time < 10; time += 1) await store.addUsage('minecraft', DAY, 1)
    const other = new Database(path)
    other.exec('begin')
    other.prepare('select count(*) from usage').get()
    rmSync(`${path}-wal`)
    for (let time = 0; time < 3; time += 1) {
      await assert.rejects(store.addUsage('minecraft', DAY, 1), (error) => isStoreError(error, 'IO'))
    }
    assert.equal(await store.getUsage('minecraft', DAY), 10)
    other.close()
    await losesNothingFromHere(store, path, 10)
  },
)

test.each(
  (['thread', 'inline'] as const).flatMap((writer) =>
    (['thread', 'inline'] as const).map((idleWriter) => ({ writer, idleWriter })),
  ),
)(
  'goes on beside an idle store of its process ($writer, $idleWriter) when the log and its index are deleted',
  async ({ writer, idleWriter }) => {
    const path = freshPath()
    const idle = await openSqliteStore(path, { writer: idleWriter })
    await idle.addUsage('minecraft', DAY, 5)
    const store = await openSqliteStore(path, { writer })
    await store.addUsage('minecraft', DAY, 5)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`)
    await losesNothingFromHere(store, path, 10)
    assert.ok((await idle.getUsage('minecraft', DAY)) >= 12)
    await idle.close()
  },
)

/** It adds 7, and ends without closing. */
async function writeInAnotherProcess(path: string): Promise<void> {
  const script = fileURLToPath(new URL('./writer-process.ts', import.meta.url))
  await promisify(execFile)(process.execPath, [...process.execArgv, script, 'write', path, 'inline'])
}

test('warns of a file with several names, each of which has a log of its own', async () => {
  const path = freshPath()
  await (await openSqliteStore(path)).close()
  linkSync(path, `${path}.link`)
  const warned = once(process, 'warning')
  const store = await openSqliteStore(path)
  const [warning] = (await warned) as [Error & { readonly code?: string }]
  assert.deepEqual([warning.name, warning.code], ['ShepherdStoreWarning', 'SHEPHERD_HARD_LINKS'])
  assert.match(warning.message, /has 2 names .*open it by this one alone/)
  await store.close()
})

test('tells that the directory of its file is gone', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  renameSync(dirname(path), `${dirname(path)}.away`)
  await assert.rejects(store.addUsage('minecraft', DAY, 7), (error) => isStoreError(error, 'IO'))
  assert.deepEqual(
    (await store.health()).problems.map(({ code }) => code),
    ['IO'],
  )
  renameSync(`${dirname(path)}.away`, dirname(path))
  await store.addUsage('minecraft', DAY, 7)
  assert.equal(await store.isHealthy(), true)
  await store.close()
})

/** The file of another program. */
function makeForeign(): { readonly path: string; readonly bytes: Buffer } {
  const path = freshPath()
  const database = new Database(path)
  database.exec('create table customers (id integer primary key, name text)')
  database.close()
  return { path, bytes: readFileSync(path) }
}
