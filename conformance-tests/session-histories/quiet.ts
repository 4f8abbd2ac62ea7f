import assert from 'node:assert/strict'
import type { AuditRecord, Store } from '@shepherd-store/core'
import type { CalendarPage } from './calendar-page.ts'
import { byDay, lengthOf, type PlayedSession } from './truth.ts'

/** How a history has ended, and what really was. */
export interface Ending {
  /** Through which the store is asked. */
  readonly store: Store
  readonly page: CalendarPage
  readonly sessions: readonly PlayedSession[]
  /** The ids of all starts that were tried: those that nobody knows to have been started may be sessions or not. */
  readonly startIds: readonly string[]
  readonly areClocksRight: boolean
}

/** @throws AssertionError unless the store tells the truth. */
export async function checkQuiet(ending: Ending): Promise<void> {
  await checkUsage(ending)
  const records = await allRecords(ending.store)
  const stored = await ending.store.listSessions({ limit: 1_000 })
  assert.deepEqual(
    stored.map(({ sessionId }) => sessionId).filter((id) => !ending.startIds.includes(id)),
    [],
    'sessions that nobody started',
  )
  const played = new Map(ending.sessions.map((session) => [session.sessionId, session]))
  for (const sessionId of ending.startIds) {
    const row = stored.find((session) => session.sessionId === sessionId)
    const truth = played.get(sessionId)
    assert.ok(row !== undefined || truth === undefined, `${sessionId} was played, and is not stored`)
    const toldMs = truth === undefined ? 0 : lengthOf(truth.told())
    checkLog(sessionId, records, { isStored: row !== undefined, toldMs })
    if (row === undefined) continue
    assert.ok(row.endedAt !== undefined, `${sessionId} is open`)
    assert.equal(row.reserved, undefined, `${sessionId} has time reserved`)
    assert.equal(row.durationMs, toldMs, `the total of ${sessionId}`)
  }
}

/** By entry and machine, and, where the clocks were right, by day. */
async function checkUsage({ store, page, sessions, areClocksRight }: Ending): Promise<void> {
  const told = new Map<string, number>()
  const add = (key: string, ms: number) => told.set(key, (told.get(key) ?? 0) + ms)
  for (const session of sessions) {
    const { node, entryId } = session
    if (!areClocksRight) add(`${node} ${entryId}`, lengthOf(session.told()))
    else for (const [day, ms] of byDay(session.told(), page)) add(`${node} ${entryId} ${day}`, ms)
  }
  const booked = await store.listUsage({ from: '2020-01-01', to: '2030-01-01', by: ['day', 'entry', 'node'] })
  const stored = new Map<string, number>()
  for (const { node, entryId, day, durationMs } of booked) {
    const key = areClocksRight ? `${node} ${entryId} ${day}` : `${node} ${entryId}`
    stored.set(key, (stored.get(key) ?? 0) + durationMs)
  }
  assert.deepEqual(withoutZeros(stored), withoutZeros(told), 'what is booked, and what was told of what was played')
}

/** Started once and ended once, in that order; what came later than the end is told with it. */
function checkLog(sessionId: string, records: readonly AuditRecord[], { isStored, toldMs }: Expected): void {
  const types: string[] = []
  let loggedMs = 0
  for (const { event } of records) {
    if (!('sessionId' in event) || event.sessionId !== sessionId) continue
    if (event.type === 'session_started' || event.type === 'session_ended') types.push(event.type)
    if (event.type === 'session_ended') loggedMs += event.durationMs
    if (event.type === 'session_time_added') loggedMs += event.addedMs
  }
  assert.deepEqual(types, isStored ? ['session_started', 'session_ended'] : [], `the log of ${sessionId}`)
  assert.equal(loggedMs, toldMs, `the time of ${sessionId}, by the log`)
}

interface Expected {
  readonly isStored: boolean
  readonly toldMs: number
}

async function allRecords(store: Store): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of store.readAudits()) records.push(record)
  return records
}

function withoutZeros(totals: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...totals].filter(([, ms]) => ms > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
