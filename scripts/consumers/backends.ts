/** A program that has every package: it writes to a file and to memory, reads both, and finds the suite. */
import assert from 'node:assert/strict'
import { isStoreError, type OwnedStore } from '@shepherd-store/core'
import { storeCases } from '@shepherd-store/core/conformance'
import { createMemoryStore } from '@shepherd-store/memory'
import * as postgres from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import * as command from 'shepherd-store'

const [path = ''] = process.argv.slice(2)

async function play(store: OwnedStore): Promise<void> {
  const day = store.today()
  await store.addUsage('minecraft', day, 90_000)
  const { id } = await store.appendAudit({ type: 'service_started' })
  assert.equal(id, 1)
  assert.equal(await store.getUsage('minecraft', day), 90_000)
  assert.deepEqual(
    (await store.getRecentAudits(1)).map(({ event }) => event),
    [{ type: 'service_started' }],
  )
  await store.close()
  await assert.rejects(store.getUsage('minecraft', day), (error) => isStoreError(error, 'CLOSED'))
}

await play(createMemoryStore())
await play(await openSqliteStore(path))
assert.equal(typeof storeCases, 'function')
assert.equal(typeof importRustStore, 'function')
assert.equal(typeof postgres.openPostgresStore, 'function')
assert.equal(typeof command.openStore, 'function')
