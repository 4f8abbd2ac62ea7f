import { type Expression, type ExpressionBuilder, sql, type SqlBool } from 'kysely'
import type { AuditRequest } from '../driver.ts'
import type { SqlFlavor } from './flavor.ts'
import { prepare } from './prepare.ts'
import type { SqlValue, Statement } from './program.ts'
import type { AuditLogTable, Tables } from './tables.ts'

/** Integers come as the driver gives them. */
export type AuditLogRow = Omit<AuditLogTable, 'id' | 'original_id'> & {
  readonly id: unknown
  readonly original_id: unknown
}

/** Where the log ends, where it begins, and where it ended when a scope was forgotten. */
export interface LogEndsRow {
  readonly last_id: unknown
  readonly last_hash: string
  readonly cut_id: unknown
  readonly cut_hash: string | null
  readonly forgotten_id: unknown
}

type Filter = 'scope' | 'node' | 'entryId' | 'sessionId' | 'from' | 'to' | 'after' | 'before' | 'limit'
/** What a request is compiled with; those that its shape leaves out are never asked for. */
type Slots = { readonly [K in Filter]: string & number } & { readonly types: readonly string[] }

/**
 * A page of the log. Each combination of filters is compiled once. Where a flavor has no index for it (on SQLite a node, and a
 * type or an entry over all scopes), the records are gone through in their order.
 */
export function auditQueries(flavor: SqlFlavor): (request: AuditRequest) => Statement<AuditLogRow> {
  const prepared = new Map<string, (values: Readonly<Record<string, SqlValue>>) => Statement<AuditLogRow>>()
  return (request) => {
    const values = valuesOf(request)
    const shape = [request.order, ...Object.keys(values)].join()
    let statement = prepared.get(shape)
    if (statement === undefined) {
      const names = new Set(Object.keys(values))
      statement = prepare((slots: Readonly<Record<string, SqlValue>>) => {
        const types = (request.types ?? []).map((_, index) => slots[`type${index}`] as string)
        const given = Object.fromEntries([...names].map((name) => [name, slots[name]]))
        return pageQuery(flavor, request.order, { ...given, types } as unknown as Slots)
      })
      prepared.set(shape, statement)
    }
    return statement(values)
  }
}

/** By name, `type0`, `type1` and so on among them; in one order, so that their names tell the request's shape. */
function valuesOf({ order: _, types = [], from, to, ...rest }: AuditRequest): Readonly<Record<string, SqlValue>> {
  const typeValues = Object.fromEntries(types.map((type, index) => [`type${index}`, type]))
  const all = { ...rest, from: from?.toISOString(), to: to?.toISOString(), ...typeValues }
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function pageQuery(flavor: SqlFlavor, order: AuditRequest['order'], slots: Slots) {
  const { db, textOf } = flavor
  const [only, ...others] = slots.types
  return db
    .selectFrom('audit_log')
    .select(['id', 'scope', 'node', 'type', 'entry_id', 'session_id', 'original_id', 'original_timestamp'])
    .select(['original_event', 'salt', 'content_digest', 'digest', 'hash'])
    .select(({ ref }) => [textOf.instant(ref('timestamp')).as('timestamp'), textOf.json(ref('event')).as('event')])
    .where((eb) =>
      others.length > 0 ? eb('id', 'in', idsOfTypes(flavor, order, slots)) : matches(flavor, eb, slots, only),
    )
    .orderBy('id', order)
    .limit(slots.limit)
    .$castTo<AuditLogRow>()
}

/** The first of each type lie together in an index; among several types they are found type by type. */
function idsOfTypes(flavor: SqlFlavor, order: AuditRequest['order'], slots: Slots) {
  const { db } = flavor
  const [first, ...rest] = slots.types.map((type) => {
    const ids = db
      .selectFrom('audit_log')
      .select('id')
      .where((eb) => matches(flavor, eb, slots, type))
      .orderBy('id', order)
      .limit(slots.limit)
    return db.selectFrom(ids.as('of_type')).select('id')
  })
  if (first === undefined) throw new TypeError('there are no types')
  const union = rest.reduce((ids, more) => ids.unionAll(more), first)
  return db.selectFrom(union.as('of_types')).select('id').orderBy('id', order).limit(slots.limit)
}

function matches(
  flavor: SqlFlavor,
  eb: ExpressionBuilder<Tables, 'audit_log'>,
  slots: Slots,
  type: string | undefined,
): Expression<SqlBool> {
  const { scope, node, entryId, sessionId, from, to, after, before } = slots
  return eb.and([
    ...(scope === undefined ? [] : [eb('scope', '=', scope)]),
    ...(node === undefined ? [] : [eb('node', '=', node)]),
    ...(type === undefined ? [] : [eb('type', '=', type)]),
    ...(entryId === undefined ? [] : [eb('entry_id', '=', entryId)]),
    ...(sessionId === undefined ? [] : [eb('session_id', '=', sessionId)]),
    ...(from === undefined ? [] : [eb('timestamp', '>=', from)]),
    ...(to === undefined ? [] : [eb('timestamp', '<', to)]),
    eb('id', '>', lowerBound(flavor, after)),
    ...(before === undefined ? [] : [eb('id', '<', before)]),
  ])
}

/** One bound, the higher one: of two a database would use one, and look at all records behind it. */
function lowerBound({ db, greatest }: SqlFlavor, after: number | undefined): Expression<number> {
  const cut = db
    .selectFrom('audit_cuts')
    .select(({ fn }) => fn.coalesce(fn.max('through_id'), sql.lit(0)).as('id'))
    .$asScalar()
  return after === undefined ? cut : greatest([cut, integer(after)])
}

/** PostgreSQL takes a parameter without a type for text where nothing tells what it is. */
function integer(slot: number) {
  return sql<number>`cast(${slot} as bigint)`
}

export interface SpansRequest {
  readonly from: string
  readonly to: string
  readonly after: number
  readonly before: number
  readonly limit: number
}

/** The spans that have records of the time that is asked for, between `after` and `before`, in either direction; and where they end. */
export function spanQueries(flavor: SqlFlavor) {
  const { db } = flavor
  const spans = (order: AuditRequest['order']) =>
    prepare((slots: { readonly [K in keyof SpansRequest]: SpansRequest[K] }) =>
      db
        .selectFrom('audit_spans')
        .select('last_id')
        .where('last_at', '>=', slots.from)
        .where('first_at', '<', slots.to)
        .where('last_id', '>', lowerBound(flavor, slots.after))
        .where('last_id', '<', slots.before)
        .orderBy('last_id', order)
        .limit(slots.limit),
    )
  return {
    spans: { asc: spans('asc'), desc: spans('desc') },
    endOfSpans: prepare(() =>
      db.selectFrom('audit_spans').select(({ fn }) => fn.coalesce(fn.max('last_id'), sql.lit(0)).as('last_id')),
    ),
  }
}

/** Of the row `audit_head`. */
export function logEnds({ selectFrom }: ExpressionBuilder<Tables, 'audit_head'>) {
  return [
    'last_id',
    'last_hash',
    selectFrom('audit_cuts').select('through_id').orderBy('through_id', 'desc').limit(sql.lit(1)).as('cut_id'),
    selectFrom('audit_cuts').select('through_hash').orderBy('through_id', 'desc').limit(sql.lit(1)).as('cut_hash'),
    selectFrom('forgotten_scopes')
      .select(({ fn }) => fn.max('through_id').as('id'))
      .as('forgotten_id'),
  ] as const
}
