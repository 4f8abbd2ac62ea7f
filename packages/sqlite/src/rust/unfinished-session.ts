import type { Change, DayPlayed, RunId, SessionSnapshot, StateSnapshot, Store } from '@shepherd-store/core'
import { isStoreError, LIMITS, splitByDay } from '@shepherd-store/core'
import { importCorrection } from './corrections.ts'
import type { EndedSession, UnfinishedSession } from './report.ts'
import type { ImportRun } from './run.ts'
import type { SessionsSoFar } from './session.ts'
import { reasonOf } from './writer.ts'

/** Stands for the crate among the runs of services: it owns what it has begun. */
const CRATE_RUN: RunId = 'imported'

/**
 * Opens the session of the snapshot on the store's own node, to be recovered or continued there, unless the log has its
 * end, the store has it already, or another one is open. What was played of it is booked when it ends.
 * @param ended The one that this import has ended.
 */
export async function importSession(
  run: ImportRun,
  { timestamp, activeSession: session }: StateSnapshot,
  ended: EndedSession | undefined,
): Promise<UnfinishedSession | undefined> {
  if (session === undefined) return undefined
  const { sessionId, entryId, startedAt, deadline, warningsIssuedMs } = session
  const played = playedUntil(timestamp, session, run.writer.store)
  const result = await open(run, { session, lastReportedAt: timestamp, played: played ?? [] }, ended)
  if (result === 'opened' && played === undefined) {
    const problem = `the session began more than ${LIMITS.SESSION_REPORT_DAYS_MAX} days before the snapshot: it is opened, and none of it will be booked`
    run.problems.add({ table: 'snapshot', row: SNAPSHOT_ROW, problem, quarantined: 'no' })
  }
  return {
    sessionId,
    entryId,
    startedAt: startedAt.toISOString(),
    ...(deadline === undefined ? {} : { deadline: deadline.toISOString() }),
    warningsIssuedMs,
    seenAt: timestamp.toISOString(),
    playedMs: sumOf(played ?? []),
    endedInLog: run.sessions.endOf(sessionId) !== undefined,
    result,
  }
}

/** The crate's table takes a single one. */
const SNAPSHOT_ROW = 1

interface Found {
  readonly session: SessionSnapshot
  readonly lastReportedAt: Date
  readonly played: readonly DayPlayed[]
}

async function open(
  { writer, sessions }: ImportRun,
  { session, ...found }: Found,
  ended: EndedSession | undefined,
): Promise<UnfinishedSession['result']> {
  const { store } = writer
  const { sessionId } = session
  if (sessions.endOf(sessionId) !== undefined) return 'ended'
  const isThere = async () => (await store.listSessions({ sessionId })).length > 0
  if (await isThere()) return 'already_there'
  // A rehearsal has no sessions that the condition could find.
  const others = await store.listSessions({ open: true, node: store.node })
  if (others.some((other) => other.sessionId !== ended?.sessionId)) return 'another_is_open'
  const label = labelOf(session, sessions)
  const change: Change = { type: 'import_session', ...session, ...found, run: CRATE_RUN, label }
  if (await writer.commitOwn(`session ${sessionId}`, [change], [{ type: 'no_open_session' }])) return 'opened'
  return (await isThere()) ? 'already_there' : 'another_is_open'
}

/** What its entry was called when it started. What no session of the store can be called stays in the log alone. */
function labelOf({ sessionId, entryId }: SessionSnapshot, sessions: SessionsSoFar): string | undefined {
  const label = sessions.open(sessionId)?.entryId === entryId ? sessions.labelOf(sessionId) : undefined
  if (label === undefined || label.includes('\0') || !label.isWellFormed()) return undefined
  return Buffer.byteLength(label) > LIMITS.SESSION_LABEL_BYTES_MAX ? undefined : label
}

/**
 * Ends the session that an earlier import opened when the log has its end since: the crate has booked all of it, so what
 * is booked here at the end is taken off again in the same commit.
 */
export async function endImportedSession({ writer, sessions, problems }: ImportRun): Promise<EndedSession | undefined> {
  const { store } = writer
  const [session] = await store.listSessions({ open: true, node: store.node, limit: 1 })
  if (session === undefined || session.run !== CRATE_RUN || session.problem !== undefined) return undefined
  const { sessionId, entryId, lastReportedAt } = session
  const reason = sessions.endOf(sessionId)
  const played = playedUntil(lastReportedAt, session, store) ?? []
  if (reason === undefined || played.length >= LIMITS.CHANGES_MAX) return undefined
  const changes: readonly Change[] = [
    { type: 'end_session', sessionId, entryId, run: CRATE_RUN, report: 1, played: [], reason },
    ...played.map(({ day, playedMs }): Change => ({
      ...{ type: 'adjust_usage', entryId, day, byMs: -playedMs, ...importCorrection(sessionId) },
    })),
  ]
  try {
    if (!(await writer.commitOwn(`end of session ${sessionId}`, changes))) return undefined
    return { sessionId, entryId, takenOffMs: sumOf(played) }
  } catch (error) {
    if (!isStoreError(error, 'MALFORMED')) throw error
    problems.add({ table: 'snapshot', row: SNAPSHOT_ROW, problem: reasonOf(error), quarantined: 'no' })
    return undefined
  }
}

/** By day, from the start on; `undefined` when that is longer than a session's days can be told. */
function playedUntil(
  at: Date,
  { startedAt }: { readonly startedAt: Date },
  { calendar }: Store,
): readonly DayPlayed[] | undefined {
  try {
    // A clock that went back tells nothing.
    return splitByDay(calendar, at, Math.max(0, at.getTime() - startedAt.getTime()))
  } catch (error) {
    if (isStoreError(error, 'INVALID_ARGUMENT')) return undefined
    throw error
  }
}

function sumOf(played: readonly DayPlayed[]): number {
  return played.reduce((sum, { playedMs }) => sum + playedMs, 0)
}
