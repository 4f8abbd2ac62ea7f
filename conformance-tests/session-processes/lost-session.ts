import assert from 'node:assert/strict'
import { recoverSession, type Store } from '@shepherd-store/core'
import { DAY } from './endings.ts'
import { ENTRY } from './machine.ts'
import type { Play } from './play.ts'

const BOOKED_MS = 600_000
const LAST_REPORT_AT = new Date('2026-11-23T10:10:00.000Z')
const COOLDOWN_MS = 300_000

/** Reported every 30 s, and lost at 10 min 17 s. */
export const LOST: Play = {
  ...{ entryId: ENTRY, sessionId: 'lost', run: 'the first' },
  ...{ checkpoints: 20, intervalMs: 30_000, restMs: 17_000 },
}

/** Recovers the session of `node` by the store of another one, and checks what is booked before and after. */
export async function checkRecoveredOnce(store: Store, node: string): Promise<void> {
  const openSessions = async () =>
    (await store.listSessions({ open: true })).map((session) => [
      session.node,
      session.durationMs,
      session.lastReportedAt,
    ])

  assert.equal(await store.getUsage(ENTRY, DAY), BOOKED_MS)
  assert.deepEqual(await openSessions(), [[node, BOOKED_MS, LAST_REPORT_AT]])

  const recovery = { sessionId: LOST.sessionId, cooldownMs: COOLDOWN_MS }
  const recovered = await recoverSession(store, recovery)
  const reason = { type: 'recovered', node, lastReportedAt: LAST_REPORT_AT }
  assert.deepEqual(
    [recovered?.durationMs, recovered?.endedAt, recovered?.endReason],
    [BOOKED_MS, LAST_REPORT_AT, reason],
  )
  assert.equal(await recoverSession(store, recovery), undefined)
  assert.equal(await recoverSession(store.view({ node })), undefined)

  assert.equal(await store.getUsage(ENTRY, DAY), BOOKED_MS)
  assert.deepEqual(await openSessions(), [])
  assert.deepEqual(await store.getCooldownUntil(ENTRY), new Date(LAST_REPORT_AT.getTime() + COOLDOWN_MS))
  const events = (await store.listAudits()).map(({ event }) => event)
  assert.deepEqual(
    events.map(({ type }) => type),
    ['session_started', 'session_ended'],
  )
  const { sessionId, entryId } = LOST
  assert.deepEqual(events[1], { type: 'session_ended', sessionId, entryId, reason, durationMs: BOOKED_MS })
  assert.equal((await store.verifyAudits()).intact, true)
}
