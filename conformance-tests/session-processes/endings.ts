import assert from 'node:assert/strict'
import type { Change, Store } from '@shepherd-store/core'
import type { Effects } from './effects.ts'
import { ENTRY } from './machine.ts'
import type { Play } from './play.ts'

export const START_AT = '2026-11-23T10:00:00.000Z'
export const DAY = '2026-11-23'
/** When whoever comes after the crash looks, by its clock. */
export const RESTARTED_AT = '2026-11-23T11:00:00.000Z'

const INTERVAL_MS = 30_000
const REST_MS = 17_000
const COOLDOWN_MS = 600_000
const END_AT = '2026-11-23T10:00:47.000Z'

/** A session that is to end with something still to book. */
export function endingPlay(sessionId: string): Play {
  return {
    ...{ entryId: ENTRY, sessionId, run: `the first of ${sessionId}` },
    ...{ checkpoints: 1, intervalMs: INTERVAL_MS, restMs: REST_MS },
    end: { reason: { type: 'user_stop' }, cooldownMs: COOLDOWN_MS },
  }
}

const NONE: Effects = { usedMs: INTERVAL_MS, cooldowns: 0, endRecords: 0, endedSessions: 0 }
const ALL: Effects = { usedMs: INTERVAL_MS + REST_MS, cooldowns: 1, endRecords: 1, endedSessions: 1 }

/** How many of the end's effects there are. @throws AssertionError when they are some and not others. */
export function allOrNone(effects: Effects): 'all' | 'none' {
  if (effects.endRecords === 0) {
    assert.deepEqual(effects, NONE)
    return 'none'
  }
  assert.deepEqual(effects, ALL)
  return 'all'
}

/**
 * Makes the same end again, twice, by the store of somebody who came later, and checks that each of its effects is there
 * once. Returns whether that was what ended the session.
 */
export async function endAgain(store: Store, changes: readonly Change[]): Promise<boolean> {
  const [{ sessions: first }, { sessions: second }] = [await store.commit(changes), await store.commit(changes)]
  assert.deepEqual(
    second.map(({ changed, bookedMs }) => [changed, bookedMs]),
    [[false, 0]],
  )
  const endedNow = first[0]?.changed === true
  assert.equal(first[0]?.bookedMs, endedNow ? REST_MS : 0)
  const endedAt = new Date(endedNow ? RESTARTED_AT : END_AT)

  assert.equal(await store.getUsage(ENTRY, DAY), INTERVAL_MS + REST_MS)
  assert.deepEqual(await store.getCooldownUntil(ENTRY), new Date(endedAt.getTime() + COOLDOWN_MS))
  const sessions = await store.listSessions()
  assert.deepEqual(
    sessions.map((session) => [session.endedAt, session.endReason, session.durationMs]),
    [[endedAt, { type: 'user_stop' }, INTERVAL_MS + REST_MS]],
  )
  const records = await store.listAudits()
  assert.deepEqual(
    records.map(({ event }) => event.type),
    ['session_started', 'session_ended'],
  )
  return endedNow
}
