import * as onPg from 'drizzle-orm/pg-core'
import * as onFile from 'drizzle-orm/sqlite-core'

/** The plain tables of the yardsticks, as Drizzle wants them declared. */
export const log = onFile.sqliteTable('log', {
  id: onFile.integer('id').primaryKey(),
  timestamp: onFile.text('timestamp').notNull(),
  scope: onFile.text('scope').notNull(),
  node: onFile.text('node').notNull(),
  type: onFile.text('type').notNull(),
  entry_id: onFile.text('entry_id'),
  session_id: onFile.text('session_id'),
  event: onFile.text('event').notNull(),
})

/** The store's own table, as far as a record is read from it. */
export const auditLog = onFile.sqliteTable('audit_log', {
  id: onFile.integer('id').primaryKey(),
  timestamp: onFile.text('timestamp').notNull(),
  scope: onFile.text('scope').notNull(),
  node: onFile.text('node').notNull(),
  type: onFile.text('type').notNull(),
  event: onFile.text('event').notNull(),
  original_id: onFile.integer('original_id'),
  original_timestamp: onFile.text('original_timestamp'),
  original_event: onFile.text('original_event'),
  salt: onFile.text('salt'),
  content_digest: onFile.text('content_digest'),
  digest: onFile.text('digest').notNull(),
  hash: onFile.text('hash').notNull(),
})

export const usage = onFile.sqliteTable(
  'usage',
  {
    scope: onFile.text('scope').notNull(),
    day: onFile.text('day').notNull(),
    entry_id: onFile.text('entry_id').notNull(),
    node: onFile.text('node').notNull(),
    duration_ms: onFile.integer('duration_ms').notNull(),
  },
  (table) => [onFile.primaryKey({ columns: [table.scope, table.day, table.entry_id, table.node] })],
)

export const snapshots = onFile.sqliteTable(
  'snapshot',
  {
    scope: onFile.text('scope').notNull(),
    node: onFile.text('node').notNull(),
    revision: onFile.integer('revision').notNull(),
    state: onFile.text('state').notNull(),
  },
  (table) => [onFile.primaryKey({ columns: [table.scope, table.node] })],
)

export const pgLog = onPg.pgTable('log', {
  id: onPg.bigserial('id', { mode: 'number' }).primaryKey(),
  timestamp: onPg.timestamp('timestamp', { withTimezone: true, mode: 'string' }).notNull(),
  scope: onPg.text('scope').notNull(),
  node: onPg.text('node').notNull(),
  type: onPg.text('type').notNull(),
  entry_id: onPg.text('entry_id'),
  session_id: onPg.text('session_id'),
  event: onPg.json('event').notNull(),
})

export const pgUsage = onPg.pgTable(
  'usage',
  {
    scope: onPg.text('scope').notNull(),
    day: onPg.date('day', { mode: 'string' }).notNull(),
    entry_id: onPg.text('entry_id').notNull(),
    node: onPg.text('node').notNull(),
    duration_ms: onPg.bigint('duration_ms', { mode: 'number' }).notNull(),
  },
  (table) => [onPg.primaryKey({ columns: [table.scope, table.day, table.entry_id, table.node] })],
)
