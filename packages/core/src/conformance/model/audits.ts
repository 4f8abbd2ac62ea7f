import type { AuditVerification } from '../../audit.ts'
import { LIMITS } from '../../limits.ts'
import type { Scope } from '../../values.ts'
import type { ModelRecord, ModelState } from './state.ts'
import type { Legal } from './values.ts'
import { anyObject, legalAll, legalId, legalInteger, legalObject, optional, refuse } from './values.ts'

const legalLimit = legalInteger(1, LIMITS.AUDIT_PAGE_LIMIT_MAX)
const legalPlace = legalInteger(0, Number.MAX_SAFE_INTEGER)

export function modelRecentAudits(state: ModelState, scope: Scope, limit: unknown): readonly ModelRecord[] {
  return modelListAudits(state, scope, { limit: legalLimit(limit), order: 'desc' })
}

/** One page. */
export function modelListAudits(state: ModelState, scope: Scope, query: unknown): readonly ModelRecord[] {
  const { limit = LIMITS.AUDIT_PAGE_LIMIT_DEFAULT } = anyObject(query)
  return modelReadAudits(state, scope, query).slice(0, legalLimit(limit))
}

/** All pages. */
export function modelReadAudits(state: ModelState, ownScope: Scope, value: unknown): readonly ModelRecord[] {
  const query = legalObject(value, ['after', 'before', 'order', 'limit', 'node', 'scope'])
  optional(legalLimit)(query['limit'])
  const after = optional(legalPlace)(query['after']) ?? 0
  const before = optional(legalPlace)(query['before']) ?? Number.POSITIVE_INFINITY
  const order = optional(legalOrder)(query['order']) ?? 'asc'
  const node = optional(legalId)(query['node'])
  const scope = optional(legalAll)(query['scope']) === 'all' ? undefined : ownScope
  const records = state.audits
    .filter(({ id }) => id > after && id < before)
    .filter((record) => node === undefined || record.node === node)
    .filter((record) => scope === undefined || record.scope === scope)
  return order === 'asc' ? records : records.toReversed()
}

const legalOrder: Legal<'asc' | 'desc'> = (value) => (value === 'asc' || value === 'desc' ? value : refuse())

/** What a verification finds, without hashes and sentences. */
export type ModelVerification = Omit<AuditVerification, 'head' | 'firstBreak'> & {
  readonly headId: number | undefined
  readonly firstBreak: { readonly id: number; readonly problem: string } | undefined
}

/** The log of a model is always intact, and an expected hash, which it does not know, never the right one. */
export function modelVerifyAudits(state: ModelState, options: unknown): ModelVerification {
  const expected = optional(legalHead)(legalObject(options, ['expectedHead'])['expectedHead'])
  const lastId = state.audits.length
  if (expected === undefined) {
    return { intact: true, checked: lastId, headId: lastId || undefined, firstBreak: undefined, tail: 'unproven' }
  }
  const missing = expected > lastId
  return {
    intact: false,
    checked: missing ? lastId : expected,
    headId: (missing ? lastId : expected - 1) || undefined,
    firstBreak: missing ? { id: lastId + 1, problem: 'head_missing' } : { id: expected, problem: 'head_differs' },
    tail: 'unproven',
  }
}

/** A whole record will do. */
const legalHead: Legal<number> = (value) => {
  const { id, hash } = anyObject(value)
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)
    ? legalInteger(1, Number.MAX_SAFE_INTEGER)(id)
    : refuse()
}
