import assert from 'node:assert/strict'
import { isStoreError, LIMITS, type OwnedStore, type StoreErrorCode, systemClock } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, inject, onTestFinished, test } from 'vitest'
import { createAdministeredDatabase } from '../postgres/database.ts'
import { startProxy, type TcpProxy } from '../postgres/tcp-proxy.ts'
import { Tally } from './tally.ts'
import { DAY } from './work.ts'

/** A third of it is what one try may take. */
const CALL_TIMEOUT_MS = 900
/** Of a call whose first try ends by its time, and whose second has to connect, on a loaded machine. */
const PATIENT_CALL_TIMEOUT_MS = 6_000
/** What a loaded machine may add to either. */
const LATE_MS_MAX = 8_000
/** As many as the pool of a store holds; more than a call has tries. */
const CONNECTIONS = 10
/** How long each piece is kept back: much less than what one try may take, and more than that. */
const [SLOW_MS, TOO_SLOW_MS] = [10, 400]

const { url, admin, drop } = await createAdministeredDatabase(inject('postgresUrl'))
const tally = new Tally()
afterAll(() => {
  tally.print('connections that are missing, slow, or lead nowhere')
  return drop()
})

test('tells in time that the pool has no connection left, and keeps those that it has', async () => {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  const store = await open(pool)
  onTestFinished(() => pool.end())
  const taken = [await pool.connect(), await pool.connect()]
  const removed: unknown[] = []
  pool.on('remove', (client) => removed.push(client))
  await endsInTime(store, 'TIMEOUT')
  for (const client of taken) client.release()
  await worksAgain(store)
  assert.deepEqual([removed, pool.waitingCount], [[], 0])
})

test('tells in time that the server takes no more connections, and works again once it does', async () => {
  const role = `limited_${process.pid}`
  await admin.query(`create role ${role} login password 'limited' connection limit 2`)
  await admin.query(`grant create on database ${new URL(url).pathname.slice(1)} to ${role}`)
  onTestFinished(async () => {
    await admin.query(`drop owned by ${role}`)
    await admin.query(`drop role ${role}`)
  })
  const where = Object.assign(new URL(url), { username: role, password: 'limited' }).href
  const store = await open(where, PATIENT_CALL_TIMEOUT_MS)
  const [one, other] = [new pg.Client({ connectionString: where }), new pg.Client({ connectionString: where })]
  await one.connect()
  // Its place is taken in the moment in which the store loses it.
  await admin.query(`select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where usename = '${role}' and application_name = 'shepherd-store'`)
  await other.connect()
  await endsInTime(store, 'UNAVAILABLE', '53300')
  await Promise.all([one.end(), other.end()])
  await worksAgain(store)
})

test('works through a slow network, tells in time of one that is too slow, and works again afterwards', async () => {
  const { store, proxy } = await openThroughProxy(CALL_TIMEOUT_MS)
  proxy.slowDown(SLOW_MS)
  await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) =>
      eventually(() => store.addUsage('slow', DAY, 1, { operationId: `slow ${index}` })),
    ),
  )
  assert.equal(await eventually(() => store.getUsage('slow', DAY)), CONNECTIONS)
  tally.met({ faults: 1, acknowledged: CONNECTIONS })
  proxy.slowDown(TOO_SLOW_MS)
  await endsInTime(store, 'TIMEOUT')
  proxy.slowDown(0)
  await worksAgain(store)
})

// A router that has forgotten them forwards nothing, and tells nobody.
test('finds out of connections that lead nowhere by trying one of them', async () => {
  const { store, proxy } = await openThroughProxy(PATIENT_CALL_TIMEOUT_MS)
  await Promise.all(Array.from({ length: CONNECTIONS }, () => store.getUsage('minecraft', DAY)))
  proxy.forget()
  const [usedMs] = await Promise.all([
    store.getUsage('minecraft', DAY),
    store.addUsage('new', DAY, 1),
    store.appendAudit({ type: 'service_started' }),
  ])
  assert.deepEqual([usedMs, await store.getUsage('new', DAY), (await store.listAudits()).length], [0, 1, 1])
  assert.deepEqual((await store.health()).problems, [])
  tally.met({ faults: CONNECTIONS, acknowledged: 2 })
})

/** What is asked for now fails with `code`, for certain or not, and is not to be had later than it may. */
async function endsInTime(store: OwnedStore, code: StoreErrorCode, state?: string): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const fails = (error: unknown) => {
    assert.ok(isStoreError(error, code), String(error))
    if (state !== undefined) assert.match(error.message, new RegExp(`SQLSTATE ${state}`))
    return error.retryable
  }
  const [, , { healthy, problems }] = await Promise.all([
    assert.rejects(store.getUsage('minecraft', DAY), fails),
    assert.rejects(addOnce(store), fails),
    store.health(),
  ])
  const tookMs = systemClock.monotonicMs() - startedMs
  assert.ok(tookMs < LIMITS.HEALTH_TIMEOUT_MS + LATE_MS_MAX, `the calls took ${tookMs} ms`)
  assert.deepEqual([healthy, problems.map((problem) => problem.code)], [false, [code]])
  tally.met({ faults: 1, inDoubt: 1 })
}

/** Also what was asked for in vain, which is done once. A loaded machine may need several tries. */
async function worksAgain(store: OwnedStore): Promise<void> {
  await eventually(() => addOnce(store))
  assert.equal(await eventually(() => store.getUsage('minecraft', DAY)), 1)
  tally.acknowledged += 1
  assert.deepEqual((await store.health()).problems, [])
}

async function eventually<T>(call: () => Promise<T>): Promise<T> {
  const startedMs = systemClock.monotonicMs()
  for (;;) {
    try {
      return await call()
    } catch (error) {
      const isOver = systemClock.monotonicMs() - startedMs > LATE_MS_MAX
      if (isOver || !isStoreError(error) || !error.retryable) throw error
    }
  }
}

function addOnce(store: OwnedStore): Promise<unknown> {
  return store.addUsage('minecraft', DAY, 1, { operationId: 'once' })
}

let schemas = 0

async function open(where: string | pg.PoolConfig | pg.Pool, callTimeoutMs = CALL_TIMEOUT_MS): Promise<OwnedStore> {
  const schema = `limits_${(schemas += 1)}`
  // What is made at its first opening takes longer than its calls are given.
  await (await openPostgresStore(where, { node: 'hub', schema })).close()
  const store = await openPostgresStore(where, { node: 'hub', schema, callTimeoutMs })
  onTestFinished(() => store.close())
  return store
}

async function openThroughProxy(
  callTimeoutMs: number,
): Promise<{ readonly store: OwnedStore; readonly proxy: TcpProxy }> {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  onTestFinished(() => proxy.close())
  return { store: await open({ connectionString: proxy.url(url), max: CONNECTIONS }, callTimeoutMs), proxy }
}
