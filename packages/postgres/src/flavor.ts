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
import type { PostgresTables } from './tables.ts'

/** How long operations, and writers that are gone, are remembered. */
const RETENTION = sql.lit(`${LIMITS.OPERATION_RETENTION_MS / 1_000} seconds`)

/** What writes need beside reading the shared tables. Of all but DELETE a right to the columns that are written will do. */
const RIGHTS = Object.entries({
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
}).flatMap(([table, rights]) => rights.map((right) => [table, right] as const))

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
        case when pg_is_in_recovery() then 'READ_ONLY'
          when not (select bool_and(case privilege
              when 'DELETE' then has_table_privilege(format('%I.%I', $1::text, name), privilege)
              else has_any_column_privilege(format('%I.%I', $1::text, name), privilege) end)
            from (values ${RIGHTS.map(([table, right]) => `('${table}', '${right}')`).join(', ')}) as needed (name, privilege)
          ) then 'PERMISSION_DENIED'
          when not exists (select from "${schema}".audit_head) then 'MALFORMED' end as refusal`,
      parameters: [schema],
    },
    lockLog: { sql: `select last_id from "${schema}".audit_head for update`, parameters: [] },
    lockScope: ({ scope, mode }) => advisoryLock(`shepherd-store scope ${schema} ${scope}`, mode),
    appendAudit: appendAudit(db),
    replay: replayGuard(db),
    blamesUnit: ({ cause }) => /^(22|23|54)/.test(sqlStateOf(cause) ?? ''),
  }
}

/** Two names that meet in one number wait for each other without need; at worst one of them has to try again. */
function advisoryLock(name: string, mode: LockMode = 'exclusive'): Statement {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock'
  return { sql: `select ${lock}(hashtextextended($1, 0))`, parameters: [name] }
}

/** The trigger `audit_log_in_order` gives the record its id and its hash. */
function appendAudit(db: Kysely<PostgresTables>): (slots: AuditColumns) => Statement<AuditPosition> {
  return prepare((slots: AuditColumns) =>
    db
      .insertInto('audit_log')
      .columns([
        'timestamp',
        'scope',
        'node',
        'type',
        'entry_id',
        'session_id',
        'event',
        'original_id',
        'original_timestamp',
        'original_event',
        'salt',
        'content_digest',
        'digest',
      ])
      .expression(
        sql`values (${slots.timestamp}, ${slots.scope}, ${slots.node}, ${slots.type}, ${slots.entry_id},
          ${slots.session_id}, ${slots.event}, ${slots.original_id}, ${slots.original_timestamp},
          ${slots.original_event}, ${slots.salt},
          ${slots.content_digest}, ${slots.digest})`,
      )
      .returning(['id', 'hash']),
  )
}

/** The upsert locks the writer's row: a first try that is still under way ends before its repetition looks. */
function replayGuard(db: Kysely<PostgresTables>): ReplayGuard {
  return {
    lock: prepare((slots: { readonly writer: string }) =>
      db
        .insertInto('writers')
        .values({ writer: slots.writer, last_group: 0, applied: '[]', last_audit_id: 0, seen_at: sql`now()` })
        .onConflict((conflict) => conflict.column('writer').doUpdateSet({ seen_at: sql`now()` }))
        .returning(['last_group', 'applied', 'last_audit_id']),
    ),
    record: prepare((slots: { readonly writer: string; readonly group: number; readonly applied: string }) =>
      db
        .updateTable('writers')
        .set({
          last_group: slots.group,
          applied: slots.applied,
          last_audit_id: ({ selectFrom }) => selectFrom('audit_head').select('last_id'),
        })
        .where('writer', '=', slots.writer),
    ),
    forget: forgetWriters(db),
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
