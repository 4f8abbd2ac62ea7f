import type { SessionChange } from '../../change.ts'
import type { DayPlayed, Reservation } from '../../session.ts'
import type { RunId } from '../../values.ts'
import {
  appendEvent,
  bookedMsOf,
  grantedOf,
  type ModelPlayed,
  type ModelRun,
  type ModelSession,
  type ModelState,
  type ModelTold,
  type ModelWriter,
  reservedOf,
  sessionOf,
  usedOf,
} from './state.ts'

type Report = Extract<SessionChange, { readonly type: 'report_session' | 'end_session' }>

/** Whether it is the owner's newest report. */
export function isNews(session: ModelSession, { run, report: number }: Report): boolean {
  return session.run === run && number > session.report
}

/** Books what a report tells, whoever reports and whenever, and says in the log what that has not heard. */
export function hear(state: ModelState, writer: ModelWriter, session: ModelSession, change: Report): ModelState {
  const { sessionId, entryId } = session
  const { run, report: number, played, active = [], jumps = [] } = change
  let next = hearActive(hearCounted(state, session, run, played), session, run, active)
  if (isNews(session, change)) {
    for (const { report: first, wallMs, monotonicMs } of jumps) {
      const isNew = first > session.report
      if (isNew) next = appendEvent(next, writer, { type: 'clock_jumped', sessionId, wallMs, monotonicMs })
    }
    next = put(next, { ...latest(next, session), report: number })
  }
  const durationMs = bookedMsOf(next, session)
  const addedMs = durationMs - bookedMsOf(state, session)
  if (session.endedAt === undefined || addedMs === 0) return next
  return appendEvent(next, writer, { type: 'session_time_added', sessionId, entryId, addedMs, durationMs })
}

/** Books what the session was played where it came from. */
export function bookUnbooked(state: ModelState, session: ModelSession): ModelState {
  const { unbooked } = latest(state, session)
  const known = put(state, { ...latest(state, session), unbooked: [] })
  return become(known, session, 0, unbooked, (run) => ({ ...run, countedMs: run.countedMs + sumOf(unbooked) }))
}

/** What a run has counted: what of it was not told for a day yet is more. */
function hearCounted(state: ModelState, session: ModelSession, run: RunId, played: readonly DayPlayed[]): ModelState {
  const { scope, sessionId } = session
  const more = played.map(({ day, playedMs }) => {
    return { day, playedMs: Math.max(0, playedMs - largestOf(state, session, run, day)) }
  })
  const told = [...state.told, ...played.map((part): ModelTold => ({ scope, sessionId, run, ...part }))]
  return become({ ...state, told }, session, placeOf(state, session, run), more, (known) => {
    return { ...known, countedMs: known.countedMs + sumOf(more) }
  })
}

/** How long the session was active in all, while the run owned it: each day lacks what is not booked of it. */
export function hearActive(
  state: ModelState,
  session: ModelSession,
  run: RunId,
  active: readonly DayPlayed[],
): ModelState {
  const missing = active.map(({ day, playedMs }) => {
    return { day, playedMs: Math.max(0, playedMs - bookedMsOf(state, session, day)) }
  })
  return become(state, session, placeOf(state, session, run), missing, (known) => {
    return { ...known, activeMs: Math.max(known.activeMs, sumOf(active)) }
  })
}

/**
 * What the session is played by all that is known of its runs now, less what it was before, is booked on the last of the
 * days. @throws ModelError `INVALID_ARGUMENT` when a total would pass the largest.
 */
function become(
  state: ModelState,
  session: ModelSession,
  place: number,
  days: readonly DayPlayed[],
  change: (run: ModelRun) => ModelRun,
): ModelState {
  const known = latest(state, session)
  const { scope, sessionId, entryId, node } = known
  const runs = known.runs.map((run, index) => (index === place ? change(run) : run))
  const parts = lastOf(days, playedMsOf(runs) - playedMsOf(known.runs))
  const rows = parts.map(({ day, playedMs }): ModelPlayed => {
    return { scope, sessionId, entryId, node, day, durationMs: playedMs }
  })
  const next = put({ ...state, played: [...state.played, ...rows] }, { ...known, runs })
  for (const row of rows) usedOf(next, row)
  bookedMsOf(next, session)
  return next
}

/** Each run adds to what was played before it; what was told in all is the least that it comes to. */
function playedMsOf(runs: readonly ModelRun[]): number {
  let totalMs = 0
  for (const { countedMs, activeMs } of runs) totalMs = Math.max(totalMs + countedMs, activeMs)
  return totalMs
}

/** Which of the session's runs it is; one that never owned it stands for the first. */
function placeOf(state: ModelState, session: ModelSession, run: RunId): number {
  return Math.max(
    0,
    latest(state, session).runs.findLastIndex((known) => known.run === run),
  )
}

/** What the run has told of the session for the day so far. */
function largestOf(state: ModelState, { scope, sessionId }: ModelSession, run: RunId, day: DayPlayed['day']): number {
  const rows = state.told.filter((row) => row.scope === scope && row.sessionId === sessionId)
  const totals = rows.filter((row) => row.run === run && row.day === day).map(({ playedMs }) => playedMs)
  return Math.max(0, ...totals)
}

/** The last `ms` of the days; what is more lies on the last of them. */
function lastOf(days: readonly DayPlayed[], ms: number): readonly DayPlayed[] {
  let left = ms
  const parts: DayPlayed[] = []
  for (const { day, playedMs } of days.toReversed()) {
    parts.push({ day, playedMs: Math.min(left, playedMs) })
    left -= Math.min(left, playedMs)
  }
  const last = days.at(-1)
  if (last !== undefined) parts.push({ day: last.day, playedMs: left })
  return parts.filter(({ playedMs }) => playedMs > 0)
}

function sumOf(days: readonly DayPlayed[]): number {
  return days.reduce((sum, { playedMs }) => sum + playedMs, 0)
}

/** The session as the state has it. */
export function latest(state: ModelState, session: ModelSession): ModelSession {
  return sessionOf(state, session) ?? session
}

/** Books ahead as much as every limit leaves room for, by a session that has nothing booked ahead. */
export function bookAhead(state: ModelState, session: ModelSession, reserve: Reservation | undefined): ModelState {
  if (reserve === undefined) return state
  const { scope, entryId } = session
  const { day, upToMs, limits } = reserve
  const rooms = limits.map(({ period, limitMs }) => {
    const span = { scope, entryId, day, period }
    return limitMs + grantedOf(state, span) - usedOf(state, span) - reservedOf(state, span)
  })
  const durationMs = Math.min(upToMs, ...rooms)
  return durationMs <= 0 ? state : put(state, { ...session, reserved: { day, durationMs } })
}

/** Puts the session in place of the one with its id. */
export function put(state: ModelState, session: ModelSession): ModelState {
  const others = state.sessions.filter(
    ({ scope, sessionId }) => scope !== session.scope || sessionId !== session.sessionId,
  )
  return { ...state, sessions: [...others, session] }
}

/** The session's machine has reported, when it is the one that writes. */
export function seen(state: ModelState, writer: ModelWriter, { node }: ModelSession): ModelState {
  return writer.node !== node || state.nodes.includes(node) ? state : { ...state, nodes: [...state.nodes, node] }
}
