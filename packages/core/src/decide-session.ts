import { auditContent } from './audit-content.ts'
import type { AuditEvent, SessionEndReason } from './audit.ts'
import { bookActive, bookCounted, bookUnbooked, put, rowOf, withReservation } from './book-session.ts'
import type { DriverChange, DriverReport, SessionCommand } from './driver-changes.ts'
import type { SessionOutcome } from './driver.ts'
import type { SessionRow } from './effects.ts'
import { invalidArgument, StoreError } from './errors.ts'
import type { GroupState, StoredState } from './group-state.ts'
import { LIMITS } from './limits.ts'
import { readableCooldown } from './readable.ts'
import { accountOf, withAccount, withOwner } from './session-account.ts'
import { detailOf, readableSession, recoverable } from './session-rows.ts'
import type { RunId } from './values.ts'
import { checkInstant, describe } from './values.ts'
import { encodeSessionDetail, type SessionDetail } from './wire.ts'

/**
 * What a command does to its session, put onto `draft`. What counts is, for each day and run, the largest total that was
 * reported, and what the account makes of it: so reports that are repeated, late, lost or out of order come to the same,
 * also after the end.
 * @throws StoreError `NOT_FOUND`, `OPERATION_MISMATCH`, `INVALID_ARGUMENT`, `MALFORMED`.
 */
export function decideSession(command: SessionCommand, draft: GroupState): SessionOutcome {
  if (command.action === 'start' || command.action === 'import') return open(command, draft)
  const found = sessionOf(command, draft)
  const row = command.action === 'recover' ? found : readableSession(found)
  switch (command.action) {
    case 'report':
      return report(command, row, draft)
    case 'end':
      return end(command, row, draft)
    case 'recover':
      return recover(command, row, draft)
    case 'continue':
      return continueSession(command, row, draft)
    case 'warn':
      return warn(command, row, draft)
    case 'extend':
      return extend(command, row, draft)
  }
}

/** The session that the change would start, where there is one already. @throws StoreError as `decideSession`. */
export function earlierStart(change: DriverChange, state: StoredState): SessionRow | undefined {
  if (change.table !== 'session' || (change.action !== 'start' && change.action !== 'import')) return undefined
  const row = state.session(change)
  if (row === undefined || (row.entryId === change.entryId && row.node === change.node)) return row
  throw new StoreError(
    'OPERATION_MISMATCH',
    `session ${describe(row.sessionId)} is one of entry ${describe(row.entryId)} on node ${describe(row.node)}; give this one an id of its own`,
  )
}

type Command<A extends SessionCommand['action']> = Extract<SessionCommand, { readonly action: A }>

function open(command: Command<'start' | 'import'>, draft: GroupState): SessionOutcome {
  const { scope, sessionId, node, run, entryId, label, deadline, at } = command
  const imported = command.action === 'import' ? command : undefined
  const { startedAt = at, lastReportedAt = at, warningsIssuedMs = [], played = [] } = imported ?? {}
  const detail: SessionDetail = {
    ...(label === undefined ? {} : { label }),
    warningsIssuedMs,
    ...(played.length === 0 ? {} : { unbooked: played }),
  }
  const reserve = command.action === 'start' ? command.reserve : undefined
  const row: SessionRow = {
    ...{ scope, sessionId, node, run, entryId, startedAt },
    ...(deadline === undefined ? {} : { deadline }),
    ...{ lastReportedAt, report: 0, durationMs: 0, text: encodeSessionDetail(detail) },
  }
  put(withReservation(row, reserve, draft), draft)
  if (imported === undefined) {
    heardOf(command, row, draft)
    tell(command, { type: 'session_started', sessionId, entryId, label, deadline }, draft)
  }
  return outcomeOf(row, draft, { changed: true, bookedMs: 0 })
}

function report(command: Command<'report'>, row: SessionRow, draft: GroupState): SessionOutcome {
  const isNewest = isNewestOfOwner(command, row)
  const changed = isNewest && row.endedAt === undefined
  const bookedMs = take(command, row, draft)
  if (changed) {
    const { reserved: _, ...heard } = { ...rowOf(row, draft), lastReportedAt: command.at }
    put(heard, draft)
    put(withReservation(heard, command.reserve, draft), draft)
  }
  // Also of one that was recovered while it lives.
  if (changed || (isNewest && bookedMs > 0)) heardOf(command, row, draft)
  return outcomeOf(row, draft, { changed, bookedMs })
}

function end(command: Command<'end'>, row: SessionRow, draft: GroupState): SessionOutcome {
  const bookedMs = take(command, row, draft)
  if (isNewestOfOwner(command, row) && bookedMs > 0) heardOf(command, row, draft)
  if (row.endedAt !== undefined || row.run !== command.run) return outcomeOf(row, draft, { changed: false, bookedMs })
  const heard = { ...rowOf(row, draft), lastReportedAt: command.at }
  const late = finish(command, heard, { endedAt: command.at, reason: command.reason }, draft)
  heardOf(command, row, draft)
  return outcomeOf(row, draft, { changed: true, bookedMs: bookedMs + late })
}

function recover(command: Command<'recover'>, stored: SessionRow, draft: GroupState): SessionOutcome {
  const { row, problem } = recoverable(stored, command.at)
  if (stored.endedAt !== undefined || isHeardOf(command, stored)) {
    return outcomeOf(stored, draft, { changed: false, bookedMs: 0 })
  }
  const { lastReportedAt, node } = row
  // A clock that was ahead must not date the end, and with it the cooldown, into the future.
  const endedAt = lastReportedAt < command.at ? lastReportedAt : command.at
  const reason = { type: 'recovered', node, lastReportedAt, ...(problem === undefined ? {} : { problem }) } as const
  const bookedMs = finish(command, row, { endedAt, reason }, draft)
  return outcomeOf(row, draft, { changed: true, bookedMs })
}

/** A clock far ahead is as silent as one far behind, and a report whose time cannot be read is none. */
function isHeardOf({ at, node, silentForMs }: Command<'recover'>, row: SessionRow): boolean {
  const silentMs = at.getTime() - row.lastReportedAt.getTime()
  const playableMs = node === row.node ? 0 : (row.reserved?.durationMs ?? 0)
  return Math.abs(silentMs) < Math.max(silentForMs, playableMs)
}

function continueSession(command: Command<'continue'>, row: SessionRow, draft: GroupState): SessionOutcome {
  const { run, from, node, at, sessionId, entryId } = command
  if (row.node !== node) {
    throw invalidArgument(
      `session ${describe(sessionId)} runs on node ${describe(row.node)}, not on ${describe(node)}; recover it instead`,
    )
  }
  if (row.endedAt !== undefined || row.run !== from || run === from) {
    return outcomeOf(row, draft, { changed: false, bookedMs: 0 })
  }
  checkNewRun(run, row)
  const bookedMs = bookUnbooked(row, draft) + bookActive(command.active, from, row, draft)
  const { reserved: _, ...heard } = rowOf(row, draft)
  const owned = { ...heard, run, report: 0, lastReportedAt: at }
  const kept = withAccount(owned, withOwner(accountOf(heard), run))
  put(kept, draft)
  put(withReservation(kept, command.reserve, draft), draft)
  heardOf(command, row, draft)
  tell(command, { type: 'session_continued', sessionId, entryId }, draft)
  return outcomeOf(row, draft, { changed: true, bookedMs })
}

/** A run counts from nothing: what it has told before would hide what it tells now. */
function checkNewRun(run: RunId, row: SessionRow): void {
  if (accountOf(row).runs.every((known) => known.run !== run)) return
  throw invalidArgument(
    `run ${describe(run)} has owned session ${describe(row.sessionId)} before; a service that is started again is a new run`,
  )
}

function warn(command: Command<'warn'>, row: SessionRow, draft: GroupState): SessionOutcome {
  const { sessionId, run, thresholdMs } = command
  const detail = detailOf(row)
  const isOwn = row.endedAt === undefined && row.run === run && row.deadline !== undefined
  if (!isOwn || detail.warningsIssuedMs.includes(thresholdMs)) {
    return outcomeOf(row, draft, { changed: false, bookedMs: 0 })
  }
  const warningsIssuedMs = [...detail.warningsIssuedMs, thresholdMs]
  if (warningsIssuedMs.length > LIMITS.SESSION_WARNINGS_MAX) {
    throw invalidArgument(
      `session ${describe(sessionId)} was warned ${LIMITS.SESSION_WARNINGS_MAX} times, which is the most`,
    )
  }
  put({ ...row, text: encodeSessionDetail({ ...detail, warningsIssuedMs }) }, draft)
  tell(command, { type: 'warning_issued', sessionId, thresholdMs }, draft)
  return outcomeOf(row, draft, { changed: true, bookedMs: 0 })
}

function extend(command: Command<'extend'>, row: SessionRow, draft: GroupState): SessionOutcome {
  const { sessionId, run, deadline, at } = command
  const later = row.deadline !== undefined && deadline > row.deadline
  if (!later || row.endedAt !== undefined || row.run !== run) {
    return outcomeOf(row, draft, { changed: false, bookedMs: 0 })
  }
  const extendedByMs = deadline.getTime() - (row.deadline?.getTime() ?? 0)
  const detail = detailOf(row)
  const leftMs = deadline.getTime() - at.getTime()
  const warningsIssuedMs = detail.warningsIssuedMs.filter((thresholdMs) => thresholdMs >= leftMs)
  put({ ...row, deadline, text: encodeSessionDetail({ ...detail, warningsIssuedMs }) }, draft)
  tell(command, { type: 'session_extended', sessionId, extendedByMs, newDeadline: deadline }, draft)
  return outcomeOf(row, draft, { changed: true, bookedMs: 0 })
}

/** @throws StoreError `NOT_FOUND`, `OPERATION_MISMATCH`, `MALFORMED`. */
function sessionOf({ sessionId, entryId, ...key }: SessionCommand, draft: GroupState): SessionRow {
  const row = draft.session({ scope: key.scope, sessionId })
  if (row === undefined) {
    throw new StoreError(
      'NOT_FOUND',
      `there is no session ${describe(sessionId)} in scope ${describe(key.scope)}; start it first`,
    )
  }
  if (row.entryId !== entryId) {
    throw new StoreError(
      'OPERATION_MISMATCH',
      `session ${describe(sessionId)} is one of entry ${describe(row.entryId)}, not of ${describe(entryId)}`,
    )
  }
  return row
}

function isNewestOfOwner({ run, report: number }: DriverReport, row: SessionRow): boolean {
  return run === row.run && number > row.report
}

/** Books what is new in a report, and tells of it what the log has not heard. Returns what was added. */
function take(command: Command<'report' | 'end'>, row: SessionRow, draft: GroupState): number {
  const { sessionId, entryId, run, played, active, jumps } = command
  const bookedMs = bookCounted(played, run, row, draft) + bookActive(active, run, row, draft)
  if (isNewestOfOwner(command, row)) {
    for (const { report: first, wallMs, monotonicMs } of jumps) {
      if (first > row.report) tell(command, { type: 'clock_jumped', sessionId, wallMs, monotonicMs }, draft)
    }
    put({ ...rowOf(row, draft), report: command.report }, draft)
  }
  if (row.endedAt !== undefined && bookedMs > 0) {
    const { durationMs } = rowOf(row, draft)
    tell(command, { type: 'session_time_added', sessionId, entryId, addedMs: bookedMs, durationMs }, draft)
  }
  return bookedMs
}

/** Ends the session, and gives back what is reserved. Returns what was booked only now. */
function finish(
  command: Command<'end' | 'recover'>,
  row: SessionRow,
  { endedAt, reason }: { readonly endedAt: Date; readonly reason: SessionEndReason },
  draft: GroupState,
): number {
  const { scope, sessionId, entryId, cooldownMs } = command
  put(row, draft)
  const lateMs = bookUnbooked(row, draft)
  const { reserved: _, ...kept } = rowOf(row, draft)
  put({ ...kept, endedAt, text: encodeSessionDetail({ ...detailOf(kept), endReason: reason }) }, draft)
  if (cooldownMs !== undefined) {
    const until = checkInstant(new Date(endedAt.getTime() + cooldownMs), 'the end of the cooldown')
    const stands = readableCooldown(entryId, draft.cooldown({ scope, entryId }))
    if (stands === undefined || stands < until) draft.apply({ table: 'cooldown', scope, entryId, until })
  }
  tell(command, { type: 'session_ended', sessionId, entryId, reason, durationMs: kept.durationMs }, draft)
  return lateMs
}

/** Of the session's own node: another may only write on its behalf. */
function heardOf({ node, at }: SessionCommand, row: SessionRow, draft: GroupState): void {
  if (node === row.node) draft.apply({ table: 'node', node, at })
}

function tell({ at, scope, node }: SessionCommand, event: AuditEvent, draft: GroupState): void {
  draft.apply({ table: 'audit', content: auditContent({ timestamp: at, scope, node }, event) })
}

function outcomeOf(
  row: SessionRow,
  draft: GroupState,
  { changed, bookedMs }: Pick<SessionOutcome, 'changed' | 'bookedMs'>,
): SessionOutcome {
  return { row: rowOf(row, draft), changed, bookedMs }
}
