import Database from 'better-sqlite3'
import type { EventRow } from './household.ts'

/** What the store's own tables hold, without indexes, triggers and the chain: as one would write them for the purpose. */
const PLAIN_TABLES = `
  create table log (
    id integer primary key, timestamp text not null, scope text not null, node text not null, type text not null,
    entry_id text, session_id text, event text not null);
  create table usage (
    scope text not null, day text not null, entry_id text not null, node text not null, duration_ms integer not null,
    primary key (scope, day, entry_id, node)) without rowid;
  create table snapshot (
    scope text not null, node text not null, revision integer not null, state text not null,
    primary key (scope, node)) without rowid;`

/** A database as durable as the store: a write that has returned survives a power cut. */
export function durableDatabase(path: string): Database.Database {
  const database = new Database(path)
  database.pragma('journal_mode = wal')
  database.pragma('synchronous = full')
  return database
}

export function plainDatabase(path: string): Database.Database {
  const database = path === ':memory:' ? new Database(path) : durableDatabase(path)
  database.exec(PLAIN_TABLES)
  return database
}

export function appendStatement(database: Database.Database): Database.Statement<EventValues> {
  return database.prepare<EventValues>(
    `insert into log (timestamp, scope, node, type, entry_id, session_id, event) values (?, ?, ?, ?, ?, ?, ?)`,
  )
}

export type EventValues = [string, string, string, string, string | null, string | null, string]

export function valuesOf(row: EventRow): EventValues {
  return [row.timestamp, row.scope, row.node, row.type, row.entry_id, row.session_id, row.event]
}

export function incrementStatement(
  database: Database.Database,
): Database.Statement<[scope: string, day: string, entryId: string, node: string, durationMs: number]> {
  return database.prepare(
    `insert into usage (scope, day, entry_id, node, duration_ms) values (?, ?, ?, ?, ?)
     on conflict do update set duration_ms = duration_ms + excluded.duration_ms`,
  )
}

export function usageStatement(
  database: Database.Database,
): Database.Statement<[scope: string, day: string, entryId: string], { readonly duration_ms: number }> {
  return database.prepare('select duration_ms from usage where scope = ? and day = ? and entry_id = ?')
}

export function snapshotStatement(
  database: Database.Database,
): Database.Statement<[scope: string, node: string, state: string]> {
  return database.prepare(
    `insert into snapshot (scope, node, revision, state) values (?, ?, 1, ?)
     on conflict do update set revision = revision + 1, state = excluded.state`,
  )
}

/** The columns of a record, as the store reads them. */
export const AUDIT_COLUMNS = [
  ...['id', 'timestamp', 'scope', 'node', 'type', 'event', 'original_id', 'original_timestamp', 'original_event'],
  ...['salt', 'content_digest', 'digest', 'hash'],
] as const

export function newestStatement(
  database: Database.Database,
): Database.Statement<[scope: string, limit: number], { readonly event: string }> {
  return database.prepare(`select ${AUDIT_COLUMNS.join(', ')} from audit_log where scope = ? order by id desc limit ?`)
}
