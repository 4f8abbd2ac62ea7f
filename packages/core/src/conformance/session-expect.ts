import assert from 'node:assert/strict'
import type { AuditEvent, AuditRecord } from '../audit.ts'
import type { FailedCondition, SessionChange } from '../change.ts'
import { parseDay } from '../day.ts'
import type { Session } from '../session-handle.ts'
import type { DayPlayed, SessionAfter } from '../session.ts'
import { startSession, type StartOptions } from '../sessions.ts'
import type { Store } from '../store.ts'
import type { DurationMs, EntryId } from '../values.ts'

export const DAY = '2026-11-23'
export const USER_STOP = { type: 'user_stop' } as const
export const NO_OPEN_SESSION = { type: 'no_open_session' } as const
export const MINUTE_MS = 60_000
/** The session of most cases. */
export const OF_SESSION = { sessionId: 's-1', entryId: 'minecraft' } as const

const START = { ...OF_SESSION, run: 'r-1' } as const

/** Starts `s-1`, of `minecraft` by the run `r-1`, unless told otherwise; asserts that it was not refused. */
export async function started(store: Store, options: Partial<StartOptions> = {}): Promise<Session> {
  const start = await startSession(store, { ...START, ...options })
  assert.ok(start.applied, JSON.stringify(start))
  return start.session
}

/** What such a start is refused with; asserts that it is. */
export async function refusalOf(
  store: Store,
  options: Partial<StartOptions> = {},
): Promise<readonly FailedCondition[]> {
  const start = await startSession(store, { ...START, ...options })
  assert.ok(!start.applied, 'the start was not refused')
  return start.failed
}

/** What became of the session that the change is about. */
export async function sent(store: Store, change: SessionChange): Promise<SessionAfter> {
  const { sessions } = await store.commit([change])
  assert.equal(sessions.length, 1)
  const [after] = sessions
  assert.ok(after)
  return after
}

/** A report of the run `r-1` on `s-1`: what it has played on days of 2026, by month and day. */
export function report(number: number, playedMs: Readonly<Record<string, DurationMs>>) {
  return { type: 'report_session', ...START, report: number, played: daysOf2026(playedMs) } as const
}

/** The same report, as the last one. */
export function end(number: number, playedMs: Readonly<Record<string, DurationMs>>) {
  return { ...report(number, playedMs), type: 'end_session', reason: USER_STOP } as const
}

function daysOf2026(playedMs: Readonly<Record<string, DurationMs>>): readonly DayPlayed[] {
  return Object.entries(playedMs).map(([day, ms]) => ({ day: parseDay(`2026-${day}`), playedMs: ms }))
}

/** What is booked of the entry in the store's scope, by day. */
export async function bookedByDay(
  store: Store,
  entryId: EntryId = 'minecraft',
): Promise<Readonly<Record<string, DurationMs>>> {
  const totals = await store.listUsage({ from: '1990-01-01', to: '2080-01-01', by: ['day'], entryId })
  return Object.fromEntries(totals.map(({ day = '', durationMs }) => [day, durationMs]))
}

/** The events of these types in the store's scope, in the order of the log; of all types when none is named. */
export async function eventsOf(
  store: Store,
  ...types: readonly AuditEvent['type'][]
): Promise<readonly AuditRecord['event'][]> {
  const records = await store.listAudits({ limit: 1_000 })
  const wanted = new Set<string>(types)
  return records.map(({ event }) => event).filter(({ type }) => wanted.size === 0 || wanted.has(type))
}

/** How often each type of event is in the log of the store's scope. */
export async function eventCounts(store: Store): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const { type } of await eventsOf(store)) counts[type] = (counts[type] ?? 0) + 1
  return counts
}
