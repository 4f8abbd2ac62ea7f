import process from 'node:process'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { fillSqlite } from '../conformance-tests/large-log/fill.ts'
import { USAGE_DAYS, USAGE_ENTRIES, USAGE_ENTRIES_A_DAY, USAGE_FROM } from './usage-years.ts'

/** Makes a large store at the path, in a process of its own. */
const [path = '', records = '0'] = process.argv.slice(2)
await (await openSqliteStore(path)).close()
const database = new Database(path)
try {
  fillStore(database, Number(records))
} finally {
  database.close()
}

/**
 * Fills an empty store past its triggers, and leaves it as its own writes would have: they are made again afterwards, and
 * so are the indexes of the log, which are built faster from what is there.
 */
function fillStore(database: Database.Database, count: number): void {
  database.pragma('journal_mode = off')
  database.pragma('synchronous = off')
  database.pragma('cache_size = -262144')
  const triggers = definitions('trigger')
  const indexes = definitions('index').filter(({ tbl_name }) => tbl_name === 'audit_log')
  for (const { name } of indexes) database.exec(`drop index ${name}`)
  for (const statement of fillSqlite(count)) database.exec(statement)
  for (const { sql } of indexes) database.exec(sql)
  const left = new Set(definitions('trigger').map(({ name }) => name))
  for (const { name, sql } of triggers) if (!left.has(name)) database.exec(sql)

  const day = `date('${USAGE_FROM}', '+' || (number / ${USAGE_ENTRIES_A_DAY}) || ' days')`
  database.exec(`
    with recursive numbers (number) as (
      select 0 union all select number + 1 from numbers where number < ${USAGE_DAYS * USAGE_ENTRIES_A_DAY} - 1)
    insert into usage (scope, day, entry_id, node, duration_ms)
    select 'default', ${day}, 'entry-' || (number * 7919 % ${USAGE_ENTRIES}), 'local', 1234567 from numbers`)
  database.pragma('journal_mode = wal')
}

function definitions(type: 'trigger' | 'index'): readonly Definition[] {
  return database
    .prepare<[string], Definition>('select name, tbl_name, sql from sqlite_schema where type = ? and sql is not null')
    .all(type)
}

interface Definition {
  readonly name: string
  readonly tbl_name: string
  readonly sql: string
}
