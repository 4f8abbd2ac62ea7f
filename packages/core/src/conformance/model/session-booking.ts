import type { SessionChange } from '../../change.ts'
import type { DayPlayed, Reservation } from '../../session.ts'
import type { RunId } from '../../values.ts'
import {
  appendEvent,
  bookedMsOf,
  grantedOf,
  type ModelSession,
  type ModelState,
  type ModelTold,
  type ModelWriter,
  reservedOf,
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
  const { run, report: number, played, jumps = [] } = change
  let next = tell(state, session, run, played)
  if (isNews(session, change)) {
    for (const { report: first, wallMs, monotonicMs } of jumps) {
      const isNew = first > session.report
      if (isNew) next = appendEvent(next, writer, { type: 'clock_jumped', sessionId, wallMs, monotonicMs })
    }
    next = put(next, { ...session, report: number })
  }
  const durationMs = bookedMsOf(next, session)
  const addedMs = durationMs - bookedMsOf(state, session)
  if (session.endedAt === undefined || addedMs === 0) return next
  return appendEvent(next, writer, { type: 'session_time_added', sessionId, entryId, addedMs, durationMs })
}

/** Books what the session was played where it came from. */
export function bookUnbooked(state: ModelState, session: ModelSession): ModelState {
  return tell(state, session, undefined, session.unbooked)
}

/** Keeps what was played. @throws ModelError `INVALID_ARGUMENT` when a total would pass the largest. */
export function tell(
  state: ModelState,
  session: ModelSession,
  run: RunId | undefined,
  played: readonly DayPlayed[],
): ModelState {
  const { scope, sessionId, entryId, node } = session
  const rows = played
    .filter(({ playedMs }) => playedMs > 0)
    .map(({ day, playedMs }): ModelTold => ({ scope, sessionId, run, entryId, node, day, durationMs: playedMs }))
  const next = { ...state, told: [...state.told, ...rows] }
  for (const row of rows) usedOf(next, row)
  bookedMsOf(next, session)
  return next
}

/** What the run has told of the session for the day so far. */
export function largestOf(
  state: ModelState,
  { scope, sessionId }: ModelSession,
  run: RunId,
  day: DayPlayed['day'],
): number {
  const rows = state.told.filter((row) => row.scope === scope && row.sessionId === sessionId)
  const totals = rows.filter((row) => row.run === run && row.day === day).map(({ durationMs }) => durationMs)
  return Math.max(0, ...totals)
}

/** The last `ms` of what was played. */
export function lastOf(played: readonly DayPlayed[], ms: number): readonly DayPlayed[] {
  let left = Math.max(0, ms)
  return played.toReversed().map(({ day, playedMs }) => {
    const partMs = Math.min(left, playedMs)
    left -= partMs
    return { day, playedMs: partMs }
  })
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
