import assert from 'node:assert/strict'
import { isStoreError, type Store } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { inject, onTestFinished, test } from 'vitest'
import { createDatabase } from './postgres/database.ts'
import { startProxy } from './postgres/tcp-proxy.ts'

const UNTIL = new Date('2026-11-23T15:00:00Z')

/** Writes that depend on nothing: all that they need is sent together, from BEGIN to COMMIT. */
const WRITES: readonly (readonly [
  what: string,
  write: (store: Store) => Promise<unknown>,
  isThere: (store: Store) => Promise<boolean>,
])[] = [
  [
    'a record',
    (store) => store.appendAudit({ type: 'service_started' }),
    async (store) => (await store.getRecentAudits(10)).length === 1,
  ],
  [
    'a cooldown',
    (store) => store.setCooldownUntil('minecraft', UNTIL),
    async (store) => (await store.getCooldownUntil('minecraft'))?.getTime() === UNTIL.getTime(),
  ],
]

// As behind a pooler that lends its connections for one statement each: what comes behind a BEGIN that is refused is in
// no transaction, and done at once. Whoever were told that it is not applied would do it again.
test.each(WRITES)(
  'says that it is unknown what became of %s when BEGIN alone was refused',
  async (_, write, isThere) => {
    const { url, drop } = await createDatabase(inject('postgresUrl'))
    onTestFinished(drop)
    const { hostname, port } = new URL(url)
    const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
    const store = await openPostgresStore(proxy.url(url), { node: 'hub' })
    onTestFinished(async () => {
      await store.close()
      await proxy.close()
    })

    proxy.misspellNextRequest('begin')
    await assert.rejects(write(store), (error) => {
      assert.ok(isStoreError(error, 'DATABASE'), String(error))
      assert.match(error.message, /syntax error/)
      return error.outcome === 'unknown'
    })
    assert.ok(await isThere(store))
    assert.equal((await store.verifyAudits()).intact, true)
  },
)
