import { type ExpressionBuilder, sql } from 'kysely'
import type { AuditRequest } from '../driver.ts'
import { idsOfTypes, lieTogether, matches, type Slots } from './audit-ids.ts'
import type { SqlFlavor } from './flavor.ts'
import { atMost, prepare, Shapes } from './prepare.ts'
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

/** A page of the log. Each combination of filters is compiled once. */
export function auditQueries(flavor: SqlFlavor): (request: AuditRequest) => Statement<AuditLogRow> {
  const shapes = new Shapes<(values: Readonly<Record<string, SqlValue>>) => Statement<AuditLogRow>>()
  return (request) => {
    const values = valuesOf(flavor, request)
    const shape = [request.order, ...Object.keys(values)].join()
    const statement = shapes.get(shape, () =>
      prepare((slots: Readonly<Record<string, SqlValue>>) => {
        const types = (request.types ?? []).map((_, index) => slots[`type${index}`] as string)
        const given = Object.fromEntries(Object.keys(values).map((name) => [name, slots[name]]))
        return pageQuery(flavor, request.order, { ...given, types } as unknown as Slots)
      }),
    )
    // A plan that is good for what is frequent passes by everything to find what is rare.
    const isFiltered = Object.keys(values).some((name) => !['after', 'before', 'limit'].includes(name))
    return { ...statement(values), ...(isFiltered ? { plannedForItsValues: true } : {}) }
  }
}

/** By name, `type0`, `type1` and so on among them; in one order, so that their names tell the request's shape. */
function valuesOf(
  { usualNode }: SqlFlavor,
  { order: _, types = [], node, from, to, ...rest }: AuditRequest,
): Readonly<Record<string, SqlValue>> {
  const typeValues = Object.fromEntries(types.map((type, index) => [`type${index}`, type]))
  const nodeValue = usualNode === undefined || node === usualNode ? { node } : { otherNode: node }
  const all = { ...rest, ...nodeValue, from: from?.toISOString(), to: to?.toISOString(), ...typeValues }
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function pageQuery(flavor: SqlFlavor, order: AuditRequest['order'], slots: Slots) {
  const { db, textOf } = flavor
  return db
    .selectFrom('audit_log')
    .select(['id', 'scope', 'node', 'type', 'entry_id', 'session_id', 'original_id', 'original_timestamp'])
    .select(['original_event', 'salt', 'content_digest', 'digest', 'hash'])
    .select(({ ref }) => [textOf.instant(ref('timestamp')).as('timestamp'), textOf.json(ref('event')).as('event')])
    .where((eb) =>
      lieTogether(slots) ? matches(flavor, eb, slots, slots.types) : eb('id', 'in', idsOfTypes(flavor, order, slots)),
    )
    .orderBy('id', order)
    .limit(atMost(slots.limit))
    .$castTo<AuditLogRow>()
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
