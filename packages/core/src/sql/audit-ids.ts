import { type Expression, type ExpressionBuilder, sql, type SqlBool } from 'kysely'
import type { AuditRequest } from '../driver.ts'
import type { SqlFlavor } from './flavor.ts'
import { atMost } from './prepare.ts'
import type { Tables } from './tables.ts'

type Filter = 'scope' | 'node' | 'otherNode' | 'entryId' | 'sessionId' | 'from' | 'to' | 'after' | 'before' | 'limit'
/** What a request is compiled with; those that its shape leaves out are never asked for. */
export type Slots = { readonly [K in Filter]: string & number } & { readonly types: readonly string[] }

/** The column whose index leads to what is asked for: the one of which the fewest records are. */
type Lead = 'session_id' | 'entry_id' | 'type' | 'node' | 'scope'

function leadOf({ sessionId, entryId, types, otherNode }: Slots): Lead {
  if (sessionId !== undefined) return 'session_id'
  if (entryId !== undefined) return 'entry_id'
  if (types.length > 0) return 'type'
  return otherNode === undefined ? 'scope' : 'node'
}

/** Whether the records that are asked for lie side by side in an index, or in the log, in their order: not those of several types. */
export function lieTogether(slots: Slots): boolean {
  return slots.types.length < 2 || leadOf(slots) !== 'type'
}

/** The first ids of each type lie together; those of several types are put together. */
export function idsOfTypes(flavor: SqlFlavor, order: AuditRequest['order'], slots: Slots) {
  const { db } = flavor
  const [first, ...rest] = slots.types.map((type) => {
    const ids = db
      .selectFrom('audit_log')
      .select('id')
      .where((eb) => matches(flavor, eb, slots, [type]))
      .orderBy('id', order)
      .limit(atMost(slots.limit))
    return db.selectFrom(ids.as('of_type')).select('id')
  })
  if (first === undefined) throw new TypeError('there are no types')
  const union = rest.reduce((ids, more) => ids.unionAll(more), first)
  return db.selectFrom(union.as('of_types')).select('id').orderBy('id', order).limit(atMost(slots.limit))
}

/** Found by the index of one column. A database that knows too little of the records would choose another one. */
export function matches(
  flavor: SqlFlavor,
  eb: ExpressionBuilder<Tables, 'audit_log'>,
  slots: Slots,
  types: readonly string[],
): Expression<SqlBool> {
  const { scope, node, otherNode, entryId, sessionId, from, to, after, before } = slots
  const lead = leadOf(slots)
  const column = (name: Lead) => (name === lead ? eb.ref(name) : flavor.aside(eb.ref(name)))
  return eb.and([
    ...(scope === undefined ? [] : [eb(column('scope'), '=', scope)]),
    ...(node === undefined ? [] : [eb(flavor.aside(eb.ref('node')), '=', node)]),
    ...(otherNode === undefined ? [] : [eb(column('node'), '=', otherNode)]),
    // Said in so many words, it tells that the index of these has the record.
    ...(lead === 'node' && flavor.usualNode !== undefined ? [eb('node', '<>', sql.lit(flavor.usualNode))] : []),
    ...(types.length === 0 ? [] : [eb(column('type'), 'in', types)]),
    ...(entryId === undefined ? [] : [eb(column('entry_id'), '=', entryId)]),
    ...(sessionId === undefined ? [] : [eb(column('session_id'), '=', sessionId)]),
    ...(from === undefined ? [] : [eb('timestamp', '>=', from)]),
    ...(to === undefined ? [] : [eb('timestamp', '<', to)]),
    eb('id', '>', lowerBound(flavor, after)),
    ...(before === undefined ? [] : [eb('id', '<', before)]),
  ])
}

/** One bound, the higher one: of two a database would use one, and look at all records behind it. */
export function lowerBound({ db, greatest }: SqlFlavor, after: number | undefined): Expression<number> {
  const cut = db
    .selectFrom('audit_cuts')
    .select(({ fn }) => fn.coalesce(fn.max('through_id'), sql.lit(0)).as('id'))
    .$asScalar()
  return after === undefined ? cut : greatest([cut, integer(after)])
}

/** PostgreSQL takes a parameter without a type for text where nothing tells what it is. */
export function integer(slot: number) {
  return sql<number>`cast(${slot} as bigint)`
}
