import assert from 'node:assert/strict'
import { type Change, isStoreError } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, inject, test } from 'vitest'
import { createDatabase } from './postgres/database.ts'

const TABLES = [
  ...['audit_log', 'audit_head', 'usage', 'cooldowns', 'snapshot', 'operations', 'writers', 'meta'],
  ...['sessions', 'session_played', 'grants', 'nodes'],
]
const RIGHTS = ['select', 'insert', 'update', 'delete']
const DAY = '2026-11-23'
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }
/** Every kind of change. */
const changes = (sessionId: string): readonly Change[] => [
  { type: 'append_audit', event: { type: 'service_started' } },
  { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
  { type: 'set_cooldown', entryId: 'minecraft', until: new Date('2026-11-23T10:00:00Z') },
  { type: 'extend_cooldown', entryId: 'minecraft', until: new Date('2026-11-23T11:00:00Z') },
  { type: 'clear_cooldown', entryId: 'chess' },
  { type: 'save_snapshot', snapshot: { timestamp: new Date('2026-11-23T10:00:00Z') } },
  { type: 'adjust_usage', entryId: 'minecraft', day: DAY, byMs: 1, ...CORRECTION },
  { type: 'grant_time', entryId: 'minecraft', day: DAY, byMs: 1, ...CORRECTION },
  { type: 'start_session', sessionId, entryId: 'minecraft', run: 'r-1' },
  {
    ...{ type: 'end_session', sessionId, entryId: 'minecraft', run: 'r-1', report: 1 },
    ...{ played: [{ day: DAY, playedMs: 1 }], reason: { type: 'user_stop' } },
  },
]

const role = `writer_${process.pid}`
const { url, drop } = await createDatabase(inject('postgresUrl'))
const admin = new pg.Client({ connectionString: url })
await admin.connect()
await (await openPostgresStore(url, { node: 'hub', schema: 'rights' })).close()
await admin.query(`create role ${role} login password 'writer'`)
await admin.query(`grant usage on schema rights to ${role}`)
await admin.query(`grant ${RIGHTS.join(', ')} on all tables in schema rights to ${role}`)
afterAll(async () => {
  await admin.query(`drop owned by ${role}`)
  await admin.query(`drop role ${role}`)
  await admin.end()
  await drop()
})

/** What the role's store, opened before that change of its rights, says of its health, and of a write of every kind. */
async function answers(change: string): Promise<{ readonly health: string; readonly write: string }> {
  const where = Object.assign(new URL(url), { username: role, password: 'writer' }).href
  const store = await openPostgresStore(where, { node: 'hub', schema: 'rights', migrate: 'never' })
  await admin.query(change)
  const { problems } = await store.health()
  const options = { operationId: change, if: [{ type: 'no_open_session' }] } as const
  const write = await store.commit(changes(change), options).then(
    () => 'done',
    (error: unknown) => (isStoreError(error) ? error.code : String(error)),
  )
  await store.close()
  return { health: problems.map(({ code }) => code).join() || 'done', write }
}

test('is healthy for a role that may read and write rows, and no more', async () => {
  assert.deepEqual(await answers('select 1'), { health: 'done', write: 'done' })
})

test('is healthy for a role that may write to the columns that are written', async () => {
  const columns = {
    ...{ usage: 'duration_ms', cooldowns: 'until' },
    ...{ session_played: 'played_ms', grants: 'granted_ms', nodes: 'seen_at, clock_skew_ms' },
    sessions: 'run, report, deadline, last_reported_at, ended_at, duration_ms, reserved_day, reserved_ms, detail',
  }
  for (const [table, names] of Object.entries(columns)) {
    const change = `revoke update on rights.${table} from ${role}; grant update (${names}) on rights.${table} to ${role}`
    assert.deepEqual(await answers(change), { health: 'done', write: 'done' })
    await admin.query(`grant update on rights.${table} to ${role}`)
  }
})

test('tells in its health of each right that writes need and the role lacks', async () => {
  const wrong: string[] = []
  let needed = 0
  for (const [table, right] of TABLES.flatMap((name) => RIGHTS.map((each) => [name, each] as const))) {
    const { health, write } = await answers(`revoke ${right} on rights.${table} from ${role}`)
    await admin.query(`grant ${right} on rights.${table} to ${role}`)
    if (write !== 'done') needed += 1
    // Reads need rights that writes do not.
    if (health !== write && !(right === 'select' && write === 'done'))
      wrong.push(`without ${right} on ${table} its health is ${health}, and a write ${write}`)
  }
  assert.deepEqual(wrong, [])
  assert.ok(needed > TABLES.length)
})
