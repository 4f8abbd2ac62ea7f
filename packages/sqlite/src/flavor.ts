import type { SqlFlavor, Tables } from '@shepherd-store/core/sql'
import {
  DummyDriver,
  type Expression,
  Kysely,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { APPLICATION_ID, FIRST_DEFINITIONS, LOG_DEFINITIONS, USUAL_NODE } from './definitions.ts'
import { codeOf } from './errors.ts'
import { fileChecks } from './file-checks.ts'

/** No store is older: a clock that shows an earlier time is wrong. */
const FIRST_STORE = sql.lit('2026-01-01T00:00:00.000Z')

const DEFINITIONS: ReadonlyMap<number, readonly string[]> = new Map([
  [1, FIRST_DEFINITIONS],
  [3, LOG_DEFINITIONS],
])

/**
 * Compiles to statements that keep their plan. Where rows are ordered or grouped, SQLite compares the terms with every bare
 * parameter while it plans, and plans the statement anew each time that one of them is bound: 5 µs, more than a look-up.
 * https://sqlite.org/qpsg.html
 */
class PlannedOnceCompiler extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return '+?'
  }
}

function createFlavor(): SqlFlavor {
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new PlannedOnceCompiler(),
    },
  })
  const text = sql`text`
  const flavor: SqlFlavor = {
    db,
    types: {
      integer: sql`integer`,
      instant: text,
      day: (column) => sql`text check (length(${sql.raw(column)}) = 10)`,
      json: text,
      text,
    },
    tableOptions: ({ keyed }) => (keyed ? sql`strict, without rowid` : sql`strict`),
    textOf: { instant: (column) => column, day: (column) => column, json: (column) => column },
    dayOf: (instant) => sql<string>`substr(${instant}, 1, 10)`,
    // A clock without a battery begins in 1970: what it dates is taken to be as old as the operation before.
    operationAge: {
      appliedAt: (byWriter) =>
        sql<string>`case when ${byWriter} >= ${FIRST_STORE} then ${byWriter}
          else max(${byWriter}, (select coalesce(max(applied_at), '') from operations)) end`,
      forgetBefore: (byWriter) => byWriter,
    },
    // The file has no clock: it is read by the machine's own.
    nodeSeen: { seenAt: (at) => at, skewMs: () => sql<null>`null` },
    usualNode: USUAL_NODE,
    // Nobody analyzes the file: the planner takes an index that the statement names, or a bad one.
    aside: <T>(column: Expression<T>) => sql<T>`+${column}`,
    // A floating-point number, exact up to 2^53.
    sum: (numbers) => sql`total(${numbers})`,
    greatest: (values) => sql<number>`max(${sql.join(values)})`,
    skipLocked: sql``,
    tableNames: {
      sql: `select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'`,
      parameters: [],
    },
    extraDefinitions: (version) => [
      ...(DEFINITIONS.get(version) ?? []),
      `pragma application_id = ${APPLICATION_ID}`,
      `pragma user_version = ${version}`,
    ],
    beforeMigration: [],
    status: {
      sql:
        'select sqlite_version() as version, null as refusal, null as time, ' +
        '(select page_count * page_size from pragma_page_count, pragma_page_size) as size_bytes',
      parameters: [],
    },
    refusals: {},
    checks: fileChecks(() => flavor),
    blamesUnit: ({ cause }) => /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(codeOf(cause)),
  }
  return flavor
}

/** One for all files: what is compiled for it is compiled once in a process. */
export const sqliteFlavor = createFlavor()
