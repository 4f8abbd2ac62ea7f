import { join } from 'node:path'
import type { Change, OwnedStore } from '@shepherd-store/core'
import { runWorkers } from '@shepherd-store/core/conformance'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import pg from 'pg'
import { afterAll, expect, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { Follower } from './follow/follower.ts'
import { withoutLock } from './follow/saboteur.ts'
import { createAdministeredDatabase } from './postgres/database.ts'
import { seed } from './seed.ts'

const RECORDS = Number(process.env['SHEPHERD_TEST_FOLLOW_RECORDS'] ?? 1_000)
const RUNS = Number(process.env['SHEPHERD_TEST_FOLLOW_RUNS'] ?? 1)
const FOLLOWERS = 3
const NODES = 4
const WRITERS_OF_NODE = 4
/** Long enough for a loaded machine. */
const TEST_TIMEOUT_MS = 120_000 + RUNS * RECORDS * 10
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }

const { fresh } = temporaryDirectories()
const { url, admin, drop } = await createAdministeredDatabase(inject('postgresUrl'))
afterAll(drop)

const everyId = Array.from({ length: RECORDS + 1 }, (_, index) => index + 1)

test(
  `followers of 16 writers on 4 nodes of PostgreSQL see each record once, in order, ${RUNS} times`,
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    for (let run = 0; run < RUNS; run += 1) {
      for (const ids of await followFleet(`follow_${run}`, run)) expect(ids).toEqual(everyId)
    }
  },
)

// An id from a sequence is given before the commit: who reads up to it passes over what commits later.
test.each([
  ['sees a record that commits late, as those behind it wait for it', 'late_sound', undefined, [1, 2, 3]],
  ['misses it when records are appended without the lock of the log', 'late_sabotaged', withoutLock, [2, 3]],
] as const)('a follower %s', async (_, schema, sabotage, expected) => {
  const store = await openPostgresStore(url, { node: 'hub', schema })
  await sabotage?.(admin, schema)
  const late = new pg.Client({ connectionString: url })
  await late.connect()
  await late.query('begin')
  await late.query(
    `insert into ${schema}.audit_log ("timestamp", scope, node, type, event, digest)
     values (now(), 'default', 'late', 'service_started', '{"type":"service_started"}', repeat('0', 64))`,
  )
  const behind = store.appendAudit({ type: 'service_started' })
  // With the lock it waits for the late one; without, it is there first, and is seen.
  if (sabotage !== undefined) await behind
  const ids: number[] = []
  if (sabotage === undefined) {
    await late.query('commit')
    await behind
  }
  for await (const { id, event } of store.readAudits({ follow: true, after: 0 })) {
    ids.push(id)
    if (ids.length === 1 && sabotage !== undefined) {
      await late.query('commit')
      await store.appendAudit({ type: 'service_stopped' })
    }
    if (event.type === 'service_stopped') break
    if (ids.length === 2 && sabotage === undefined) await store.appendAudit({ type: 'service_stopped' })
  }
  expect(ids).toEqual(expected)
  await late.end()
  await store.close()
})

test(
  `followers of 4 processes on one SQLite file see each record once, in order, ${RUNS} times`,
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const path = join(fresh(), 'store.db')
      const open = () => openSqliteStore(path, { calendar: { timeZone: 'UTC', dayStart: '00:00' } })
      const writer = await open()
      const followers = Array.from(
        { length: FOLLOWERS },
        (_, index) => new Follower({ open, seed: seed + run * 10 + index }),
      )
      const following = Promise.all(followers.map((follower) => follower.untilTheEnd()))
      const address = { module: new URL('sqlite-harness.ts', import.meta.url).href, location: path }
      const job = { changes: [APPEND], times: RECORDS / NODES, atOnce: WRITERS_OF_NODE }
      await runWorkers(address, { processes: NODES, job, timeoutMs: TEST_TIMEOUT_MS })
      await writer.appendAudit({ type: 'service_stopped' })
      for (const ids of await following) expect(ids).toEqual(everyId)
      await writer.close()
    }
  },
)

/** What each follower saw, while the fleet wrote. */
async function followFleet(schema: string, run: number): Promise<readonly (readonly number[])[]> {
  const openAs = (node: string, name: string): Promise<OwnedStore> => {
    return openPostgresStore({ connectionString: url, max: 2, application_name: name }, { node, schema })
  }
  const writers = await Promise.all(
    Array.from({ length: NODES * WRITERS_OF_NODE }, (_, index) => openAs(`node-${index % NODES}`, `${schema} writer`)),
  )
  const followers = Array.from({ length: FOLLOWERS }, (_, index) => {
    const name = `${schema} follower ${index}`
    return new Follower({
      open: () => openAs('reader', name),
      cutOff: async () => {
        await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [name])
      },
      seed: seed + run * 10 + index,
    })
  })
  const following = Promise.all(followers.map((follower) => follower.untilTheEnd()))
  let left = RECORDS
  await Promise.all(
    writers.map(async (writer) => {
      while (left > 0) {
        // One to three at once, as services do.
        const count = Math.min(left, 1 + (left % 3))
        left -= count
        await writer.commit(Array.from({ length: count }, () => APPEND))
      }
    }),
  )
  await writers[0]?.appendAudit({ type: 'service_stopped' })
  const found = await following
  await Promise.all(writers.map((writer) => writer.close()))
  return found
}
