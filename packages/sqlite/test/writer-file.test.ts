import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
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
  assert.equal(await store.getUsage('minecraft', DAY), 0)
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
      // It stands in the file that is gone: nobody will find it there, unless that comes back.
      assert.ok(isStoreError(error, 'IO'), String(error))
      return error.outcome === 'unknown'
    })
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

/** The file of another program. */
function makeForeign(): { readonly path: string; readonly bytes: Buffer } {
  const path = freshPath()
  const database = new Database(path)
  database.exec('create table customers (id integer primary key, name text)')
  database.close()
  return { path, bytes: readFileSync(path) }
}
