import type { FailedCondition } from './change.ts'
import type { SessionRequest } from './driver.ts'
import type { SessionRow } from './effects.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import { lookAtDetail, problemOfSession } from './session-rows.ts'
import type { NodeRecord, SessionQuery, SessionRecord } from './session.ts'
import type { Scope } from './values.ts'
import { checkFields, checkId, checkInstant, checkInteger, checkScopeQuery, describe } from './values.ts'

/** What the driver is asked for. @throws StoreError `INVALID_ARGUMENT`. */
export function sessionRequest(query: SessionQuery, scope: Scope): SessionRequest {
  const known = ['open', 'sessionId', 'entryId', 'node', 'scope', 'after', 'limit'] as const
  const {
    open,
    sessionId,
    entryId,
    node,
    scope: scopes,
    after,
    limit = LIMITS.SESSION_PAGE_LIMIT_DEFAULT,
  } = checkFields(query, known, 'query')
  // A boolean would seem to ask for the ended ones.
  if (open !== undefined && !isTrue(open)) throw invalidArgument(`open must be true or left out, not ${describe(open)}`)
  return {
    ...(checkScopeQuery(scopes) === 'all' ? {} : { scope }),
    ...(sessionId === undefined ? {} : { sessionId: checkId(sessionId, 'sessionId') }),
    ...(entryId === undefined ? {} : { entryId: checkId(entryId, 'entryId') }),
    ...(node === undefined ? {} : { node: checkId(node, 'node') }),
    ...(open === undefined ? {} : { open: true }),
    ...(after === undefined ? {} : { after: checkPlace(after) }),
    limit: checkInteger(limit, 'limit', 1, LIMITS.SESSION_PAGE_LIMIT_MAX),
  }
}

function isTrue(value: unknown): boolean {
  return value === true
}

/** A record will do. */
function checkPlace(after: NonNullable<SessionQuery['after']>): NonNullable<SessionRequest['after']> {
  if (typeof after !== 'object' || after === null)
    throw invalidArgument(`after must be an object, not ${describe(after)}`)
  const { startedAt, scope, sessionId } = after
  return {
    startedAt: checkInstant(startedAt, 'after.startedAt'),
    scope: checkId(scope, 'after.scope'),
    sessionId: checkId(sessionId, 'after.sessionId'),
  }
}

/** What a caller sees of a row; what cannot be understood is left out, and told. */
export function sessionRecord(row: SessionRow): SessionRecord {
  const { sessionId, scope, node, run, entryId, startedAt, deadline, lastReportedAt, durationMs, reserved, endedAt } =
    row
  const { detail, problem: ofDetail } = lookAtDetail(row.text)
  const problem = problemOfSession(row) ?? ofDetail
  const { label, warningsIssuedMs, endReason } = detail
  return {
    ...{ sessionId, scope, node, run, entryId },
    ...(label === undefined ? {} : { label }),
    startedAt: new Date(startedAt),
    ...(deadline === undefined ? {} : { deadline: new Date(deadline) }),
    lastReportedAt: new Date(lastReportedAt),
    durationMs,
    ...(reserved === undefined ? {} : { reserved: { ...reserved } }),
    warningsIssuedMs: [...warningsIssuedMs],
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt) }),
    ...(endReason === undefined ? {} : { endReason }),
    ...(problem === undefined ? {} : { problem }),
  }
}

/** What a caller sees of a node. */
export function nodeRecord({ node, lastSeenAt, clockSkewMs }: NodeRecord): NodeRecord {
  return { node, lastSeenAt: new Date(lastSeenAt), ...(clockSkewMs === undefined ? {} : { clockSkewMs }) }
}

/** The refusal of a start while this session is open. */
export function openSessionFailure(record: SessionRecord): FailedCondition {
  const { sessionId, entryId, label, node, startedAt } = record
  const named = label === undefined ? {} : { label }
  return { type: 'no_open_session', sessionId, entryId, ...named, node, startedAt }
}
