import type { SessionChange } from '../../change.ts'
import { LIMITS } from '../../limits.ts'
import type { SessionAfter } from '../../session.ts'
import type { RunId } from '../../values.ts'
import { bookAhead, bookUnbooked, hear, hearActive, isNews, latest, put, seen } from './session-booking.ts'
import { recordOf } from './sessions.ts'
import {
  appendEvent,
  bookedMsOf,
  type ModelRun,
  type ModelSession,
  type ModelState,
  type ModelWriter,
  sessionOf,
  withLaterCooldown,
} from './state.ts'
import { legalInstant, ModelError, refuse } from './values.ts'

/** @throws ModelError `NOT_FOUND`, `OPERATION_MISMATCH`, `INVALID_ARGUMENT`. */
export function applySessionChange(
  state: ModelState,
  writer: ModelWriter,
  change: SessionChange,
): { readonly state: ModelState; readonly after: SessionAfter } {
  const key = { scope: writer.scope, sessionId: change.sessionId }
  const applied = become(state, writer, change)
  const session = sessionOf(applied.state, key)
  if (session === undefined) throw new Error('a change keeps its session')
  const bookedMs = bookedMsOf(applied.state, key) - bookedMsOf(state, key)
  return {
    state: applied.state,
    after: { session: recordOf(applied.state, session), changed: applied.changed, bookedMs },
  }
}

interface Became {
  readonly state: ModelState
  readonly changed: boolean
}
type Of<T extends SessionChange['type']> = Extract<SessionChange, { readonly type: T }>

function become(state: ModelState, writer: ModelWriter, change: SessionChange): Became {
  if (change.type === 'start_session') return start(state, writer, change)
  if (change.type === 'import_session') return importSession(state, writer, change)
  const session = sessionOf(state, { scope: writer.scope, sessionId: change.sessionId })
  if (session === undefined) throw new ModelError('NOT_FOUND')
  if (session.entryId !== change.entryId) throw new ModelError('OPERATION_MISMATCH')
  switch (change.type) {
    case 'report_session':
      return report(state, writer, session, change)
    case 'end_session':
      return end(state, writer, session, change)
    case 'recover_session':
      return recover(state, writer, session, change)
    case 'continue_session':
      return continueSession(state, writer, session, change)
    case 'warn_session':
      return warn(state, writer, session, change)
    case 'extend_session':
      return extend(state, writer, session, change)
  }
}

function start(state: ModelState, writer: ModelWriter, change: Of<'start_session'>): Became {
  const { scope, node, now } = writer
  const { sessionId, entryId, run, label, deadline, reserve } = change
  const session: ModelSession = {
    ...{ sessionId, scope, node, run, entryId, label, deadline },
    ...{ startedAt: now, lastReportedAt: now, report: 0, warningsIssuedMs: [], unbooked: [], runs: [newRun(run)] },
  }
  const opened = bookAhead(put(state, session), session, reserve)
  const event = { type: 'session_started', sessionId, entryId, label, deadline } as const
  return { state: appendEvent(seen(opened, writer, session), writer, event), changed: true }
}

function importSession(state: ModelState, { scope, node }: ModelWriter, change: Of<'import_session'>): Became {
  const { type: _, played, ...given } = change
  const session = { ...given, scope, node, report: 0, unbooked: played, runs: [newRun(change.run)] }
  return { state: put(state, session), changed: true }
}

function report(state: ModelState, writer: ModelWriter, session: ModelSession, change: Of<'report_session'>): Became {
  const told = hear(state, writer, session, change)
  if (!isNews(session, change) || session.endedAt !== undefined) {
    return { state: seenIfNew(state, told, { writer, session, change }), changed: false }
  }
  const heard = { ...latest(told, session), report: change.report, lastReportedAt: writer.now, reserved: undefined }
  return { state: bookAhead(seen(put(told, heard), writer, session), heard, change.reserve), changed: true }
}

function end(state: ModelState, writer: ModelWriter, session: ModelSession, change: Of<'end_session'>): Became {
  const told = hear(state, writer, session, change)
  if (session.endedAt !== undefined || session.run !== change.run) {
    return { state: seenIfNew(state, told, { writer, session, change }), changed: false }
  }
  const report = Math.max(session.report, change.report)
  const heard = {
    ...latest(told, session),
    report,
    lastReportedAt: writer.now,
    endedAt: writer.now,
    endReason: change.reason,
  }
  return { state: finish(seen(told, writer, session), writer, heard, change.cooldownMs), changed: true }
}

/** Of a session that has ended, too, its machine has reported, if it brings more time than was known. */
function seenIfNew(
  before: ModelState,
  told: ModelState,
  {
    writer,
    session,
    change,
  }: { writer: ModelWriter; session: ModelSession; change: Of<'report_session' | 'end_session'> },
): ModelState {
  const isMore = bookedMsOf(told, session) > bookedMsOf(before, session)
  return isMore && isNews(session, change) ? seen(told, writer, session) : told
}

function recover(state: ModelState, writer: ModelWriter, session: ModelSession, change: Of<'recover_session'>): Became {
  const { node, lastReportedAt } = session
  const { silentForMs = 0, cooldownMs } = change
  const silentMs = Math.abs(writer.now.getTime() - lastReportedAt.getTime())
  const playableMs = writer.node === node ? 0 : (session.reserved?.durationMs ?? 0)
  if (session.endedAt !== undefined || silentMs < silentForMs || silentMs < playableMs) return { state, changed: false }
  // A clock that was ahead does not put the end into the future.
  const endedAt = lastReportedAt < writer.now ? lastReportedAt : writer.now
  const endReason = { type: 'recovered', node, lastReportedAt } as const
  return { state: finish(state, writer, { ...session, endedAt, endReason }, cooldownMs), changed: true }
}

function continueSession(
  state: ModelState,
  writer: ModelWriter,
  session: ModelSession,
  change: Of<'continue_session'>,
): Became {
  const { sessionId, entryId } = session
  const { run, from, active = [], reserve } = change
  if (session.node !== writer.node) return refuse()
  if (session.endedAt !== undefined || session.run !== from || run === from) return { state, changed: false }
  if (session.runs.some((known) => known.run === run)) return refuse()
  const known = hearActive(bookUnbooked(state, session), session, from, active)
  const { reserved: _, ...before } = latest(known, session)
  const owned = { ...before, run, report: 0, lastReportedAt: writer.now, runs: [...before.runs, newRun(run)] }
  const next = bookAhead(seen(put(known, owned), writer, owned), owned, reserve)
  return { state: appendEvent(next, writer, { type: 'session_continued', sessionId, entryId }), changed: true }
}

function warn(state: ModelState, writer: ModelWriter, session: ModelSession, change: Of<'warn_session'>): Became {
  const { sessionId, deadline, warningsIssuedMs } = session
  const { run, thresholdMs } = change
  const isDue = isOwners(session, run) && deadline !== undefined && !warningsIssuedMs.includes(thresholdMs)
  if (!isDue) return { state, changed: false }
  if (warningsIssuedMs.length === LIMITS.SESSION_WARNINGS_MAX) return refuse()
  const warned = put(state, { ...session, warningsIssuedMs: [...warningsIssuedMs, thresholdMs] })
  return { state: appendEvent(warned, writer, { type: 'warning_issued', sessionId, thresholdMs }), changed: true }
}

function extend(state: ModelState, writer: ModelWriter, session: ModelSession, change: Of<'extend_session'>): Became {
  const { sessionId, deadline: before } = session
  const { run, deadline } = change
  if (!isOwners(session, run) || before === undefined || deadline <= before) return { state, changed: false }
  const extendedByMs = deadline.getTime() - before.getTime()
  const event = { type: 'session_extended', sessionId, extendedByMs, newDeadline: deadline } as const
  const leftMs = deadline.getTime() - writer.now.getTime()
  const warningsIssuedMs = session.warningsIssuedMs.filter((thresholdMs) => thresholdMs >= leftMs)
  const extended = put(state, { ...session, deadline, warningsIssuedMs })
  return { state: appendEvent(extended, writer, event), changed: true }
}

function newRun(run: RunId): ModelRun {
  return { run, countedMs: 0, activeMs: 0 }
}

/** Whether the run owns the session, and it is open. */
function isOwners(session: ModelSession, run: RunId): boolean {
  return session.run === run && session.endedAt === undefined
}

/** Puts the session, which has ended, into the state, with all that its end brings. */
function finish(
  state: ModelState,
  writer: ModelWriter,
  ended: ModelSession,
  cooldownMs: number | undefined,
): ModelState {
  const { scope, sessionId, entryId, endedAt, endReason: reason } = ended
  if (endedAt === undefined || reason === undefined) throw new Error('it has ended')
  const booked = bookUnbooked(put(state, ended), ended)
  let next = put(booked, { ...latest(booked, ended), reserved: undefined })
  if (cooldownMs !== undefined) {
    const until = legalInstant(new Date(endedAt.getTime() + cooldownMs))
    next = withLaterCooldown(next, { scope, entryId, until })
  }
  const durationMs = bookedMsOf(next, ended)
  return appendEvent(next, writer, { type: 'session_ended', sessionId, entryId, reason, durationMs })
}
