import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import { inspect } from 'node:util'
import { isStoreError, type OwnedStore, systemClock } from '@shepherd-store/core'
import { openPostgresStore, type PostgresStoreOptions } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, inject, test } from 'vitest'
import { createAdministeredDatabase } from './postgres/database.ts'
import { within } from './postgres/deadline.ts'
import { startProxy, type TcpProxy } from './postgres/tcp-proxy.ts'

const DAY = '2026-11-23'
/** The health check's 3 s, and what a loaded machine adds. */
const FROZEN_MS_MAX = 10_000
/** How long a write may take to reach the lock that another holds: milliseconds, and what a loaded machine adds. */
const BLOCKED_MS_MAX = 10_000

const { url, admin, drop } = await createAdministeredDatabase(inject('postgresUrl'))
afterAll(drop)

let schemas = 0

/** A store in a schema of its own, reached through a proxy; both are closed after the test. */
async function withProxy(
  use: (store: OwnedStore, proxy: TcpProxy, schema: string) => Promise<void>,
  options: Partial<PostgresStoreOptions> = {},
): Promise<void> {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  const schema = `connections_${(schemas += 1)}`
  // What is made at the first opening takes longer than some of them give a call.
  await (await openPostgresStore(url, { node: 'hub', schema })).close()
  const store = await openPostgresStore(proxy.url(url), { node: 'hub', schema, ...options })
  try {
    await use(store, proxy, schema)
  } finally {
    proxy.thaw()
    await store.close()
    await proxy.close()
  }
}

/** Ends every connection of the store, as an operator or a failover would. */
async function terminateConnections(): Promise<number> {
  const { rowCount } = await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'shepherd-store'`,
  )
  return rowCount ?? 0
}

test('goes on when the server ends its idle connections', () =>
  withProxy(async (store) => {
    await store.addUsage('minecraft', DAY, 1)
    assert.ok((await terminateConnections()) > 0)
    await store.addUsage('minecraft', DAY, 1)
    assert.equal(await store.getUsage('minecraft', DAY), 2)
  }))

test('goes on when the network resets its idle connections', () =>
  withProxy(async (store, proxy) => {
    await store.addUsage('minecraft', DAY, 1)
    proxy.cutAll()
    assert.equal(await store.getUsage('minecraft', DAY), 1)
  }))

test('applies a commit once when the server ends its connection in the middle', () =>
  withProxy(async (store, _, schema) => {
    await store.addUsage('minecraft', DAY, 1)
    await admin.query('begin')
    await admin.query(`lock table ${schema}.usage in exclusive mode`)
    const adding = store.addUsage('minecraft', DAY, 10)
    await untilBlocked()
    assert.ok((await terminateConnections()) > 0)
    await admin.query('rollback')
    await adding
    assert.equal(await store.getUsage('minecraft', DAY), 11)
  }))

test('settles every unit of a group whose reply is lost', () =>
  withProxy(async (store, proxy) => {
    await store.addUsage('minecraft', DAY, 1)
    const lost = proxy.loseNextReply('COMMIT')
    const below = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 3 } as const
    const add = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 } as const
    const answers = await Promise.all([
      store.commit([add], { if: [below] }),
      store.appendAudit({ type: 'service_started' }),
      store.commit([add], { if: [below] }),
      store.commit([add], { if: [below] }),
      store.appendAudit({ type: 'service_stopped' }, { operationId: 'stop' }),
    ])
    await lost
    assert.deepEqual([answers[0].applied, answers[2].applied, answers[3].applied], [true, true, false])
    assert.deepEqual([answers[1].id, answers[4].id], [1, 2])
    assert.equal(await store.getUsage('minecraft', DAY), 3)
  }))

test('ends every call within its time while the server is frozen, and works again afterwards', () =>
  withProxy(
    async (store, proxy) => {
      await store.addUsage('minecraft', DAY, 1)
      proxy.freeze()
      const startedMs = systemClock.monotonicMs()
      const [read, write, healthy] = await Promise.allSettled([
        store.getUsage('minecraft', DAY),
        store.addUsage('minecraft', DAY, 10, { operationId: 'op' }),
        store.isHealthy(),
      ])
      assert.ok(read.status === 'rejected' && isStoreError(read.reason, 'TIMEOUT'))
      assert.equal(read.reason.outcome, 'not_applied')
      assert.ok(write.status === 'rejected' && isStoreError(write.reason, 'TIMEOUT'))
      assert.deepEqual(healthy, { status: 'fulfilled', value: false })
      const tookMs = systemClock.monotonicMs() - startedMs
      assert.ok(tookMs < FROZEN_MS_MAX, `the calls took ${tookMs} ms`)
      proxy.thaw()
      await store.addUsage('minecraft', DAY, 10, { operationId: 'op' })
      assert.equal(await store.getUsage('minecraft', DAY), 11)
      assert.equal(await store.isHealthy(), true)
    },
    { callTimeoutMs: 1_500 },
  ))

test('tells that the server is gone', () =>
  withProxy(async (store, proxy) => {
    await store.addUsage('minecraft', DAY, 1)
    await proxy.close()
    await assert.rejects(
      store.addUsage('minecraft', DAY, 1),
      (error) => isStoreError(error, 'UNAVAILABLE') && error.retryable && error.outcome === 'not_applied',
    )
    await assert.rejects(store.getUsage('minecraft', DAY), (error) => isStoreError(error, 'UNAVAILABLE'))
    assert.equal(await store.isHealthy(), false)
  }))

test('closes in bounded time while the server is frozen', () =>
  withProxy(async (store, proxy) => {
    await store.addUsage('minecraft', DAY, 1)
    proxy.freeze()
    await store.close()
  }))

test('leaves no socket open that a frozen server does not close', async () => {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  const sockets: Socket[] = []
  const stream = () => {
    const socket = new Socket()
    sockets.push(socket)
    return socket
  }
  const store = await openPostgresStore(
    { connectionString: proxy.url(url), stream },
    { node: 'hub', schema: 'says_no_goodbye' },
  )
  await store.addUsage('minecraft', DAY, 1)
  proxy.freeze()
  await store.close()
  assert.ok(sockets.length > 0)
  assert.deepEqual(
    sockets.filter(({ destroyed }) => !destroyed),
    [],
  )
  proxy.thaw()
  await proxy.close()
})

// A server that cannot sync its log stops, and says so to whoever waits for the commit, which is in the log all the same.
test('finds a commit that the server answered with its own end', () =>
  withProxy(async (store, proxy) => {
    await store.addUsage('minecraft', DAY, 1)
    const failed = proxy.failNextReply('COMMIT', '58030')
    const writing = store.addUsage('minecraft', DAY, 20)
    await failed
    await writing
    assert.equal(await store.getUsage('minecraft', DAY), 21)
  }))

test('leaves the pool of a caller open, and without a spoiled connection', async () => {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  const pool = new pg.Pool({ connectionString: proxy.url(url), max: 2 })
  const store = await openPostgresStore(pool, { node: 'hub', schema: 'borrowed' })
  await store.addUsage('minecraft', DAY, 1)
  proxy.cutAll()
  await store.addUsage('minecraft', DAY, 1)
  const lost = proxy.loseNextReply('COMMIT')
  await store.addUsage('minecraft', DAY, 1)
  await lost
  assert.equal(await store.getUsage('minecraft', DAY), 3)
  await store.close()
  assert.deepEqual((await pool.query('select 1 as one')).rows, [{ one: 1 }])
  assert.deepEqual([pool.waitingCount, pool.totalCount - pool.idleCount], [0, 0])
  await pool.end()
  await proxy.close()
})

test('gives up a connection that the server does not answer, and frees its place in the pool', async () => {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  const pool = new pg.Pool({ connectionString: proxy.url(url), max: 1, connectionTimeoutMillis: 300 })
  await (await openPostgresStore(url, { node: 'hub', schema: 'stands_still' })).close()
  const store = await openPostgresStore(pool, { node: 'hub', schema: 'stands_still', callTimeoutMs: 900 })
  await store.addUsage('minecraft', DAY, 1)
  const removed = once(pool, 'remove')
  proxy.freeze()
  await assert.rejects(store.addUsage('minecraft', DAY, 1), (error) => isStoreError(error, 'TIMEOUT', 'UNAVAILABLE'))
  await within(removed, FROZEN_MS_MAX, 'the connection keeps its place')
  proxy.thaw()
  assert.equal(await store.getUsage('minecraft', DAY), 1)
  await store.close()
  await pool.end()
  await proxy.close()
})

test('shows no password, neither in an error nor in what the error holds', async () => {
  const secret = 'tr0ub4dor'
  const wrong = Object.assign(new URL(url), { username: 'nobody_of_that_name', password: secret }).href
  const unparsable = `postgres://parent:${secret}@[bad/db`
  const unreachable = `postgres://parent:${secret}@127.0.0.1:1/db`
  const missing = Object.assign(new URL(url), { pathname: '/no_such_database' }).href
  for (const where of [wrong, unparsable, unreachable, missing]) {
    const error: unknown = await openPostgresStore(where, { node: 'hub', callTimeoutMs: 3_000 }).then(
      async (store) => store.close(),
      (reason: unknown) => reason,
    )
    // A server that trusts everybody lets the first one in.
    if (error === undefined) continue
    assert.ok(isStoreError(error))
    assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(secret), 'the password shows')
  }
})

test('frees the places of connections that nobody answered', async () => {
  const { hostname, port } = new URL(url)
  let silent = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client.on('error', () => undefined))
    if (silent) return
    const upstream = connect(Number(port || 5432), hostname)
    sockets.add(upstream.on('error', () => undefined))
    client.pipe(upstream).pipe(client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const where = Object.assign(new URL(url), { hostname: '127.0.0.1', port: address.port }).href
  await (await openPostgresStore(url, { node: 'hub', schema: 'silent' })).close()
  const store = await openPostgresStore(
    { connectionString: where, max: 2 },
    { node: 'hub', schema: 'silent', callTimeoutMs: 900 },
  )
  silent = true
  for (const socket of sockets) socket.destroy()
  const calls = Array.from({ length: 4 }, () => store.getUsage('minecraft', DAY))
  for (const call of await Promise.allSettled(calls)) {
    assert.ok(call.status === 'rejected' && isStoreError(call.reason, 'TIMEOUT', 'UNAVAILABLE'))
  }
  silent = false
  assert.equal(await store.getUsage('minecraft', DAY), 0)
  await store.close()
  for (const socket of sockets) socket.destroy()
  await once(server.close(), 'close')
})

/** Until a connection of the store waits for a lock that another one holds. */
async function untilBlocked(): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  while (systemClock.monotonicMs() - startedMs < BLOCKED_MS_MAX) {
    const { rowCount } = await admin.query(
      `select from pg_stat_activity where application_name = 'shepherd-store' and wait_event_type = 'Lock'`,
    )
    if (rowCount !== 0) return
  }
  assert.fail(`no connection of the store waits for a lock after ${BLOCKED_MS_MAX} ms`)
}
