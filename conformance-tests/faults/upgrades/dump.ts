import Database from 'better-sqlite3'
import { withClient } from '../../postgres/database.ts'
import type { Where } from '../processes/watched-store.ts'

/** A database as it is: how it is made, and its rows, by table, as JSON. */
export interface Dump {
  readonly definitions: readonly string[]
  readonly rows: Readonly<Record<string, readonly string[]>>
}

/** Reads it round the store. */
export function dump(where: Where): Promise<Dump> {
  return where.type === 'sqlite' ? dumpSqlite(where.path) : dumpPostgres(where)
}

/** The same as lines, of which each is there once. */
export function linesOf({ definitions, rows }: Dump): readonly string[] {
  return [...definitions, ...Object.entries(rows).flatMap(([table, texts]) => texts.map((text) => `${table} ${text}`))]
}

/** What of the rows that were there before is there no more. A migration adds columns, and notes the version. */
export function lostRows(before: Dump, after: Dump): readonly string[] {
  return Object.entries(before.rows).flatMap(([table, rows]) => {
    const kept = (after.rows[table] ?? []).map((row) => JSON.parse(row) as Row)
    return rows.flatMap((text) => {
      const row = JSON.parse(text) as Row
      if (row['key'] === 'schema_version' || kept.some((other) => contains(other, row))) return []
      return [`${text} is not in ${table} any more`]
    })
  })
}

type Row = Readonly<Record<string, unknown>>

function contains(row: Row, part: Row): boolean {
  return Object.entries(part).every(([column, value]) => JSON.stringify(row[column]) === JSON.stringify(value))
}

async function dumpSqlite(path: string): Promise<Dump> {
  const database = new Database(path, { readonly: true })
  try {
    const made = database.prepare<[], string>('select type || name || sql from sqlite_schema order by 1').pluck().all()
    const versions = ['user_version', 'application_id'].map((name) => String(database.pragma(name, { simple: true })))
    const tables = database
      .prepare<[], string>(`select name from sqlite_schema where type = 'table' order by name`)
      .pluck()
      .all()
    const rows = tables.map((table) => {
      const all = database.prepare(`select * from ${table}`).all()
      return [table, all.map((row) => JSON.stringify(row)).toSorted()] as const
    })
    return { definitions: [...made, ...versions], rows: Object.fromEntries(rows) }
  } finally {
    database.close()
  }
}

function dumpPostgres({ url, schema }: Extract<Where, { type: 'postgres' }>): Promise<Dump> {
  return withClient(url, async (client) => {
    const texts = async (query: string) => {
      const { rows } = await client.query<{ text: string }>(`${query} order by 1`)
      return rows.map(({ text }) => text.replaceAll(schema, 'schema'))
    }
    const definitions = [
      ...(await texts(`select concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) as text
        from information_schema.columns where table_schema = '${schema}'`)),
      ...(await texts(`select indexdef as text from pg_indexes where schemaname = '${schema}'`)),
      ...(await texts(`select concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled) as text from pg_trigger t
        join pg_class c on c.oid = tgrelid where relnamespace = '${schema}'::regnamespace and not tgisinternal`)),
      ...(await texts(`select concat_ws(' ', pg_get_functiondef(oid), proacl) as text from pg_proc
        where pronamespace = '${schema}'::regnamespace`)),
      ...(await texts(`select concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) as text from pg_constraint
        where connamespace = '${schema}'::regnamespace`)),
    ]
    const tables = await texts(`select tablename as text from pg_tables where schemaname = '${schema}'`)
    const rows: [string, readonly string[]][] = []
    for (const table of tables) {
      rows.push([table, await texts(`select to_json(t)::text as text from ${schema}.${table} t`)])
    }
    return { definitions, rows: Object.fromEntries(rows) }
  })
}
