import assert from 'node:assert/strict'
import { isStoreError, type Store, systemClock } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { afterAll, test } from 'vitest'
import { withClient } from '../postgres/database.ts'
import { Cluster, type ClusterNode } from './cluster.ts'
import { Tally } from './tally.ts'
import { DAY } from './work.ts'

/** A commit is acknowledged when a standby has it on its disk too: without a standby none is. */
const SYNCHRONOUS = ['synchronous_standby_names=*']
/** A third of it is what one try may take. */
const CALL_TIMEOUT_MS = 6_000
/** Who waits for a standby, or waits no more, is there within milliseconds; on a loaded machine within seconds. */
const SEEN_MS_MAX = 20_000

const cluster = await Cluster.make()
afterAll(() => cluster.stop())

// A commit whose connection ends while it waits for the standby is there for all to see, and would be gone with the primary.
test('acknowledges nothing that the synchronous standby does not have, whoever asks for it again', async () => {
  const primary = await cluster.addPrimary(SYNCHRONOUS)
  const standby = await cluster.addStandby(primary, SYNCHRONOUS)
  // A role may have another default.
  const url = Object.assign(new URL(primary.url), { search: '?options=-c%20synchronous_commit%3Dlocal' }).href
  const store = await openPostgresStore(url, { node: 'hub', callTimeoutMs: CALL_TIMEOUT_MS })
  await add(store, 'kept')
  assert.equal(await store.isHealthy(), true)
  await standby.crash()

  const writing = add(store, 'waits')
  writing.catch(() => {})
  await until(async () => (await endWaiting(primary)) > 0)
  await assert.rejects(writing, (error) => isStoreError(error) && error.outcome === 'unknown')
  assert.equal(await store.getUsage('waits', DAY), 1)
  // So that it does not wait for their locks.
  await endWaiting(primary)
  await assert.rejects(add(store, 'waits'), (error) => isStoreError(error) && error.outcome === 'unknown')

  const { healthy, problems } = await store.health()
  assert.equal(healthy, false)
  assert.deepEqual([problems[0]?.code, /synchronous standby/.test(problems[0]?.message ?? '')], ['UNAVAILABLE', true])

  await standby.start(SYNCHRONOUS)
  assert.deepEqual(await add(store, 'waits'), [true, 1])
  await until(() => store.isHealthy())
  await primary.crash()
  await standby.promote()
  await store.close()
  const there = await openPostgresStore(standby.url, { node: 'hub', callTimeoutMs: CALL_TIMEOUT_MS })
  assert.deepEqual([await there.getUsage('kept', DAY), await there.getUsage('waits', DAY)], [1, 1])
  await there.close()
  const tally = new Tally()
  tally.met({ faults: 3, acknowledged: 2, inDoubt: 2 })
  tally.print('a standby that is gone, and waiting commits whose connection ends')
})

/** Adds a millisecond to the entry, as the operation of the same name; whether it was there before, and the total. */
async function add(store: Store, entryId: string): Promise<readonly [repeated: boolean, usedMs: number | undefined]> {
  const { repeated, usage } = await store.commit([{ type: 'add_usage', entryId, day: DAY, durationMs: 1 }], {
    operationId: entryId,
  })
  return [repeated, usage[0]?.usedMs]
}

/** Ends the connections that wait for the standby, as an operator would; how many there were. */
function endWaiting({ url }: ClusterNode): Promise<number> {
  return withClient(url, async (client) => {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
    )
    return rowCount ?? 0
  })
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  while (!(await holds()))
    assert.ok(systemClock.monotonicMs() - startedMs < SEEN_MS_MAX, `it does not come within ${SEEN_MS_MAX} ms`)
}
