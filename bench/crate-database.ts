import Database from 'better-sqlite3'
import { SCHEMA } from '../examples/household/make.ts'

const FIRST_MS = Date.UTC(2025, 0, 1)
/** Between two events, in milliseconds: a million of them last about two years. */
const STEP_MS = 61_013

/** Makes a database of the Rust crate with so many events, in sessions of five, as the crate writes them. */
export function makeCrateDatabase(path: string, count: number): void {
  const database = new Database(path)
  database.pragma('synchronous = off')
  database.exec(SCHEMA)
  database.exec(`
    with recursive numbers (id) as (select 1 union all select id + 1 from numbers where id < ${count}),
    named as (
      select id, (id - 1) / 5 as session, printf('0f8d6c5e-3b1a-4d2e-9c7f-%012d', (id - 1) / 5) as session_id,
        'entry-' || ((id - 1) / 5 % 50) as entry_id,
        strftime('%Y-%m-%dT%H:%M:%f', (${FIRST_MS} + id * ${STEP_MS}) / 1000.0, 'unixepoch') || '123456+00:00' as at,
        strftime('%Y-%m-%dT%H:%M:%f', (${FIRST_MS} + id * ${STEP_MS} + 1800000) / 1000.0, 'unixepoch') || '123456+00:00' as later
      from numbers)
    insert into audit_log (id, timestamp, event_json)
    select id, at, case id % 5
      when 1 then '{"type":"launch_denied","entry_id":"' || entry_id || '","reasons":["CooldownActive { available_at: ' || later || ' }"]}'
      when 2 then '{"type":"session_started","session_id":"' || session_id || '","entry_id":"' || entry_id
        || '","label":"Entry ' || (session % 50) || '","deadline":"' || later || '"}'
      when 3 then '{"type":"warning_issued","session_id":"' || session_id || '","threshold_seconds":300}'
      when 4 then '{"type":"warning_issued","session_id":"' || session_id || '","threshold_seconds":60}'
      else '{"type":"session_ended","session_id":"' || session_id || '","entry_id":"' || entry_id
        || '","reason":{"type":"expired"},"duration":{"secs":183,"nanos":39000000}}' end
    from named;
    insert into usage select json_extract(event_json, '$.entry_id'), substr(timestamp, 1, 10), sum(183)
    from audit_log where id % 5 = 0 group by 1, 2`)
  database.close()
}
