import pg, { type ClientBase, type Pool } from 'pg'

/** As pg's pool has it by default. */
export const CONNECTIONS = 10

/** A pool whose tables are the plain ones, in a schema of that name. */
export async function plainPool(connectionString: string, schema: string): Promise<Pool> {
  const pool = new pg.Pool({ connectionString, max: CONNECTIONS, options: `-c search_path=${schema}` })
  // A connection that is lost while nobody uses it; its next user would hear of it.
  pool.on('error', () => undefined)
  await makePlainTables(pool, schema)
  return pool
}

/** What the store's own tables hold, without indexes, triggers and the chain; in a schema that nobody else writes to. */
export async function makePlainTables(where: Pool | ClientBase, schema: string): Promise<void> {
  await where.query(`
    drop schema if exists ${schema} cascade;
    create schema ${schema};
    create table ${schema}.log (
      id bigserial primary key, "timestamp" timestamptz not null, scope text not null, node text not null,
      type text not null, entry_id text, session_id text, event json not null);
    create table ${schema}.usage (
      scope text not null, day date not null, entry_id text not null, node text not null, duration_ms bigint not null,
      primary key (scope, day, entry_id, node));
    create table ${schema}.cooldowns (
      scope text not null, entry_id text not null, until timestamptz not null, primary key (scope, entry_id));
    create table ${schema}.sessions (
      scope text not null, session_id text not null, node text not null, entry_id text not null,
      started_at timestamptz not null, last_reported_at timestamptz not null, ended_at timestamptz,
      duration_ms bigint not null, detail json not null, primary key (scope, session_id))`)
}

/** Statements with names: the server parses and plans each once on a connection. */
export const INSERT_LOG = {
  name: 'append',
  text: `insert into log ("timestamp", scope, node, type, entry_id, session_id, event) values ($1, $2, $3, $4, $5, $6, $7)`,
}

export const UPSERT_USAGE = {
  name: 'increment',
  text: `insert into usage (scope, day, entry_id, node, duration_ms) values ($1, $2, $3, $4, $5)
    on conflict (scope, day, entry_id, node) do update set duration_ms = usage.duration_ms + excluded.duration_ms`,
}

export const SELECT_USAGE = {
  name: 'usage',
  text: 'select duration_ms from usage where scope = $1 and day = $2 and entry_id = $3',
}

export const UPSERT_COOLDOWN = {
  name: 'cooldown',
  text: `insert into cooldowns (scope, entry_id, until) values ($1, $2, $3)
    on conflict (scope, entry_id) do update set until = greatest(cooldowns.until, excluded.until)`,
}

export const INSERT_SESSION = {
  name: 'start',
  text: `insert into sessions (scope, session_id, node, entry_id, started_at, last_reported_at, duration_ms, detail)
    values ($1, $2, $3, $4, $5, $5, 0, $6)`,
}

export const UPDATE_SESSION = {
  name: 'end',
  text: `update sessions set last_reported_at = $3, ended_at = $3, duration_ms = $4, detail = $5
    where scope = $1 and session_id = $2 and ended_at is null`,
}
