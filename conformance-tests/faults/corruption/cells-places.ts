import { createStore, type ManualClock, type OwnedStore } from '@shepherd-store/core'
import { openPostgresDriver } from '@shepherd-store/postgres'
import { openSqliteDriver } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import pg from 'pg'
import type { RawSql } from './cells.ts'

/** A place that is opened again and again, and whose rows are changed round its stores. */
export interface CellsPlace {
  open(clock: ManualClock): Promise<OwnedStore>
  /** To be asked for when its tables are there. */
  raw(): Promise<RawSql>
  close(): Promise<void>
}

const CALENDAR = { timeZone: 'UTC', dayStart: '00:00' }

export function sqliteCells(path: string): CellsPlace {
  let database: Database.Database | undefined
  return {
    async open(clock) {
      return createStore(await openSqliteDriver(path, { calendar: CALENDAR, writer: 'inline' }), { clock })
    },
    async raw() {
      const raw = (database = new Database(path))
      raw.pragma('ignore_check_constraints = on')
      const rows = (sql: string) => raw.prepare<[], unknown[]>(sql).raw().all()
      const triggers = rows(`select name, sql from sqlite_schema where type = 'trigger'`)
      return {
        key(table) {
          const names = rows(`select name from pragma_table_info('${table}') where pk > 0`)
          return names.length === 0 ? 'rowid' : names.map(([name]) => `quote("${String(name)}")`).join(` || ' ' || `)
        },
        columns: `select made.name, held.name, held.type from sqlite_schema made, pragma_table_info(made.name) held
          where made.type = 'table' and made.name not like 'sqlite%' order by made.name, held.cid`,
        rows: async (sql) => rows(sql),
        async exec(sql) {
          for (const [name] of triggers) raw.exec(`drop trigger ${String(name)}`)
          try {
            raw.exec(`begin; ${sql}; commit`)
          } finally {
            if (raw.inTransaction) raw.exec('rollback')
            for (const [, definition] of triggers) raw.exec(String(definition))
          }
        },
      }
    },
    async close() {
      database?.close()
    },
  }
}

export async function postgresCells(url: string, schema: string): Promise<CellsPlace> {
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` })
  await client.connect()
  const rows = async (sql: string) => (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows
  return {
    async open(clock) {
      return createStore(await openPostgresDriver(url, { schema, calendar: CALENDAR }), { clock, node: 'local' })
    },
    async raw() {
      for (const [sql] of await rows(LIFTED)) await client.query(String(sql))
      const triggers = await rows(`select format('alter table %s disable trigger %I', tgrelid::regclass, tgname),
        format('alter table %s enable %s trigger %I', tgrelid::regclass, case tgenabled when 'A' then 'always' end, tgname)
        ${OF_TRIGGERS}`)
      return {
        key: () => 'ctid',
        columns: `select table_name, column_name, data_type from information_schema.columns
          where table_schema = current_schema order by table_name, ordinal_position`,
        rows,
        async exec(sql) {
          const statements = [...triggers.map(([off]) => off), sql, ...triggers.map(([, on]) => on)]
          await client.query(`begin; ${statements.join('; ')}; commit`).catch(async (error: unknown) => {
            await client.query('rollback')
            throw error
          })
        },
      }
    },
    close: () => client.end(),
  }
}

const OF_TRIGGERS = `from pg_trigger join pg_class made on made.oid = tgrelid
  where not tgisinternal and made.relnamespace = current_schema::regnamespace`

/** What keeps a value out of a column, and is not a key. */
const LIFTED = `
  select format('alter table %s drop constraint %I', conrelid::regclass, conname) from pg_constraint
  where contype = 'c' and connamespace = current_schema::regnamespace
  union all
  select format('alter table %s alter %I drop not null', attrelid::regclass, attname)
  from pg_attribute join pg_class made on made.oid = attrelid
  where made.relkind = 'r' and made.relnamespace = current_schema::regnamespace and attnum > 0 and attnotnull
  and not exists (select from pg_index where indrelid = attrelid and indisprimary and attnum = any (indkey))`
