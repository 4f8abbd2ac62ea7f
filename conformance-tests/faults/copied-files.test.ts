import assert from 'node:assert/strict'
import { copyFileSync, existsSync } from 'node:fs'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { CALLS, runTraced } from './failing-calls/traced-writer.ts'
import { Tally } from './tally.ts'
import { DAY } from './work.ts'

const { fresh } = temporaryDirectories()
const MODULE = new URL('../sqlite-harness.ts', import.meta.url).href
const ENTRY = 'minecraft'
const PLAYED_MS = 7

/** SQLite's copy of a store keeps no log beside it until a store opens it, which has to write to it for that. */
test('a copy of a store opens, wherever whoever opened it first was killed', { timeout: 120_000 }, async () => {
  const copy = await copyOfStore()
  const prepare = (path: string) => copyFileSync(copy, path)
  const { counts } = await runTraced(fresh(), MODULE, { prepare, steps: 0 })
  const tally = new Tally()
  let interrupted = 0
  for (const call of CALLS) {
    for (let when = 1; when <= (counts.get(call) ?? 0); when += 1) {
      const failing = { call, when: `${when}`, fault: 'signal=KILL' } as const
      const { path, isMet } = await runTraced(fresh(), MODULE, { prepare, steps: 0, failing })
      tally.tried()
      if (isMet) tally.faults += 1
      if (existsSync(`${path}-journal`)) interrupted += 1
      // Whoever comes second finds that the first has put it in order.
      const [other, store] = await Promise.all([openSqliteStore(path), openSqliteStore(path, { writer: 'inline' })])
      await store.addUsage(ENTRY, DAY, PLAYED_MS)
      assert.equal(await store.getUsage(ENTRY, DAY), 2 * PLAYED_MS, `${call} ${when}`)
      assert.deepEqual((await store.check()).problems, [], `${call} ${when}`)
      await other.close()
      await store.close()
    }
  }
  tally.print('kills of the first to open a copy')
  assert.equal(tally.faults, tally.tries)
  assert.ok(interrupted > 0)
})

test("what another program was interrupted in the middle of is that program's to put in order", async () => {
  const path = `${fresh()}.db`
  const database = new Database(path)
  database.exec('create table score (points integer); insert into score values (1)')
  // The pages in its cache are written to the file before the commit, and the journal is hot.
  database.pragma('cache_size = 1')
  database.pragma('cache_spill = 1')
  database.exec(`begin; create table ballast (bytes blob)`)
  for (let row = 0; row < 50; row += 1) database.exec('insert into ballast values (zeroblob(4000))')
  const left = `${fresh()}.db`
  copyFileSync(path, left)
  copyFileSync(`${path}-journal`, `${left}-journal`)
  database.close()
  await assert.rejects(openSqliteStore(left), (error) => {
    assert.ok(isStoreError(error, 'UNRECOGNIZED_SCHEMA'))
    assert.match(error.message, /interrupted/)
    return true
  })
  assert.ok(existsSync(`${left}-journal`))
})

async function copyOfStore(): Promise<string> {
  const path = `${fresh()}.db`
  const store = await openSqliteStore(path, { writer: 'inline' })
  await store.addUsage(ENTRY, DAY, PLAYED_MS)
  await store.close()
  const copy = `${fresh()}.db`
  const database = new Database(path)
  database.prepare('vacuum into ?').run(copy)
  database.close()
  return copy
}
