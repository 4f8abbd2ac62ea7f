import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type Clock, type OwnedStore, startSession, systemClock } from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { afterAll, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'

const HOUR_MS = 3_600_000
/** What the way to the database, and a machine that does something else, may take. */
const TOLERANCE_MS = 60_000

const { fresh } = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const skewed = (byMs: number): Clock => ({
  now: () => new Date(systemClock.now().getTime() + byMs),
  monotonicMs: () => systemClock.monotonicMs(),
})

/** What the store tells of its clock in its health, and of its node once that has started a session. */
async function skewsOf(store: OwnedStore): Promise<readonly (number | undefined)[]> {
  const { clockSkewMs, healthy } = await store.health()
  assert.ok(healthy)
  assert.ok((await startSession(store, { entryId: 'minecraft' })).applied)
  const node = (await store.listNodes()).find((each) => each.node === store.node)
  assert.ok(node)
  await store.close()
  return [clockSkewMs, node.clockSkewMs]
}

test('tells how far the clock of a node is ahead of the server, or behind it', async () => {
  for (const byMs of [HOUR_MS, -HOUR_MS, 0]) {
    const store = await openPostgresStore(url, { node: `${byMs} ms`, clock: skewed(byMs) })
    for (const skewMs of await skewsOf(store)) {
      assert.ok(skewMs !== undefined && Math.abs(skewMs - byMs) < TOLERANCE_MS, `${skewMs} ms instead of ${byMs}`)
    }
  }
})

test('dates what it hears of a node by the clock of the server', async () => {
  const store = await openPostgresStore(url, { node: 'ahead', scope: 'dated', clock: skewed(HOUR_MS) })
  assert.ok((await startSession(store, { entryId: 'minecraft' })).applied)
  const node = (await store.listNodes()).find((each) => each.node === 'ahead')
  const awayMs = Math.abs((node?.lastSeenAt.getTime() ?? 0) - systemClock.now().getTime())
  assert.ok(awayMs < TOLERANCE_MS, `${awayMs} ms away`)
  await store.close()
})

test('a database without a clock of its own tells of no skew', async () => {
  const clock = skewed(HOUR_MS)
  const stores = [await openSqliteStore(join(fresh(), 'store.db'), { clock }), createMemoryStore({ clock })]
  for (const store of stores) assert.deepEqual(await skewsOf(store), [undefined, undefined])
})
