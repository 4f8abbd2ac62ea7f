import { SPAN_RECORDS } from '@shepherd-store/core/sql'

/** The first and the last moment of a large log, in milliseconds. Its records lie between them, whatever their number. */
export const FIRST_MS = Date.UTC(2026, 0, 1)
export const LAST_MS = Date.UTC(2036, 0, 1)

/** A record of every so many is written before a clock without a battery is set; one of many more is ahead by decades. */
const UNSET_CLOCK_EVERY = 101
const WRONG_CLOCK_EVERY = 200_003
const RARE_EVERY = 50_021

/** What differs between the databases' dialects. */
interface Dialect {
  /** A table `numbers` with the column `id`, from 1 to `count`. */
  numbers(count: number): string
  instant(ms: string): string
  /** Of the column `timestamp`. */
  readonly day: string
  json(text: string): string
}

const SQLITE: Dialect = {
  numbers: (count) =>
    `with recursive numbers (id) as (select 1 union all select id + 1 from numbers where id < ${count})`,
  instant: (ms) => `strftime('%Y-%m-%dT%H:%M:%fZ', (${ms}) / 1000.0, 'unixepoch')`,
  day: 'substr(timestamp, 1, 10)',
  json: (text) => text,
}

const POSTGRES: Dialect = {
  numbers: (count) => `with numbers (id) as (select generate_series(1, ${count}::bigint))`,
  instant: (ms) => `to_timestamp((${ms}) / 1000.0)`,
  day: `("timestamp" at time zone 'UTC')::date`,
  json: (text) => `(${text})::json`,
}

/**
 * SQL that fills an empty log with so many records, and with what the triggers would have written of them: for questions
 * only, as their digests are none. SQLite is told nothing of them by ANALYZE: no store does that. Of three scopes and four nodes, of a thousand entries and half a million sessions.
 */
export function fillSqlite(count: number): readonly string[] {
  const triggers = ['audit_log_in_order', 'audit_log_appended', 'audit_log_span', 'audit_head_forward']
  return [...triggers.map((name) => `drop trigger ${name}`), ...fill(SQLITE, '', count)]
}

export function fillPostgres(schema: string, count: number): readonly string[] {
  const [log, head] = [`${schema}.audit_log`, `${schema}.audit_head`]
  return [
    `alter table ${log} disable trigger user`,
    `alter table ${head} disable trigger user`,
    ...fill(POSTGRES, `${schema}.`, count),
    // One by one: otherwise those that are told to fire always would not.
    ...ENABLED.map(([table, trigger]) => `alter table ${schema}.${table} enable always trigger ${trigger}`),
    `vacuum analyze ${log}`,
    `analyze ${schema}.audit_spans`,
  ]
}

const ENABLED = [
  ...[
    'audit_log_in_order',
    'audit_log_no_update',
    'audit_log_no_delete',
    'audit_log_no_truncate',
    'audit_log_span',
  ].map((trigger) => ['audit_log', trigger] as const),
  ...['audit_head_forward', 'audit_head_one', 'no_truncate'].map((trigger) => ['audit_head', trigger] as const),
]

function fill({ numbers, instant, day, json }: Dialect, schema: string, count: number): readonly string[] {
  const stepMs = Math.floor((LAST_MS - FIRST_MS) / count)
  // Neighbours are up to ten minutes out of order: the clocks of a fleet.
  const ordinary = `${FIRST_MS} + id * ${stepMs} + (id * 7919) % 600000`
  const ms = `case when id % ${UNSET_CLOCK_EVERY} = 7 then id when id % ${WRONG_CLOCK_EVERY} = 8 then ${Date.UTC(2099, 0, 1)}
    else ${ordinary} end`
  const type = `case when id % ${RARE_EVERY} = 11 then 'usage_adjusted' else
    case id % 10 when 0 then 'launch_denied' when 1 then 'session_started' when 2 then 'session_ended'
      when 3 then 'warning_issued' when 4 then 'client_connected' when 5 then 'client_disconnected'
      when 6 then 'session_extended' when 7 then 'policy_loaded' when 8 then 'service_started' else 'config_reloaded' end end`
  const node = `case when id % ${RARE_EVERY} = 12 then 'tablet' else 'pc-' || (id % 4) end`
  const hash = `'${'ab'.repeat(32)}'`
  return [
    `insert into ${schema}audit_log
       (id, "timestamp", scope, node, type, entry_id, session_id, event, salt, digest, hash)
     ${numbers(count)}
     select id, ${instant(ms)}, case id % 10 when 4 then 'anna' when 5 then 'ben' else 'default' end, ${node}, ${type},
       case when id % 10 < 4 then 'entry-' || (id * 31 % 1000) end,
       case when id % 10 between 1 and 3 then 'session-' || (id / 20) end,
       ${json(`'{"type":"service_started"}'`)}, 'AAAAAAAAAAAAAAAAAAAAAA', ${hash}, ${hash}
     from numbers`,
    `insert into ${schema}audit_spans
     select ${day}, ((id - 1) / ${SPAN_RECORDS} + 1) * ${SPAN_RECORDS}, min("timestamp"), max("timestamp")
     from ${schema}audit_log where id <= ${count - (count % SPAN_RECORDS)} group by 1, 2`,
    `update ${schema}audit_head set last_id = ${count}, last_hash = ${hash}`,
  ]
}
