import { type AuditPosition, LIMITS } from '@shepherd-store/core'
import {
  type AuditColumns,
  type LockMode,
  prepare,
  type ReplayGuard,
  type SqlFlavor,
  type Statement,
} from '@shepherd-store/core/sql'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import { firstDefinitions, logDefinitions } from './definitions.ts'
import { sqlStateOf } from './errors.ts'
import { schemaChecks } from './schema-checks.ts'
import type { PostgresTables } from './tables.ts'

/** How long operations, and writers that are gone, are remembered. */
const RETENTION = sql.lit(`${LIMITS.OPERATION_RETENTION_MS / 1_000} seconds`)

/** What writes need beside reading the shared tables. Of all but DELETE a right to the columns that are written will do. */
const RIGHTS_OF_TABLES = {
  audit_log: ['INSERT'],
  audit_head: ['SELECT'],
  usage: ['INSERT', 'UPDATE'],
  cooldowns: ['INSERT', 'UPDATE', 'DELETE'],
  snapshot: ['INSERT', 'UPDATE'],
  operations: ['INSERT', 'UPDATE', 'DELETE'],
  sessions: ['INSERT', 'UPDATE'],
  session_played: ['INSERT', 'UPDATE'],
  grants: ['INSERT', 'UPDATE'],
  nodes: ['INSERT', 'UPDATE'],
  writers: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
}
const RIGHTS = Object.entries(RIGHTS_OF_TABLES).flatMap(([table, rights]) =>
  rights.map((right) => [table, right] as const),
)

/** Rows of them are found by their primary keys, which also keep each from being there twice. */
const TABLES = Object.keys(RIGHTS_OF_TABLES).map((table) => `('${table}')`)

/** A commit that has waited for its standby for so long, in seconds, tells that there is none. Others take milliseconds. */
const STANDBY_WAIT_S = 2

const REFUSALS = {
  PERMISSION_DENIED: 'the role may not write to every table of the store; ask the owner of the schema',
  MALFORMED: 'the row that holds the end of the log is missing; restore a backup',
  DATABASE: 'a table of the store has lost its primary key; make it again, or restore a backup',
  UNAVAILABLE:
    'commits wait for a synchronous standby that does not answer; start it again, or take it out of synchronous_standby_names',
} as const

/** `schema`: a lower-case identifier that needs no quotes. */
export function postgresFlavor(schema: string): SqlFlavor {
  const db = new Kysely<PostgresTables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }).withSchema(schema)

  return {
    // The shared statements use the shared tables only.
    db,
    types: {
      integer: sql`bigint`,
      instant: sql`timestamptz(3)`,
      day: () => sql`date`,
      // Not jsonb: it would rewrite the text that the hash was made over.
      json: sql`json`,
      text: sql`text collate "C"`,
    },
    tableOptions: () => sql``,
    textOf: {
      // Whatever DateStyle and TimeZone the role has. A year BC would read as one AD.
      instant: (column) => sql<string>`case when ${column} < '1970-01-01T00:00:00Z' then 'before 1970'
        else to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end`,
      day: (column) => sql<string>`case when ${column} < '1970-01-01' then 'before 1970'
        else to_char(${column}, 'YYYY-MM-DD') end`,
      json: (column) => sql<string>`${column}::text`,
    },
    dayOf: (instant) => sql<string>`cast(${instant} at time zone 'UTC' as date)`,
    // One clock for the fleet: a machine with a wrong one must not make the others' operations forgotten.
    operationAge: {
      appliedAt: () => sql<string>`now()`,
      forgetBefore: () => sql<string>`now() - interval ${RETENTION}`,
    },
    nodeSeen: {
      // When the transaction began: what it then waits for is no skew.
      seenAt: () => sql<string>`now()`,
      skewMs: (at) => sql<number>`cast(extract(epoch from (cast(${at} as timestamptz) - now())) * 1000 as bigint)`,
    },
    aside: (column) => column,
    // A `numeric`, which has as many digits as it needs.
    sum: (numbers) => sql`sum(${numbers})`,
    greatest: (values) => sql<number>`greatest(${sql.join(values)})`,
    skipLocked: sql`for update skip locked`,
    tableNames: {
      sql: 'select tablename as name from pg_catalog.pg_tables where schemaname = $1',
      parameters: [schema],
    },
    extraDefinitions: (version) =>
      version === 1 ? firstDefinitions(schema) : version === 3 ? logDefinitions(schema) : [],
    beforeMigration: [
      advisoryLock(`shepherd-store migration ${schema}`),
      // CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where it exists.
      {
        sql: `do $$ begin
          if to_regnamespace('"${schema}"') is null then create schema "${schema}"; end if;
        end $$`,
        parameters: [],
        once: true,
      },
    ],
    status: {
      sql: `select current_setting('server_version') as version, pg_database_size(current_database()) as size_bytes,
        to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time,
        case when not (select bool_and(case privilege
              when 'DELETE' then has_table_privilege(format('%I.%I', $1::text, name), privilege)
              else has_any_column_privilege(format('%I.%I', $1::text, name), privilege) end)
            from (values ${RIGHTS.map(([table, right]) => `('${table}', '${right}')`).join(', ')}) as needed (name, privilege)
          ) then 'PERMISSION_DENIED'
          when not exists (select from "${schema}".audit_head) then 'MALFORMED'
          when exists (select from (values ${TABLES.join(', ')}) as written (name) where not exists (
            select from pg_catalog.pg_index where indisprimary and indrelid = to_regclass(format('%I.%I', $1::text, name)))
          ) then 'DATABASE'
          when exists (select from pg_catalog.pg_stat_activity where datname = current_database()
            and wait_event = 'SyncRep' and query_start < clock_timestamp() - interval '${STANDBY_WAIT_S} s'
          ) then 'UNAVAILABLE' end as refusal`,
      parameters: [schema],
    },
    refusals: REFUSALS,
    lockLog: { sql: `select last_id from "${schema}".audit_head for update`, parameters: [] },
    lockScope: ({ scope, mode }) => advisoryLock(`shepherd-store scope ${schema} ${scope}`, mode),
    appendAudits: appendAudits(schema),
    replay: replayGuard(db, schema),
    checks: schemaChecks(schema),
    blamesUnit: ({ cause }) => /^(22|23|54)/.test(sqlStateOf(cause) ?? ''),
  }
}

/** Two names that meet in one number wait for each other without need; at worst one of them has to try again. */
function advisoryLock(name: string, mode: LockMode = 'exclusive'): Statement {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock'
  return { sql: `select ${lock}(hashtextextended($1, 0))`, parameters: [name] }
}

/** The columns of a record that its writer fills in, and their types on the way. */
const AUDIT_COLUMNS: readonly (readonly [column: string, type: string])[] = [
  ['timestamp', 'timestamptz'],
  ['scope', 'text'],
  ['node', 'text'],
  ['type', 'text'],
  ['entry_id', 'text'],
  ['session_id', 'text'],
  // As text, byte for byte: in the JSON around it, it would be written anew.
  ['event', 'text'],
  ['original_id', 'bigint'],
  ['original_timestamp', 'text'],
  ['original_event', 'text'],
  ['salt', 'text'],
  ['content_digest', 'text'],
  ['digest', 'text'],
]

/** One statement, however many they are. The trigger `audit_log_in_order` gives each record its id and its hash. */
function appendAudits(schema: string): (records: readonly AuditColumns[]) => Statement<AuditPosition> {
  const columns = AUDIT_COLUMNS.map(([column]) => `"${column}"`)
  const text = `insert into "${schema}".audit_log (${columns.join(', ')})
    select ${columns.map((column) => (column === '"event"' ? '"event"::json' : column)).join(', ')}
    from json_to_recordset($1) as record (place integer, ${AUDIT_COLUMNS.map(([column, type]) => `"${column}" ${type}`).join(', ')})
    order by place returning id, hash`
  return (records) => ({
    sql: text,
    parameters: [JSON.stringify(records.map((record, place) => ({ place, ...record })))],
  })
}

/** The lock comes first of all: a first try that is still under way ends before its repetition looks. */
function replayGuard(db: Kysely<PostgresTables>, schema: string): ReplayGuard {
  return {
    lock: ({ writer }) => advisoryLock(`shepherd-store writer ${schema} ${writer}`),
    last: prepare((slots: { readonly writer: string }) =>
      db.selectFrom('writers').select(['last_group', 'applied', 'last_audit_id']).where('writer', '=', slots.writer),
    ),
    record: prepare((slots: { readonly writer: string; readonly group: number; readonly applied: string }) =>
      db
        .insertInto('writers')
        .values({
          writer: slots.writer,
          last_group: slots.group,
          applied: slots.applied,
          last_audit_id: ({ selectFrom }) => selectFrom('audit_head').select('last_id'),
          seen_at: sql`now()`,
        })
        .onConflict((conflict) =>
          conflict.column('writer').doUpdateSet(({ ref }) => ({
            // A first try that arrives after its repetition, as one flight, fails here as a whole: the column takes no null.
            last_group: sql<number>`case when ${ref('writers.last_group')} < ${ref('excluded.last_group')}
              then ${ref('excluded.last_group')} end`,
            applied: ref('excluded.applied'),
            last_audit_id: ref('excluded.last_audit_id'),
            seen_at: ref('excluded.seen_at'),
          })),
        ),
    ),
    forget: forgetWriters(db),
    // In the log of the server, and nowhere else: only a transaction that writes to that waits for a standby.
    confirm: { sql: "select from pg_logical_emit_message(true, 'shepherd-store', '')", parameters: [] },
  }
}

/** None of them is about to try again. */
function forgetWriters(db: Kysely<PostgresTables>): Statement<unknown> {
  const few = 16
  return prepare(() =>
    db.deleteFrom('writers').where('writer', 'in', (query) =>
      query
        .selectFrom('writers')
        .select('writer')
        .where('seen_at', '<', sql<string>`now() - interval ${RETENTION}`)
        .limit(few)
        .modifyEnd(sql`for update skip locked`),
    ),
  )({})
}
