import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'

const { fresh } = temporaryDirectories()

/** Without them other processes take the log away from under a store. Any file that is closed gives its locks up. */
test.each(['thread', 'inline'] as const)(
  'a store keeps the locks on its file while others of its process are opened and closed (%s)',
  async (writer) => {
    const path = join(fresh(), 'store.db')
    const store = await openSqliteStore(path, { writer })
    await store.addUsage('minecraft', '2026-11-23', 1)
    const before = locksOn(path)
    assert.ok(before > 0)
    const other = await openSqliteStore(path, { writer })
    assert.ok(locksOn(path) >= before)
    await other.close()
    assert.equal(locksOn(path), before)
    await store.close()
    assert.equal(locksOn(path), 0)
  },
)

test('a store keeps the locks on its file when that is given for the file of the crate', async () => {
  const path = join(fresh(), 'store.db')
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', '2026-11-23', 1)
  const before = locksOn(path)
  await assert.rejects(importRustStore(path, store), (error) => isStoreError(error, 'UNRECOGNIZED_SCHEMA'))
  assert.equal(locksOn(path), before)
  await store.close()
})

function locksOn(path: string): number {
  const { ino } = statSync(path)
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`:${ino} `)).length
}
