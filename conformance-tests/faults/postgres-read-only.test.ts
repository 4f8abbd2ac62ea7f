import assert from 'node:assert/strict'
import { isStoreError, type OwnedStore, type Store } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, onTestFinished, test } from 'vitest'
import { startProxy, type TcpProxy } from '../postgres/tcp-proxy.ts'
import { Cluster } from './cluster.ts'
import { Tally } from './tally.ts'

const DAY = '2026-11-23'
/** As many as the pool of a store holds; more than a call has tries. */
const CONNECTIONS = 10

const cluster = await Cluster.make()
const tally = new Tally()
afterAll(() => {
  tally.print('writes that a standby refuses')
  return cluster.stop()
})
const primary = await cluster.addPrimary(['synchronous_standby_names=*', 'synchronous_commit=remote_apply'])
const standby = await cluster.addStandby(primary)

const WRITES: readonly ((store: Store) => Promise<unknown>)[] = [
  // It is sent as one flight, from BEGIN to COMMIT.
  (store) => store.appendAudit({ type: 'service_started' }),
  (store) => store.addUsage('minecraft', DAY, 1),
  (store) => store.addUsage('minecraft', DAY, 1, { operationId: 'once' }),
]

test('says of each write that a standby takes none, and that it is not applied, and tells so in its health', async () => {
  await openAtPrimary()
  const open = async () => {
    const store = await openPostgresStore(standby.url, { node: 'hub' })
    onTestFinished(() => store.close())
    return store
  }
  const writing = WRITES.map(async (write) => assert.rejects(write(await open()), refusesToWrite))
  const { healthy, problems } = await (await open()).health()
  assert.deepEqual([healthy, problems.map(({ code }) => code)], [false, ['READ_ONLY']])
  await Promise.all(writing)
  assert.equal(await (await open()).getUsage('minecraft', DAY), 0)
})

test('refuses to open on a standby what would have to be made first', async () => {
  await assert.rejects(openPostgresStore(standby.url, { node: 'hub', schema: 'to_be_made' }), refusesToWrite)
})

// As after a failover: the address led to the old primary, now a standby, for a while.
test.each([
  ['its own connections', (url: string) => ({ connectionString: url, max: CONNECTIONS })],
  ['the connections of a pool that it was given', (url: string) => new pg.Pool({ connectionString: url })],
])('finds the primary by the first write when %s all lead to a standby', async (_, where) => {
  const { store, proxy } = await openAtPrimary(where)
  await usesEveryConnection(store)
  proxy.leadTo({ path: standby.socket })
  proxy.cutAll()
  await usesEveryConnection(store)
  proxy.leadTo({ path: primary.socket })
  const before = await store.getUsage('moving', DAY)
  await store.addUsage('moving', DAY, 1)
  assert.equal(await store.getUsage('moving', DAY), before + 1)
  tally.met({ faults: CONNECTIONS, acknowledged: 1 })
  assert.deepEqual((await store.health()).problems, [])
})

test('finds the primary by looking at its health', async () => {
  const { store, proxy } = await openAtPrimary()
  proxy.leadTo({ path: standby.socket })
  proxy.cutAll()
  await usesEveryConnection(store)
  proxy.leadTo({ path: primary.socket })
  assert.deepEqual((await store.health()).problems, [])
  tally.met({ faults: CONNECTIONS })
})

function refusesToWrite(error: unknown): boolean {
  assert.ok(isStoreError(error, 'READ_ONLY'), String(error))
  assert.match(error.message, /connect to the primary/)
  tally.met({ faults: 1 })
  return error.outcome === 'not_applied'
}

async function openAtPrimary(
  where: (url: string) => string | pg.PoolConfig | pg.Pool = (url) => url,
): Promise<{ readonly store: OwnedStore; readonly proxy: TcpProxy }> {
  const proxy = await startProxy({ path: primary.socket })
  const pool = where(proxy.url(primary.url))
  const store = await openPostgresStore(pool, { node: 'hub' })
  onTestFinished(async () => {
    await store.close()
    if (pool instanceof pg.Pool) await pool.end()
    await proxy.close()
  })
  return { store, proxy }
}

/** Has every connection of the pool made, and used for nothing but reading. */
async function usesEveryConnection(store: Store): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => store.getUsage('moving', DAY)))
}
