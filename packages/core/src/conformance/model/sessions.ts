import type { Change, SessionChange } from '../../change.ts'
import type { Day } from '../../day.ts'
import { LIMITS } from '../../limits.ts'
import type { SessionAfter, SessionRecord } from '../../session.ts'
import type { EntryId, NodeId, Scope } from '../../values.ts'
import { present } from './fields.ts'
import { bookedMsOf, type ModelSession, type ModelState, type ModelWriter, sessionOf } from './state.ts'
import {
  anyObject,
  compareBytes,
  type Legal,
  legalAll,
  legalId,
  legalInstant,
  legalInteger,
  legalObject,
  ModelError,
  optional,
  refuse,
} from './values.ts'

/** What a caller sees of a session. */
export function recordOf(state: ModelState, session: ModelSession): SessionRecord {
  const { report: _, unbooked: __, runs: ___, ...record } = session
  return present({ ...record, durationMs: bookedMsOf(state, session) })
}

/** Whether the change would start a session that is there. @throws ModelError when that is another one. */
export function startedBefore(state: ModelState, { scope, node }: ModelWriter, change: Change): boolean {
  if (change.type !== 'start_session' && change.type !== 'import_session') return false
  const { sessionId, entryId } = change
  const session = sessionOf(state, { scope, sessionId })
  if (session === undefined) return false
  if (session.entryId !== entryId || session.node !== node) throw new ModelError('OPERATION_MISMATCH')
  return true
}

/** The session that the change is about, as it stands. */
export function standing(state: ModelState, { scope }: ModelWriter, change: Change): readonly SessionAfter[] {
  const session = 'sessionId' in change ? sessionOf(state, { scope, sessionId: change.sessionId }) : undefined
  return session === undefined ? [] : [{ session: recordOf(state, session), changed: false, bookedMs: 0 }]
}

/** The days whose totals the change is about. */
export function daysOf(change: Change): readonly { readonly entryId: EntryId; readonly day: Day }[] {
  if (change.type === 'add_usage' || change.type === 'adjust_usage') return [change]
  if (!('sessionId' in change)) return []
  const { entryId } = change
  return daysOfSession(change).map(({ day }) => ({ entryId, day }))
}

function daysOfSession(change: SessionChange): readonly { readonly day: Day }[] {
  switch (change.type) {
    case 'start_session':
      return change.reserve === undefined ? [] : [change.reserve]
    case 'continue_session': {
      const { active = [], reserve } = change
      return eachDay(reserve === undefined ? active : [...active, reserve])
    }
    case 'report_session':
    case 'end_session':
      return eachDay([...change.played, ...(change.active ?? [])])
    case 'import_session':
    case 'warn_session':
    case 'extend_session':
    case 'recover_session':
      return []
  }
}

/** Each of the days once, in their order. */
function eachDay(days: readonly { readonly day: Day }[]): readonly { readonly day: Day }[] {
  return [...new Set(days.map(({ day }) => day))].toSorted(compareBytes).map((day) => ({ day }))
}

/** The last to start first; then by scope and id, backwards. */
export function modelListSessions(state: ModelState, ownScope: Scope, value: unknown): readonly SessionRecord[] {
  const query = legalObject(value, ['open', 'sessionId', 'entryId', 'node', 'scope', 'after', 'limit'])
  const open = optional(legalTrue)(query['open'])
  const sessionId = optional(legalId)(query['sessionId'])
  const entryId = optional(legalId)(query['entryId'])
  const node = optional(legalId)(query['node'])
  const scope = optional(legalAll)(query['scope']) === 'all' ? undefined : ownScope
  const after = optional(legalPlace)(query['after'])
  const limit = optional(legalLimit)(query['limit']) ?? LIMITS.SESSION_PAGE_LIMIT_DEFAULT
  const matches = (wanted: string | undefined, found: string): boolean => wanted === undefined || wanted === found
  return state.sessions
    .filter((row) => open === undefined || row.endedAt === undefined)
    .filter((row) => matches(sessionId, row.sessionId) && matches(entryId, row.entryId))
    .filter((row) => matches(node, row.node) && matches(scope, row.scope))
    .filter((row) => after === undefined || comparePlaces(row, after) < 0)
    .toSorted((a, b) => comparePlaces(b, a))
    .slice(0, limit)
    .map((row) => recordOf(state, row))
}

type Place = Pick<SessionRecord, 'startedAt' | 'scope' | 'sessionId'>

/** A whole record will do. */
const legalPlace: Legal<Place> = (value) => {
  const { startedAt, scope, sessionId } = anyObject(value)
  return { startedAt: legalInstant(startedAt), scope: legalId(scope), sessionId: legalId(sessionId) }
}
const legalLimit = legalInteger(1, LIMITS.SESSION_PAGE_LIMIT_MAX)
const legalTrue: Legal<true> = (value) => (value === true ? value : refuse())

function comparePlaces(a: Place, b: Place): number {
  return (
    a.startedAt.getTime() - b.startedAt.getTime() ||
    compareBytes(a.scope, b.scope) ||
    compareBytes(a.sessionId, b.sessionId)
  )
}

/** In the order of their names. */
export function modelListNodes(state: ModelState): readonly NodeId[] {
  return state.nodes.toSorted(compareBytes)
}
