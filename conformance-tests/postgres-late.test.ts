import assert from 'node:assert/strict'
import { openPostgresStore } from '@shepherd-store/postgres'
import { inject, onTestFinished, test } from 'vitest'
import { createDatabase } from './postgres/database.ts'
import { startProxy } from './postgres/tcp-proxy.ts'

/** A third of it is what one try may take. */
const CALL_TIMEOUT_MS = 3_000

/** What a network keeps back, it may deliver when the client has given up, and has done it again. */
test.each([
  ['a record, which is sent as one flight', 'late-session'],
  ['a snapshot, which is too', 'late-snapshot'],
])('does not apply %s a second time when the first try arrives behind the second', async (_, marker) => {
  const { url, drop } = await createDatabase(inject('postgresUrl'))
  onTestFinished(drop)
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  const store = await openPostgresStore(proxy.url(url), { node: 'hub', callTimeoutMs: CALL_TIMEOUT_MS })
  onTestFinished(async () => {
    await store.close()
    await proxy.close()
  })
  await store.appendAudit({ type: 'service_started' })

  const held = proxy.holdNextRequest(marker)
  const session = { sessionId: marker, entryId: 'minecraft' }
  const writing = marker.endsWith('session')
    ? store.appendAudit({ type: 'session_started', ...session })
    : store.saveSnapshot({
        timestamp: new Date('2026-11-23T15:00:00Z'),
        activeSession: { ...session, startedAt: new Date('2026-11-23T15:00:00Z'), warningsIssuedMs: [] },
      })
  await held.held
  await writing
  const before = [await store.listAudits(), await store.loadSnapshot()]
  await held.letGo()

  assert.deepEqual([await store.listAudits(), await store.loadSnapshot()], before)
  assert.equal((await store.verifyAudits()).intact, true)
  await store.appendAudit({ type: 'service_stopped' })
})
