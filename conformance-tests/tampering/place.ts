import { join } from 'node:path'
import { manualClock, type OwnedStore } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { Directories } from '../directories.ts'
import { fillLog } from './log.ts'

/** The columns that count, as text; null where there is nothing. */
export interface RawRecord {
  readonly id: number
  readonly timestamp: string
  readonly scope: string
  readonly node: string
  readonly type: string
  readonly entry_id: string | null
  readonly session_id: string | null
  readonly event: string
  readonly original_id: string | null
  readonly original_timestamp: string | null
  readonly original_event: string | null
  readonly salt: string | null
  readonly content_digest: string | null
  readonly digest: string
  readonly hash: string
}

/** A full log without the triggers that guard it. */
export interface TamperPlace {
  readonly store: OwnedStore
  /** As they were written, in their order. */
  readonly records: readonly RawRecord[]
  /** In one transaction. */
  exec(sql: string): Promise<void>
}

interface Tables {
  exec(sql: string): Promise<void>
  rows(sql: string): Promise<readonly RawRecord[]>
}

const TABLES = ['audit_log', 'audit_head', 'audit_cuts']
let schemas = 0
const CLOCK_START = '2026-01-01T10:00:00.000Z'

export function tamperPlaces(url: string, { fresh }: Directories) {
  return [
    { name: 'sqlite', createPlace: () => sqlitePlace(fresh) },
    { name: 'memory', createPlace: () => memoryPlace(fresh) },
    { name: 'postgres', createPlace: () => postgresPlace(url, fresh) },
  ] as const
}

async function sqlitePlace(fresh: () => string): Promise<TamperPlace> {
  const path = join(fresh(), 'store.db')
  const clock = manualClock(CLOCK_START)
  const store = await openSqliteStore(path, { clock })
  await fillLog(store, clock, fresh())
  const database = new Database(path)
  database.pragma('synchronous = off')
  onTestFinished(async () => {
    database.close()
    await store.close()
  })
  return keep(store, sqliteTables(database))
}

async function memoryPlace(fresh: () => string): Promise<TamperPlace> {
  const data = createMemoryData()
  const clock = manualClock(CLOCK_START)
  const store = createMemoryStore({ clock, data })
  onTestFinished(() => store.close())
  await fillLog(store, clock, fresh())
  return keep(store, sqliteTables(databaseOf(data)))
}

function sqliteTables(database: Database.Database): Tables {
  const triggers = database.prepare<[], string>(`select name from sqlite_schema where type = 'trigger'`).pluck().all()
  for (const name of triggers) database.exec(`drop trigger ${name}`)
  return {
    async exec(sql) {
      database.exec(`begin; ${sql}; commit`)
    },
    async rows(sql) {
      return database.prepare<[], RawRecord>(sql).all()
    },
  }
}

async function postgresPlace(url: string, fresh: () => string): Promise<TamperPlace> {
  const schema = `tampered_${(schemas += 1)}`
  const clock = manualClock(CLOCK_START)
  const store = await openPostgresStore(url, { node: 'hub', schema, clock })
  await fillLog(store, clock, fresh())
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${schema} -c synchronous_commit=off` })
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await store.close()
  })
  for (const table of [...TABLES, 'forgotten_scopes']) await client.query(`alter table ${table} disable trigger all`)
  return keep(store, {
    async exec(sql) {
      await client.query(sql)
    },
    async rows(sql) {
      // Instants as the digest has them.
      const utc = `to_char("timestamp" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as timestamp`
      const { rows } = await client.query<RawRecord>(
        sql.replace('timestamp,', `${utc},`).replace('select id', 'select id::int').replace('event,', 'event::text,'),
      )
      return rows
    },
  })
}

/** Keeps a copy of everything, from which `RESTORE` puts back what was changed. */
async function keep(store: OwnedStore, { exec, rows }: Tables): Promise<TamperPlace> {
  await exec(TABLES.map((table) => `create temp table kept_${table} as select * from ${table}`).join('; '))
  const records = await rows(
    `select id, timestamp, scope, node, type, entry_id, session_id, event, cast(original_id as text) as original_id,
       original_timestamp, original_event, salt, content_digest, digest, hash from audit_log order by id`,
  )
  return { store, records, exec }
}

export const RESTORE = TABLES.map(
  (table) => `delete from ${table}; insert into ${table} select * from kept_${table}`,
).join('; ')
