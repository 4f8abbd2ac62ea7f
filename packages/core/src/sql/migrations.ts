import type { ColumnDefinitionBuilder } from 'kysely'
import { sql } from 'kysely'
import { LIMITS } from '../limits.ts'
import type { SqlFlavor } from './flavor.ts'
import { logSchema } from './log-schema.ts'
import { once } from './prepare.ts'
import type { Statement } from './program.ts'

/** What leads from the version before to each version. A shipped one is never edited; a change is a new one. */
const MIGRATIONS: readonly {
  readonly version: number
  readonly define: (flavor: SqlFlavor) => readonly Statement[]
}[] = [
  { version: 1, define: firstSchema },
  { version: 2, define: sessionsSchema },
  { version: 3, define: logSchema },
]

/** The version of the schema that this library reads and writes. */
export const SCHEMA_VERSION = Math.max(...MIGRATIONS.map(({ version }) => version))

/** The statements that lead from `version` (0: nothing there) to `SCHEMA_VERSION`. */
export function migrationsFrom(version: number, flavor: SqlFlavor): readonly Statement[] {
  return MIGRATIONS.filter((migration) => migration.version > version).flatMap((migration) => [
    ...migration.define(flavor),
    ...flavor.extraDefinitions(migration.version).map((text): Statement => ({ sql: text, parameters: [], once: true })),
  ])
}

function firstSchema({ db, types, tableOptions }: SqlFlavor): readonly Statement[] {
  const { integer, instant, day, json, text } = types
  const required = (column: ColumnDefinitionBuilder) => column.notNull()
  const keyed = tableOptions({ keyed: true })
  return [
    // What the database knows of itself: the version of its schema, its calendar.
    db.schema
      .createTable('meta')
      .addColumn('key', text, (column) => column.primaryKey().notNull())
      .addColumn('value', text, required)
      .modifyEnd(keyed),

    // The log. `id` is the record's place: 1, 2, 3, … without gaps.
    db.schema
      .createTable('audit_log')
      .addColumn('id', integer, (column) => column.primaryKey().notNull())
      .addColumn('timestamp', instant, required)
      .addColumn('scope', text, required)
      .addColumn('node', text, required)
      // What stands in `event` too, for queries.
      .addColumn('type', text, required)
      .addColumn('entry_id', text)
      .addColumn('session_id', text)
      // Canonical JSON (RFC 8785).
      .addColumn('event', json, required)
      // An imported record as its source had it.
      .addColumn('original_id', integer)
      .addColumn('original_timestamp', text)
      .addColumn('original_event', text)
      // SHA-256 in hexadecimal: of the record's content; of the hash before, the id and the digest.
      .addColumn('digest', text, required)
      .addColumn('hash', text, required)
      .addCheckConstraint('audit_log_id', sql`id >= 1`)
      .modifyEnd(tableOptions({ keyed: false })),

    db.schema.createIndex('audit_log_scope').on('audit_log').columns(['scope', 'id']),

    // Time used. With the day first a day's state lies together, however many years there are.
    db.schema
      .createTable('usage')
      .addColumn('scope', text, required)
      .addColumn('day', day('day'), required)
      .addColumn('entry_id', text, required)
      .addColumn('node', text, required)
      .addColumn('duration_ms', integer, required)
      .addPrimaryKeyConstraint('usage_key', ['scope', 'day', 'entry_id', 'node'])
      .addCheckConstraint('usage_duration', sql`duration_ms between 0 and ${sql.lit(LIMITS.DURATION_MS_MAX)}`)
      .modifyEnd(keyed),

    db.schema
      .createTable('cooldowns')
      .addColumn('scope', text, required)
      .addColumn('entry_id', text, required)
      .addColumn('until', instant, required)
      .addPrimaryKeyConstraint('cooldowns_key', ['scope', 'entry_id'])
      .modifyEnd(keyed),

    db.schema
      .createTable('snapshot')
      .addColumn('scope', text, required)
      .addColumn('node', text, required)
      .addColumn('revision', integer, required)
      .addColumn('state', json, required)
      .addPrimaryKeyConstraint('snapshot_key', ['scope', 'node'])
      .modifyEnd(keyed),

    // Operation ids that were applied, and where their records are.
    db.schema
      .createTable('operations')
      .addColumn('scope', text, required)
      .addColumn('operation_id', text, required)
      .addColumn('digest', text, required)
      .addColumn('applied_at', instant, required)
      .addColumn('first_audit_id', integer, required)
      .addColumn('audit_count', integer, required)
      .addPrimaryKeyConstraint('operations_key', ['scope', 'operation_id'])
      .modifyEnd(keyed),
    db.schema.createIndex('operations_applied_at').on('operations').column('applied_at'),
  ].map((query) => once(query))
}

function sessionsSchema({ db, types, tableOptions }: SqlFlavor): readonly Statement[] {
  const { integer, instant, day, json, text } = types
  const required = (column: ColumnDefinitionBuilder) => column.notNull()
  const keyed = tableOptions({ keyed: true })
  const duration = (column: string) => sql`${sql.ref(column)} between 0 and ${sql.lit(LIMITS.DURATION_MS_MAX)}`
  return [
    // Each session, from its start on; ended ones stay.
    db.schema
      .createTable('sessions')
      .addColumn('scope', text, required)
      .addColumn('session_id', text, required)
      .addColumn('node', text, required)
      // The run of the service that owns it, and the number of its newest report.
      .addColumn('run', text, required)
      .addColumn('report', integer, required)
      .addColumn('entry_id', text, required)
      .addColumn('started_at', instant, required)
      .addColumn('deadline', instant)
      .addColumn('last_reported_at', instant, required)
      .addColumn('ended_at', instant)
      // All that is booked of it.
      .addColumn('duration_ms', integer, required)
      // Booked ahead, in strict mode: it counts against limits, and is not in `usage`.
      .addColumn('reserved_day', day('reserved_day'))
      .addColumn('reserved_ms', integer, required)
      // Label, warnings, how it ended: canonical JSON.
      .addColumn('detail', json, required)
      .addPrimaryKeyConstraint('sessions_key', ['scope', 'session_id'])
      .addCheckConstraint('sessions_duration', duration('duration_ms'))
      .addCheckConstraint('sessions_reserved', duration('reserved_ms'))
      .modifyEnd(keyed),
    db.schema
      .createIndex('sessions_open')
      .unique()
      .on('sessions')
      .columns(['scope', 'node'])
      .where(sql.ref('ended_at'), 'is', null),
    // Those that are open are few, and are looked for by every condition and every list of the fleet.
    ...(
      [
        ['sessions_reserved', ['scope', 'reserved_day', 'entry_id']],
        ['sessions_open_started', ['started_at', 'scope', 'session_id']],
        ['sessions_open_of_scope', ['scope', 'started_at', 'session_id']],
      ] as const
    ).map(([name, columns]) =>
      db.schema
        .createIndex(name)
        .on('sessions')
        .columns([...columns])
        .where(sql.ref('ended_at'), 'is', null),
    ),
    db.schema.createIndex('sessions_started').on('sessions').columns(['started_at', 'scope', 'session_id']),
    db.schema.createIndex('sessions_of_scope').on('sessions').columns(['scope', 'started_at', 'session_id']),

    // The largest total that each run has reported of a session, by day: what of it is booked.
    db.schema
      .createTable('session_played')
      .addColumn('scope', text, required)
      .addColumn('session_id', text, required)
      .addColumn('run', text, required)
      .addColumn('day', day('day'), required)
      .addColumn('played_ms', integer, required)
      .addPrimaryKeyConstraint('session_played_key', ['scope', 'session_id', 'run', 'day'])
      .addCheckConstraint('session_played_duration', duration('played_ms'))
      .modifyEnd(keyed),

    // Extra time, apart from usage.
    db.schema
      .createTable('grants')
      .addColumn('scope', text, required)
      .addColumn('day', day('day'), required)
      .addColumn('entry_id', text, required)
      .addColumn('granted_ms', integer, required)
      .addPrimaryKeyConstraint('grants_key', ['scope', 'day', 'entry_id'])
      .addCheckConstraint('grants_duration', duration('granted_ms'))
      .modifyEnd(keyed),

    // When each machine was last heard of, and how far its clock was ahead of the database's.
    db.schema
      .createTable('nodes')
      .addColumn('node', text, (column) => column.primaryKey().notNull())
      .addColumn('seen_at', instant, required)
      .addColumn('clock_skew_ms', integer)
      .modifyEnd(keyed),
  ].map((query) => once(query))
}
