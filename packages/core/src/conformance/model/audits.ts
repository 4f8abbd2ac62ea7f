import type { AuditVerification } from '../../audit-verification.ts'
import { LIMITS } from '../../limits.ts'
import type { Scope } from '../../values.ts'
import type { ModelRecord, ModelState } from './state.ts'
import type { Legal } from './values.ts'
import {
  anyObject,
  legalAll,
  legalId,
  legalInstant,
  legalInteger,
  legalList,
  legalObject,
  optional,
  refuse,
} from './values.ts'

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
  const query = legalObject(value, FIELDS)
  optional(legalLimit)(query['limit'])
  const after = optional(legalPlace)(query['after']) ?? 0
  const before = optional(legalPlace)(query['before']) ?? Number.POSITIVE_INFINITY
  const order = optional(legalOrder)(query['order']) ?? 'asc'
  const node = optional(legalId)(query['node'])
  const scope = optional(legalAll)(query['scope']) === 'all' ? undefined : ownScope
  const from = optional(legalInstant)(query['from']) ?? new Date(0)
  const to = optional(legalInstant)(query['to']) ?? new Date(8.64e15)
  const types = optional(legalList(legalId, 1, LIMITS.AUDIT_TYPES_MAX))(query['types'])
  const about = { entryId: optional(legalId)(query['entryId']), sessionId: optional(legalId)(query['sessionId']) }
  const records = state.audits
    .filter(({ timestamp }) => timestamp >= from && timestamp < to)
    .filter(({ event }) => types === undefined || types.includes(event.type === 'other' ? event.name : event.type))
    .filter(({ event }) => isAbout(event, about))
    .filter(({ id }) => id > after && id < before)
    .filter((record) => node === undefined || record.node === node)
    .filter((record) => scope === undefined || record.scope === scope)
  return order === 'asc' ? records : records.toReversed()
}

const FIELDS = [
  ...(['after', 'before', 'from', 'to', 'types', 'entryId', 'sessionId'] as const),
  ...(['order', 'limit', 'node', 'scope'] as const),
]

/** What another service puts into its events is not looked at. */
function isAbout(event: ModelRecord['event'], wanted: Readonly<Record<'entryId' | 'sessionId', string | undefined>>) {
  return (['entryId', 'sessionId'] as const).every((key) => {
    const found: unknown =
      event.type !== 'other' && key in event ? (event as Readonly<Record<string, unknown>>)[key] : undefined
    return wanted[key] === undefined || found === wanted[key]
  })
}

const legalOrder: Legal<'asc' | 'desc'> = (value) => (value === 'asc' || value === 'desc' ? value : refuse())

/** What a verification finds, without hashes and sentences. */
export type ModelVerification = Omit<AuditVerification, 'head' | 'firstBreak' | 'blindSpots'> & {
  readonly headId: number | undefined
  readonly firstBreak: { readonly id: number; readonly problem: string } | undefined
}

/** The log of a model is always intact, and an expected hash, which it does not know, never the right one. */
export function modelVerifyAudits(state: ModelState, options: unknown): ModelVerification {
  const expected = optional(legalHead)(legalObject(options, ['expectedHead'])['expectedHead'])
  const lastId = state.audits.length
  if (expected === undefined) {
    const found = { intact: true, checked: lastId, erased: 0, headId: lastId || undefined } as const
    return { ...found, firstBreak: undefined, tail: 'unproven' }
  }
  const missing = expected > lastId
  return {
    intact: false,
    erased: 0,
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
