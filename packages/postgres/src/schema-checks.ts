import type { CheckProblem } from '@shepherd-store/core'
import { Batch, type DatabaseCheck, type Found, type Program, type Statement } from '@shepherd-store/core/sql'
import { SCHEMA_OBJECTS } from './schema-objects.ts'
import { type Defined, definedIn } from './schema-query.ts'

/** Whether the schema is the one that the migrations make; its indexes, where the server can look at them; the writers. */
export function schemaChecks(schema: string): readonly DatabaseCheck[] {
  return [
    { part: 'schema', look: () => checkSchema(schema) },
    {
      part: 'indexes',
      look: (after) => (after === undefined ? findIndexes(schema) : checkIndex(schema, after as Indexes)),
      past: (after) => (after === undefined ? undefined : behind(after as Indexes)),
    },
    { part: 'writers', look: () => checkWriters(schema) },
  ]
}

function* checkSchema(schema: string): Program<Found> {
  const batch = new Batch()
  const defined = batch.add(definedIn(schema))
  yield* batch.commit()
  const there = new Map(defined().map(({ name, definition }) => [name, definition]))
  const problems = [
    ...[...SCHEMA_OBJECTS].flatMap(([name, due]) => differenceFrom(name, due, there.get(name))),
    ...defined().flatMap(strange),
  ]
  return { checked: there.size, problems, blindSpots: [] }
}

function differenceFrom(name: string, due: string, found: string | undefined): readonly CheckProblem[] {
  if (found === due) return []
  return [wrong(name, found === undefined ? 'is not there' : `is ${found}, and should be ${due}`)]
}

/** What somebody else has made on the store's tables, and what may change or refuse a write. What is beside them harms nobody. */
function strange({ name }: Defined): readonly CheckProblem[] {
  const [, table] =
    /^(?:trigger|rule|constraint|unique index|computed index|heir|reference) .* on (\S+)$/.exec(name) ?? []
  if (table === undefined || SCHEMA_OBJECTS.has(name) || !SCHEMA_OBJECTS.has(`table ${table}`)) return []
  return [wrong(name, "is not the store's; look who made it, and drop it")]
}

function wrong(name: string, what: string): CheckProblem {
  const message = `${name} ${what}; make it as it is in a new schema, or restore a backup`
  return { code: 'UNRECOGNIZED_SCHEMA', part: `schema ${name}`, message }
}

/** Those that are still to be looked at, and the schema of the extension that does. */
interface Indexes {
  readonly amcheck: string
  readonly names: readonly string[]
}

function* findIndexes(schema: string): Program<Found> {
  const batch = new Batch()
  const extension = batch.add(AMCHECK)
  const indexes = batch.add(indexesOf(schema))
  yield* batch.commit()
  const [found] = extension()
  if (found?.may === 'true') {
    const names = indexes().map(({ name }) => name)
    return { checked: 0, problems: [], blindSpots: [], after: { amcheck: found.schema, names } satisfies Indexes }
  }
  const advice = found === undefined ? 'create the extension amcheck' : 'grant the role execute on bt_index_check'
  const blindSpot = `Whether the indexes hold what their tables hold: ${advice}, or run pg_amcheck.`
  return { checked: 0, problems: [], blindSpots: [blindSpot] }
}

/** Its order, and that each row of the table is found by it. */
function* checkIndex(schema: string, { amcheck, names }: Indexes): Program<Found> {
  const batch = new Batch()
  batch.add({
    sql: `select ${amcheck}.bt_index_check(format('%I.%I', $1::text, $2::text)::regclass, true)`,
    parameters: [schema, names[0] ?? null],
    once: true,
  })
  yield* batch.commit()
  return { checked: 1, problems: [], blindSpots: [], after: behind({ amcheck, names }) }
}

function behind({ amcheck, names }: Indexes): Indexes | undefined {
  return names.length < 2 ? undefined : { amcheck, names: names.slice(1) }
}

const AMCHECK: Statement<{ readonly schema: string; readonly may: string }> = {
  sql: `select quote_ident(nspname) as schema, has_function_privilege(pg_proc.oid, 'execute')::text as may
    from pg_catalog.pg_extension join pg_catalog.pg_namespace on pg_namespace.oid = extnamespace
      join pg_catalog.pg_proc on pronamespace = extnamespace and proname = 'bt_index_check' and pronargs = 2
    where extname = 'amcheck'`,
  parameters: [],
}

/** What is not valid, the schema tells. */
function indexesOf(schema: string): Statement<{ readonly name: string }> {
  return {
    sql: `select relname as name from pg_catalog.pg_index join pg_catalog.pg_class on pg_class.oid = indexrelid
      join pg_catalog.pg_am on pg_am.oid = relam
      where relnamespace = to_regnamespace(quote_ident($1)) and amname = 'btree' and indisvalid and indisready order by 1`,
    parameters: [schema],
  }
}

/** Problems of this table that are told of. */
const WRITERS_MAX = 100

/** Rows that only PostgreSQL has. */
function* checkWriters(schema: string): Program<Found> {
  const batch = new Batch()
  const all = batch.add<{ readonly count: string }>({ sql: `select count(*) from "${schema}".writers`, parameters: [] })
  const odd = batch.add<{ readonly writer: string }>({
    sql: `select writer from "${schema}".writers
      where last_group < 1 or last_audit_id < 0 or last_audit_id > (select last_id from "${schema}".audit_head)
        or not isfinite(seen_at) order by writer limit ${WRITERS_MAX}`,
    parameters: [],
  })
  yield* batch.commit()
  const problems = odd().map(({ writer }): CheckProblem => {
    const message = 'the last group of this writer cannot be; compare it with a backup'
    return { code: 'MALFORMED', part: `writers ${JSON.stringify([writer])}`, message }
  })
  return { checked: Number(all()[0]?.count), problems, blindSpots: [] }
}
