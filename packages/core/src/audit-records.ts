import type { AuditHead, AuditQuery, AuditRecord } from './audit.ts'
import type { AuditRequest } from './driver.ts'
import type { AuditRow } from './effects.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { VerifyOptions } from './store.ts'
import type { Scope } from './values.ts'
import { checkFields, checkId, checkInteger, checkScopeQuery, describe } from './values.ts'
import { decodeEvent } from './wire.ts'

/** The query, if it is one. @throws StoreError `INVALID_ARGUMENT`. */
export function checkAuditQuery(query: AuditQuery): AuditQuery {
  return checkFields(query, ['after', 'before', 'order', 'limit', 'node', 'scope'], 'query')
}

/** What the driver is asked for. @throws StoreError `INVALID_ARGUMENT`. */
export function auditRequest(query: AuditQuery, scope: Scope): AuditRequest {
  const { after, before, node, order = 'asc', limit = LIMITS.AUDIT_PAGE_LIMIT_DEFAULT } = checkAuditQuery(query)
  if (order !== 'asc' && order !== 'desc') throw invalidArgument(`order must be asc or desc, not ${describe(order)}`)
  return {
    ...(checkScopeQuery(query.scope) === 'all' ? {} : { scope }),
    ...(node === undefined ? {} : { node: checkId(node, 'node') }),
    ...(after === undefined ? {} : { after: checkInteger(after, 'after', 0, Number.MAX_SAFE_INTEGER) }),
    ...(before === undefined ? {} : { before: checkInteger(before, 'before', 0, Number.MAX_SAFE_INTEGER) }),
    order,
    limit: checkPageLimit(limit),
  }
}

export function checkPageLimit(limit: unknown): number {
  return checkInteger(limit, 'limit', 1, LIMITS.AUDIT_PAGE_LIMIT_MAX)
}

/** The head that was kept elsewhere, if one is given. @throws StoreError `INVALID_ARGUMENT`. */
export function expectedHeadOf(options: VerifyOptions): AuditHead | undefined {
  const { expectedHead } = checkFields(options, ['expectedHead'], 'options')
  return expectedHead === undefined ? undefined : checkHead(expectedHead)
}

/** A record will do. */
function checkHead(head: AuditHead): AuditHead {
  if (typeof head !== 'object' || head === null) {
    throw invalidArgument(`expectedHead must be an object, not ${describe(head)}`)
  }
  const { id, hash } = head
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw invalidArgument(`expectedHead.hash must be 64 hexadecimal digits, not ${describe(hash)}`)
  }
  return { id: checkInteger(id, 'expectedHead.id', 1, Number.MAX_SAFE_INTEGER), hash }
}

/** What a caller sees of a row; what cannot be understood is marked. */
export function auditRecord(row: AuditRow): AuditRecord {
  const { id, timestamp, node, scope, text, hash, original } = row
  const problem = problemOf(row)
  const event = problem === undefined ? decodeEvent(text) : { type: 'unreadable' as const, text, problem }
  return {
    id,
    timestamp: new Date(timestamp),
    node,
    scope,
    event,
    hash,
    ...(original === undefined ? {} : { original: { ...original } }),
  }
}

function problemOf({ timestamp, original }: AuditRow): string | undefined {
  if (Number.isNaN(timestamp.getTime())) return 'its timestamp is not an instant'
  if (original === undefined || Number.isSafeInteger(original.id)) return undefined
  return 'the id of its original is not an integer below 2^53'
}
