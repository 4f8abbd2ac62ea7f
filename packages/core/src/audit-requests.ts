import type { VerifyOptions } from './audit-verification.ts'
import type { AuditHead, AuditQuery, ReadAuditsOptions } from './audit.ts'
import type { CheckOptions } from './check-report.ts'
import type { AuditRequest } from './driver.ts'
import { invalidArgument, messageOf, StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Scope } from './values.ts'
import {
  checkBoolean,
  checkFields,
  checkId,
  checkInstant,
  checkInteger,
  checkList,
  checkScopeQuery,
  describe,
} from './values.ts'

const QUERY_FIELDS = [
  ...(['after', 'before', 'from', 'to', 'types', 'entryId', 'sessionId'] as const),
  ...(['order', 'limit', 'node', 'scope'] as const),
] as const

/** What the driver is asked for. @throws StoreError `INVALID_ARGUMENT`. */
export function auditRequest(query: AuditQuery, scope: Scope): AuditRequest {
  return requestOf(checkFields(query, QUERY_FIELDS, 'query'), scope, LIMITS.AUDIT_PAGE_LIMIT_DEFAULT)
}

/** What a reader asks for, its first page, and until when it reads. */
export interface ReadRequestOf {
  readonly request: AuditRequest
  readonly follow: boolean
  readonly signal: StopSignal | undefined
}

/** @throws StoreError `INVALID_ARGUMENT`. */
export function readRequest(query: ReadAuditsOptions, scope: Scope): ReadRequestOf {
  const { follow = false, signal } = checkFields(query, [...QUERY_FIELDS, 'follow', 'signal'], 'query')
  const request = requestOf(query, scope, LIMITS.AUDIT_PAGE_LIMIT_MAX)
  if (checkBoolean(follow, 'follow') && (request.order === 'desc' || request.before !== undefined)) {
    throw invalidArgument('a reader that follows goes in the order of the log, and without before')
  }
  return { request, follow, signal: checkSignal(signal) }
}

function requestOf(query: AuditQuery, scope: Scope, limitByDefault: number): AuditRequest {
  const { after, before, from, to, types, entryId, sessionId, node, order = 'asc', limit = limitByDefault } = query
  if (order !== 'asc' && order !== 'desc') throw invalidArgument(`order must be asc or desc, not ${describe(order)}`)
  return {
    ...(checkScopeQuery(query.scope) === 'all' ? {} : { scope }),
    ...(node === undefined ? {} : { node: checkId(node, 'node') }),
    ...(types === undefined ? {} : { types: checkTypes(types) }),
    ...(entryId === undefined ? {} : { entryId: checkId(entryId, 'entryId') }),
    ...(sessionId === undefined ? {} : { sessionId: checkId(sessionId, 'sessionId') }),
    ...(from === undefined ? {} : { from: checkInstant(from, 'from') }),
    ...(to === undefined ? {} : { to: checkInstant(to, 'to') }),
    ...(after === undefined ? {} : { after: checkInteger(after, 'after', 0, Number.MAX_SAFE_INTEGER) }),
    ...(before === undefined ? {} : { before: checkInteger(before, 'before', 0, Number.MAX_SAFE_INTEGER) }),
    order,
    limit: checkPageLimit(limit),
  }
}

/** Each once: a record of two types that are the same is one record. */
function checkTypes(types: readonly string[]): readonly string[] {
  const list = checkList(types, 'types', 1, LIMITS.AUDIT_TYPES_MAX)
  return [...new Set(list.map((type, index) => checkId(type, `types[${index}]`)))]
}

export function checkPageLimit(limit: unknown): number {
  return checkInteger(limit, 'limit', 1, LIMITS.AUDIT_PAGE_LIMIT_MAX)
}

export function checkSignal(signal: unknown): StopSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw invalidArgument(`signal must be an AbortSignal, not ${describe(signal)}`)
}

/** @throws StoreError `INVALID_ARGUMENT`. */
export function verifyRequest(options: VerifyOptions): VerifyOptions {
  const known = ['expectedHead', 'from', 'part', 'signal', 'onProgress'] as const
  const { expectedHead, from, part = false, signal, onProgress } = checkFields(options, known, 'options')
  return {
    expectedHead: expectedHead === undefined ? undefined : checkHead(expectedHead, 'expectedHead'),
    from: from === undefined ? undefined : checkHead(from, 'from'),
    part: checkBoolean(part, 'part'),
    signal: checkSignal(signal),
    onProgress: checkCallback(onProgress, 'onProgress'),
  }
}

/** @throws StoreError `INVALID_ARGUMENT`. */
export function checkRequest(options: CheckOptions): CheckOptions {
  const { expectedHead, signal, onProgress } = checkFields(options, ['expectedHead', 'signal', 'onProgress'], 'options')
  return {
    expectedHead: expectedHead === undefined ? undefined : checkHead(expectedHead, 'expectedHead'),
    signal: checkSignal(signal),
    onProgress: checkCallback(onProgress, 'onProgress'),
  }
}

/** One that throws ends the work. */
export function checkCallback<T>(
  callback: ((progress: T) => void) | undefined,
  what: string,
): ((progress: T) => void) | undefined {
  if (callback === undefined) return undefined
  if (typeof callback !== 'function') throw invalidArgument(`${what} must be a function, not ${describe(callback)}`)
  return (progress) => {
    try {
      callback(progress)
    } catch (error) {
      const message = `${what} threw (${messageOf(error)}), and the work was stopped there`
      throw new StoreError('INVALID_ARGUMENT', message, { cause: error })
    }
  }
}

/** A record will do. */
function checkHead(head: AuditHead, what: string): AuditHead {
  if (typeof head !== 'object' || head === null)
    throw invalidArgument(`${what} must be an object, not ${describe(head)}`)
  const { id, hash } = head
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw invalidArgument(`${what}.hash must be 64 hexadecimal digits, not ${describe(hash)}`)
  }
  return { id: checkInteger(id, `${what}.id`, 1, Number.MAX_SAFE_INTEGER), hash }
}
