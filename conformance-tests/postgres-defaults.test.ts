import assert from 'node:assert/strict'
import type { OwnedStore } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { inject, onTestFinished, test } from 'vitest'
import { createDatabase, withClient } from './postgres/database.ts'

const DAY = '2026-11-23'
/** A third of it is what one try may take. */
const CALL_TIMEOUT_MS = 9_000

/**
 * What such a role reads waits until every serializable transaction that writes has ended, unless the reader says that it
 * shall not: https://www.postgresql.org/docs/current/sql-set-transaction.html
 */
const DEFAULTS = [
  'default_transaction_isolation = serializable',
  'default_transaction_deferrable = on',
  'default_transaction_read_only = on',
]

test.each(["the store's own", "its caller's"])(
  'reads at once and rightly while another is in a serializable transaction, on connections that are %s',
  async (whose) => {
    const url = await createDatabaseWithDefaults()
    const pool = new pg.Pool({ connectionString: url })
    const options = { node: 'hub', callTimeoutMs: CALL_TIMEOUT_MS }
    const early = new pg.Client({ connectionString: url })
    await early.connect()
    await early.query('begin isolation level serializable read write')
    await early.query('select from pg_class')
    const store = await openPostgresStore(whose === "its caller's" ? pool : url, options)
    onTestFinished(async () => {
      await store.close()
      await pool.end()
      await early.end()
    })
    await store.addUsage('minecraft', DAY, 7)
    await store.appendAudit({ type: 'service_started' })

    await withClient(url, async (other) => {
      await other.query('begin isolation level serializable read write')
      await other.query('update shepherd.usage set duration_ms = duration_ms + 1')
      assert.deepEqual(await readAll(store), { usedMs: 7, listedMs: [7], checked: 1 })
      await other.query('commit')
    })
    assert.deepEqual(await readAll(store), { usedMs: 8, listedMs: [8], checked: 1 })
    await store.addUsage('minecraft', DAY, 1)
    assert.equal(await store.getUsage('minecraft', DAY), 9)
  },
)

/** A database in which the role of the tests has the defaults. */
async function createDatabaseWithDefaults(): Promise<string> {
  const { url, drop } = await createDatabase(inject('postgresUrl'))
  onTestFinished(drop)
  const name = new URL(url).pathname.slice(1)
  await withClient(url, async (client) => {
    for (const setting of DEFAULTS) await client.query(`alter role current_user in database ${name} set ${setting}`)
  })
  return url
}

/** One statement, several that are sent at once, and more that follow on each other. */
async function readAll(store: OwnedStore) {
  const usage = await store.listUsage({ from: DAY, to: '2026-11-24', by: ['entry'] })
  const { intact, checked } = await store.verifyAudits()
  assert.ok(intact)
  return {
    usedMs: await store.getUsage('minecraft', DAY),
    listedMs: usage.map(({ durationMs }) => durationMs),
    checked,
  }
}
