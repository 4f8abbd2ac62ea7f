import { type Expression, type ExpressionBuilder, type Kysely, sql, type SqlBool } from 'kysely'
import type { AuditRequest } from '../driver.ts'
import type { SqlFlavor } from './flavor.ts'
import type { Tables } from './tables.ts'

type Filter = 'scope' | 'node' | 'otherNode' | 'entryId' | 'sessionId' | 'from' | 'to' | 'after' | 'before' | 'limit'
/** What a request is compiled with; those that its shape leaves out are never asked for. */
export type Slots = { readonly [K in Filter]: string & number } & { readonly types: readonly string[] }

/** A scope, or what stands for each. */
interface Part {
  readonly type: string | undefined
  readonly scope: string | Expression<string> | undefined
}

/** Whether one index, or the log itself, has the records that are asked for side by side, in their order. */
export function liesTogether(flavor: SqlFlavor, slots: Slots): boolean {
  return slots.types.length <= 1 && !isScopeByScope(flavor, slots)
}

/** Where the indexes that would help begin with the scope, and none is asked for. */
function isScopeByScope({ findsInEveryScope }: SqlFlavor, { scope, types, entryId, sessionId }: Slots): boolean {
  return (
    !findsInEveryScope && scope === undefined && sessionId === undefined && (types.length > 0 || entryId !== undefined)
  )
}

/** The first ids of each type, and of each scope where that is needed, put together. */
export function idsOfEach(flavor: SqlFlavor, order: AuditRequest['order'], slots: Slots) {
  const { db } = flavor
  const isEachScope = isScopeByScope(flavor, slots)
  const idsOf = (part: Part) =>
    db
      .selectFrom('audit_log')
      .select('id')
      .where((eb) => matches(flavor, eb, slots, part))
      .orderBy('id', order)
      .limit(slots.limit)
  const types = slots.types.length === 0 ? [undefined] : slots.types
  const [first, ...rest] = types.map((type) => {
    const ids = isEachScope
      ? db
          .selectFrom([sql<{ scope: string }>`scopes`.as('scopes'), 'audit_log as found'])
          .select('found.id')
          .where('found.id', 'in', idsOf({ type, scope: sql.ref('scopes.scope') }))
          .as('of_type')
      : idsOf({ type, scope: slots.scope }).as('of_type')
    return db.selectFrom(ids).select('id')
  })
  if (first === undefined) throw new TypeError('there are no types')
  const union = rest.reduce((ids, more) => ids.unionAll(more), first)
  return (isEachScope ? withScopes(db) : db)
    .selectFrom(union.as('of_each'))
    .select('id')
    .orderBy('id', order)
    .limit(slots.limit)
}

/** Each scope that the log has, found from one to the next in an index. At last comes one that is null, and has nothing. */
function withScopes(db: Kysely<Tables>) {
  return db.withRecursive('scopes', (scopes) =>
    scopes
      .selectFrom('audit_log')
      .select(({ fn }) => fn.min('scope').as('scope'))
      .unionAll(
        scopes
          .selectFrom('scopes')
          .select(({ selectFrom }) =>
            selectFrom('audit_log')
              .select(({ fn }) => fn.min('scope').as('scope'))
              .whereRef('audit_log.scope', '>', 'scopes.scope')
              .as('scope'),
          )
          .where('scope', 'is not', null),
      ),
  )
}

export function matches(
  flavor: SqlFlavor,
  eb: ExpressionBuilder<Tables, 'audit_log'>,
  slots: Slots,
  { type, scope }: Part,
): Expression<SqlBool> {
  const { node, otherNode, entryId, sessionId, from, to, after, before } = slots
  return eb.and([
    ...(scope === undefined ? [] : [eb('scope', '=', scope)]),
    ...(node === undefined ? [] : [eb('node', '=', node)]),
    // Said in so many words, it tells that the index of these has the record.
    ...(otherNode === undefined ? [] : [eb('node', '=', otherNode), eb('node', '<>', sql.lit(flavor.usualNode ?? ''))]),
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
export function lowerBound({ db, greatest }: SqlFlavor, after: number | undefined): Expression<number> {
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
