import assert from 'node:assert/strict'
import { type OwnedStore, type Store, systemClock } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, inject, onTestFinished, test } from 'vitest'
import { createDatabase, withClient } from '../postgres/database.ts'
import { startProxy } from '../postgres/tcp-proxy.ts'
import { Tally } from './tally.ts'
import { DAY } from './work.ts'

/** A server looks for a deadlock when a lock has been waited for so long. */
const DEADLOCK_TIMEOUT_MS = 1_000
/** The other client is to be stuck before that; where it was not, because the machine had no time, it is tried again. */
const DEADLOCK_TRIES_MAX = 5
/** How long a write may take to reach the lock that another holds, on a loaded machine. */
const BLOCKED_MS_MAX = 10_000
const REFUSALS = 2
const ADDITIONS = 25

const { url, drop } = await createDatabase(inject('postgresUrl'))
const admin = new pg.Client({ connectionString: url })
await admin.connect()
// Of connections that are made from now on.
await admin.query(`alter database ${new URL(url).pathname.slice(1)} set deadlock_timeout = ${DEADLOCK_TIMEOUT_MS}`)
const tally = new Tally()
afterAll(async () => {
  tally.print('writes that the server refuses for others')
  await admin.end()
  await drop()
})

const POINTS = [
  ['while it writes', '40001', ''],
  ['while it writes', '40P01', ''],
  ['when it commits', '40001', 'deferrable initially deferred'],
  ['when it commits', '40P01', 'deferrable initially deferred'],
] as const

test.each(POINTS)(
  'applies a write once that the server refuses %s with %s, again and again',
  async (_, state, when) => {
    const { store, schema } = await open()
    // A sequence counts on although its transaction is rolled back.
    await admin.query(`
    create sequence ${schema}.refusals;
    create function ${schema}.refuse() returns trigger language plpgsql as $$
    begin
      if nextval('${schema}.refusals') <= ${REFUSALS} then raise exception 'refused' using errcode = '${state}'; end if;
      return new;
    end $$;
    create constraint trigger refuse after insert or update on ${schema}.usage ${when}
      for each row execute function ${schema}.refuse()`)
    const { repeated } = await store.commit([
      ...addingTo('a', 1),
      { type: 'append_audit', event: { type: 'service_started' } },
    ])
    tally.met({ faults: REFUSALS, acknowledged: 1 })
    const { rows } = await admin.query<{ last_value: string }>(`select last_value from ${schema}.refusals`)
    assert.deepEqual([repeated, Number(rows[0]?.last_value)], [false, REFUSALS + 1])
    assert.deepEqual([await store.getUsage('a', DAY), (await store.listAudits()).length], [1, 1])
    assert.equal((await store.verifyAudits()).intact, true)
  },
)

test('applies a write once that a client deadlocks with, which locks the rows in another order', async () => {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  onTestFinished(() => proxy.close())
  const { store, schema } = await open(proxy.url(url))
  await store.commit([...addingTo('a', 1), ...addingTo('b', 1)])
  const deadlocks = proxy.countReplies('40P01')
  let added = 1
  for (let tries = 0; deadlocks.count === 0; tries += 1) {
    assert.ok(tries < DEADLOCK_TRIES_MAX, `no deadlock in ${tries} tries`)
    await deadlockOnce(store, schema)
    added += 1
  }
  tally.met({ faults: deadlocks.count, acknowledged: added })
  assert.deepEqual([await store.getUsage('a', DAY), await store.getUsage('b', DAY)], [added, added])
})

/** Of the two, the store is the one that the server ends: the other one would wait for an hour before it looks. */
async function deadlockOnce(store: Store, schema: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`set deadlock_timeout = '1h'`)
    await client.query('begin')
    const lock = (entryId: string) =>
      client.query(`select from ${schema}.usage where entry_id = $1 for update`, [entryId])
    await lock('b')
    const adding = store.commit([...addingTo('a', 1), ...addingTo('b', 1)])
    await untilBlocked()
    await lock('a')
    await client.query('commit')
    await adding
  })
}

test('is refused nothing where the isolation of its role is serializable, and others write what it reads', async () => {
  const options = '-c default_transaction_isolation=serializable -c default_transaction_deferrable=on'
  const { store, schema } = await open({ connectionString: url, options })
  await store.addUsage('a', DAY, 1)
  const others = Array.from({ length: 2 }, () => writeSerializably(schema))
  for (let count = 0; count < ADDITIONS; count += 1) {
    const below = { type: 'usage_below', entryId: 'a', day: DAY, limitMs: 1_000_000 } as const
    const { applied } = await store.commit(addingTo('a', 1), { if: [below] })
    assert.ok(applied)
  }
  const added = (await Promise.all(others)).reduce((sum, count) => sum + count, 0)
  tally.met({ faults: others.length * ADDITIONS - added, acknowledged: 1 + ADDITIONS })
  assert.equal(await store.getUsage('a', DAY), 1 + ADDITIONS + added)
})

/** Another program, whose transactions the server refuses at times. Resolves with how many of them it did not. */
async function writeSerializably(schema: string): Promise<number> {
  return withClient(url, async (client) => {
    let added = 0
    for (let count = 0; count < ADDITIONS; count += 1) {
      try {
        await client.query('begin isolation level serializable')
        await client.query(`select sum(duration_ms) from ${schema}.usage`)
        await client.query(`update ${schema}.usage set duration_ms = duration_ms + 1 where entry_id = 'a'`)
        await client.query('commit')
        added += 1
      } catch (error) {
        if (!(error instanceof pg.DatabaseError && error.code === '40001')) throw error
        await client.query('rollback')
      }
    }
    return added
  })
}

let schemas = 0

async function open(
  where: string | pg.PoolConfig = url,
): Promise<{ readonly store: OwnedStore; readonly schema: string }> {
  const schema = `contention_${(schemas += 1)}`
  const store = await openPostgresStore(where, { node: 'hub', schema })
  onTestFinished(() => store.close())
  return { store, schema }
}

function addingTo(entryId: string, durationMs: number) {
  return [{ type: 'add_usage', entryId, day: DAY, durationMs } as const]
}

/** Until a connection of the store waits for a lock that another one holds. */
async function untilBlocked(): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  while (systemClock.monotonicMs() - startedMs < BLOCKED_MS_MAX) {
    const { rowCount } = await admin.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'shepherd-store'
       and wait_event_type = 'Lock'`,
    )
    if (rowCount !== 0) return
  }
  assert.fail(`no connection of the store waits for a lock after ${BLOCKED_MS_MAX} ms`)
}
