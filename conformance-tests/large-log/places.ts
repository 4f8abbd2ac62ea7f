import { createStore, type Store } from '@shepherd-store/core'
import { sqlDriver } from '@shepherd-store/core/sql'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore, sqliteFlavor, sqliteRunner } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import pg from 'pg'
import { fillPostgres, fillSqlite } from './fill.ts'

/** A store over a large log, and how its database would answer a question. */
export interface LargeLog {
  readonly store: Store
  /** The plan of each statement that the call sends, as the database tells it. */
  plansOf(call: () => Promise<unknown>): Promise<readonly string[]>
  close(): Promise<void>
}

export async function largeSqliteLog(path: string, count: number): Promise<LargeLog> {
  await (await openSqliteStore(path)).close()
  let sent: string[] = []
  const database = new Database(path, { verbose: (sql) => sent.push(String(sql)) })
  database.pragma('synchronous = off')
  for (const statement of fillSqlite(count)) database.exec(statement)
  const runner = sqliteRunner(database, { busyTimeoutMs: 0, close: () => void database.close() })
  const facts = { backend: 'sqlite', capabilities: { durability: 'none', sharing: 'process' } } as const
  const store = createStore(
    sqlDriver(runner, sqliteFlavor, { ...facts, calendar: { timeZone: 'UTC', dayStart: '00:00' } }),
  )
  return {
    store,
    async plansOf(call) {
      sent = []
      await call()
      const statements = sent.filter(asksLog)
      return statements.map((sql) => {
        const steps = database.prepare<[], { readonly detail: string }>(`explain query plan ${sql}`).all()
        return steps.map(({ detail }) => detail).join('\n')
      })
    },
    close: () => store.close(),
  }
}

export async function largePostgresLog(url: string, schema: string, count: number): Promise<LargeLog> {
  await (await openPostgresStore(url, { node: 'hub', schema })).close()
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  for (const statement of fillPostgres(schema, count)) await admin.query(statement)
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const sent: { readonly text: string; readonly values: readonly unknown[]; readonly name?: string }[] = []
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (config: (typeof sent)[number]) => unknown
    Object.assign(client, {
      query(config: (typeof sent)[number]) {
        sent.push(config)
        return query(config)
      },
    })
  })
  async function explained(text: string, values: unknown[] = []): Promise<string> {
    const { rows } = await admin.query<unknown[]>({ text, values, rowMode: 'array' })
    return rows.map(([line]) => String(line)).join('\n')
  }

  async function genericPlan(text: string, parameters: number): Promise<string> {
    await admin.query(`set plan_cache_mode = force_generic_plan; prepare asked as ${text}`)
    const values = Array.from({ length: parameters }, () => 'null').join(', ')
    const plan = await explained(`explain execute asked${parameters === 0 ? '' : `(${values})`}`)
    await admin.query('deallocate asked; reset plan_cache_mode')
    return plan
  }

  const store = await openPostgresStore(pool, { node: 'hub', schema, migrate: 'never' })
  return {
    store,
    async plansOf(call) {
      sent.length = 0
      await call()
      const plans: string[] = []
      for (const { text, values, name } of sent.filter((config) => asksLog(config.text))) {
        plans.push(await explained(`explain ${text}`, [...values]))
        // One with a name soon has one plan for all values, where that seems to be as good.
        if (name !== undefined) plans.push(await genericPlan(text, values.length))
      }
      return plans
    },
    async close() {
      await store.close()
      await pool.end()
      await admin.query(`drop schema ${schema} cascade`)
      await admin.end()
    },
  }
}

function asksLog(sql: string): boolean {
  return sql.startsWith('select') && /from (\S+\.)?"audit_log"/.test(sql)
}
