import assert from 'node:assert/strict'
import { isStoreError } from '@shepherd-store/core'
import { openPostgresStore, type PostgresStoreOptions } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, inject, test } from 'vitest'
import { createAdministeredDatabase } from './postgres/database.ts'

const DAY = '2026-11-23'

const { url, admin, drop } = await createAdministeredDatabase(inject('postgresUrl'))
afterAll(drop)

test('books and decides rightly whatever the role has set as its defaults', async () => {
  const settings = {
    default_transaction_isolation: 'repeatable read',
    datestyle: 'German, DMY',
    timezone: 'Pacific/Apia',
    synchronous_commit: 'off',
    extra_float_digits: '-15',
    default_transaction_read_only: 'on',
  }
  const pool = new pg.Pool({
    connectionString: url,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
      .join(' '),
  })
  const one = await openPostgresStore(pool, { node: 'one', schema: 'defaults' })
  const two = await openPostgresStore(url, { node: 'two', schema: 'defaults' })
  assert.deepEqual((await one.health()).problems, [])
  const until = new Date('2026-11-23T23:59:59.999Z')
  await one.setCooldownUntil('minecraft', until)
  assert.deepEqual(await one.getCooldownUntil('minecraft'), until)
  await one.addUsage('long', DAY, 9_007_199_254_740_991)
  assert.equal(await one.getUsage('long', DAY), 9_007_199_254_740_991)
  for (let round = 0; round < 25; round += 1) {
    const entryId = `quota-${round}`
    const wins = await Promise.all(
      [one, two].map((store) =>
        store.commit([{ type: 'add_usage', entryId, day: DAY, durationMs: 60 }], {
          if: [{ type: 'usage_below', entryId, day: DAY, limitMs: 60 }],
        }),
      ),
    )
    assert.equal(wins.filter(({ applied }) => applied).length, 1)
  }
  await one.close()
  await two.close()
  await pool.end()
})

// Otherwise a server that loses its power forgets what it acknowledged, and one that hangs keeps the locks of a store
// that gave it up.
test('makes commits durable and bounds every wait, though the role does neither', async () => {
  const role = ['synchronous_commit', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  // 0: off, and no bound.
  const pool = new pg.Pool({ connectionString: url, options: role.map((name) => `-c ${name}=0`).join(' ') })
  const store = await openPostgresStore(pool, { node: 'hub', schema: 'settings', callTimeoutMs: 9_000 })
  await admin.query(`
    create table settings.seen (name text, setting text);
    create function settings.see() returns trigger language plpgsql as $$
    begin
      insert into settings.seen select name, setting from pg_settings where name in ('${role.join(`', '`)}');
      return new;
    end $$;
    create trigger see before insert on settings.usage for each row execute function settings.see()`)
  await store.addUsage('minecraft', DAY, 1)
  await store.close()
  await pool.end()
  const { rows } = await admin.query<{ name: string; setting: string }>('select name, setting from settings.seen')
  const seen = new Map(rows.map(({ name, setting }) => [name, setting]))
  const [durable, ...timeouts] = role.map((name) => seen.get(name))
  assert.equal(durable, 'on')
  for (const timeoutMs of timeouts.map(Number)) assert.ok(timeoutMs > 0 && timeoutMs <= 9_000, `${timeoutMs} ms`)
})

test('refuses to guess which machine it is', async () => {
  const options = {} as unknown as PostgresStoreOptions
  await assert.rejects(openPostgresStore(url, options), (error) => isStoreError(error, 'INVALID_ARGUMENT'))
})

test('waits for another migration no longer than its time', async () => {
  await admin.query('begin')
  try {
    await admin.query(`select pg_advisory_xact_lock(hashtextextended('shepherd-store migration contended', 0))`)
    const opening = openPostgresStore(url, { node: 'hub', schema: 'contended', callTimeoutMs: 3_000 })
    await assert.rejects(opening, (error) => isStoreError(error, 'BUSY'))
  } finally {
    await admin.query('rollback')
  }
})

test('refuses a schema that holds the tables of another program, and leaves it alone', async () => {
  await admin.query('create schema foreign_tables')
  await admin.query('create table foreign_tables.customers (id int)')
  await assert.rejects(openPostgresStore(url, { node: 'hub', schema: 'foreign_tables' }), (error) =>
    isStoreError(error, 'UNRECOGNIZED_SCHEMA'),
  )
  const { rows } = await admin.query(`select tablename from pg_tables where schemaname = 'foreign_tables'`)
  assert.deepEqual(rows, [{ tablename: 'customers' }])
})

test('refuses a schema that is newer, and one that is older when it may not migrate', async () => {
  const older = openPostgresStore(url, { node: 'hub', schema: 'versions', migrate: 'never' })
  await assert.rejects(older, (error) => isStoreError(error, 'SCHEMA_TOO_OLD'))
  await (await openPostgresStore(url, { node: 'hub', schema: 'versions' })).close()
  await admin.query(`update versions.meta set value = '99' where key = 'schema_version'`)
  const newer = openPostgresStore(url, { node: 'hub', schema: 'versions' })
  await assert.rejects(newer, (error) => isStoreError(error, 'SCHEMA_TOO_NEW'))
})

test('keeps the log append-only, in the server', async () => {
  const store = await openPostgresStore(url, { node: 'hub', schema: 'append_only' })
  await store.appendAudit({ type: 'service_started' })
  for (const statement of ['update append_only.audit_log set node = node', 'delete from append_only.audit_log']) {
    await assert.rejects(admin.query(statement), /append-only/)
    await admin.query('set session_replication_role = replica')
    await assert.rejects(admin.query(statement), /append-only/)
    await admin.query('set session_replication_role = origin')
  }
  await assert.rejects(admin.query('truncate append_only.audit_log'), /append-only/)
  await store.close()
})

test('gives a record that is inserted by hand its place in the chain', async () => {
  const store = await openPostgresStore(url, { node: 'hub', schema: 'by_hand' })
  await store.appendAudit({ type: 'service_started' })
  await admin.query(`insert into by_hand.audit_log select * from by_hand.audit_log`)
  assert.equal((await store.appendAudit({ type: 'service_stopped' })).id, 3)
  assert.deepEqual(await store.verifyAudits().then(({ intact, checked }) => ({ intact, checked })), {
    intact: true,
    checked: 3,
  })
  await store.close()
})

test('finds a record that was dated into the years before Christ', async () => {
  const store = await openPostgresStore(url, { node: 'hub', schema: 'before_christ' })
  await store.appendAudit({ type: 'service_started' })
  await admin.query('alter table before_christ.audit_log disable trigger audit_log_no_update')
  await admin.query(`update before_christ.audit_log set timestamp = (timestamp::text || ' BC')::timestamptz`)
  const { intact, firstBreak } = await store.verifyAudits()
  assert.deepEqual([intact, firstBreak?.id], [false, 1])
  await store.close()
})

test('opens for a role that may only read, and tells in its health that it cannot write', async () => {
  await (await openPostgresStore(url, { node: 'hub', schema: 'read_only' })).close()
  const role = `reader_${process.pid}`
  await admin.query(`create role ${role} login password 'reader'`)
  await admin.query(`grant usage on schema read_only to ${role}`)
  await admin.query(`grant select on all tables in schema read_only to ${role}`)
  const where = Object.assign(new URL(url), { username: role, password: 'reader' }).href
  const store = await openPostgresStore(where, { node: 'hub', schema: 'read_only', migrate: 'never' })
  assert.equal(await store.getUsage('minecraft', DAY), 0)
  await assert.rejects(store.addUsage('minecraft', DAY, 1), (error) => isStoreError(error, 'PERMISSION_DENIED'))
  const { healthy, problems } = await store.health()
  assert.deepEqual([healthy, problems.map(({ code }) => code)], [false, ['PERMISSION_DENIED']])
  await store.close()
  await admin.query(`drop owned by ${role}`)
  await admin.query(`drop role ${role}`)
})
