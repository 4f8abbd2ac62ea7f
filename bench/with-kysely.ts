import type Database from 'better-sqlite3'
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import { callers } from './callers.ts'
import { filledDatabase } from './filled-sqlite.ts'
import { DAY, DAYS, ENTRIES, type EventRow, eventRows, snapshotTexts, turn } from './household.ts'
import { plainPool } from './raw-postgres.ts'
import { AUDIT_COLUMNS, plainDatabase } from './raw-sqlite.ts'
import type { Contender, Running } from './row.ts'

/** Kysely as its documentation shows it: a query is built for each call. */
interface Tables {
  readonly log: EventRow
  readonly usage: UsageTable
  readonly snapshot: {
    readonly scope: string
    readonly node: string
    readonly revision: number
    readonly state: string
  }
  readonly audit_log: Readonly<Record<(typeof AUDIT_COLUMNS)[number], string>>
}

interface UsageTable {
  readonly scope: string
  readonly day: string
  readonly entry_id: string
  readonly node: string
  readonly duration_ms: number
}

const NAME = 'Kysely'
const ENTRY = turn(ENTRIES, 0)

export const kyselySqlite = {
  append: (many: number, operations: number): Contender =>
    onSqlite(operations, plainDatabase, async (db) => {
      const rows = await eventRows()
      return () => callers(many, operations, (index) => append(db, turn(rows, index)))
    }),

  increment: (many: number, operations: number): Contender =>
    onSqlite(operations, plainDatabase, async (db) => () => callers(many, operations, () => increment(db))),

  saveSnapshot: (operations: number): Contender =>
    onSqlite(operations, plainDatabase, async (db) => {
      const states = await snapshotTexts()
      return () => callers(1, operations, (index) => saveSnapshot(db, turn(states, index)))
    }),

  usage: (operations: number): Contender =>
    onSqlite(
      operations,
      filledDatabase,
      async (db) => () => callers(1, operations, (index) => usage(db, turn(ENTRIES, index), turn(DAYS, index))),
    ),

  newest: (operations: number): Contender =>
    onSqlite(operations, filledDatabase, async (db) => async () => {
      for (let count = 0; count < operations; count += 1) {
        const rows = await db
          .selectFrom('audit_log')
          .select([...AUDIT_COLUMNS])
          .where('scope', '=', 'default')
          .orderBy('id', 'desc')
          .limit(100)
          .execute()
        for (const { event } of rows) JSON.parse(event)
      }
    }),
}

export const kyselyPostgres = {
  append: (many: number, operations: number): Contender =>
    onPostgres(operations, async (db) => {
      const rows = await eventRows()
      return () => callers(many, operations, (index) => append(db, turn(rows, index)))
    }),

  increment: (many: number, operations: number): Contender =>
    onPostgres(operations, async (db) => () => callers(many, operations, () => increment(db))),

  usage: (operations: number): Contender =>
    onPostgres(operations, async (db) => () => callers(1, operations, (index) => usage(db, turn(ENTRIES, index), DAY))),
}

function append(db: Kysely<Tables>, row: EventRow): Promise<unknown> {
  return db.insertInto('log').values(row).execute()
}

function increment(db: Kysely<Tables>): Promise<unknown> {
  return db
    .insertInto('usage')
    .values({ scope: 'default', day: DAY, entry_id: ENTRY, node: 'local', duration_ms: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['scope', 'day', 'entry_id', 'node'])
        .doUpdateSet(({ eb, ref }) => ({ duration_ms: eb(ref('usage.duration_ms'), '+', 1) })),
    )
    .execute()
}

function saveSnapshot(db: Kysely<Tables>, state: string): Promise<unknown> {
  return db
    .insertInto('snapshot')
    .values({ scope: 'default', node: 'local', revision: 1, state })
    .onConflict((conflict) =>
      conflict
        .columns(['scope', 'node'])
        .doUpdateSet(({ eb, ref }) => ({ revision: eb(ref('snapshot.revision'), '+', 1), state })),
    )
    .execute()
}

function usage(db: Kysely<Tables>, entryId: string, day: string): Promise<unknown> {
  return db
    .selectFrom('usage')
    .select('duration_ms')
    .where('scope', '=', 'default')
    .where('day', '=', day)
    .where('entry_id', '=', entryId)
    .executeTakeFirst()
}

type Work = (db: Kysely<Tables>) => Promise<() => Promise<unknown>>

function onSqlite(
  operations: number,
  open: (path: string) => Database.Database | Promise<Database.Database>,
  work: Work,
): Contender {
  return {
    name: NAME,
    operations,
    async start(place): Promise<Running> {
      const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: await open(place.file('kysely.db')) }) })
      return { run: await work(db), close: () => db.destroy() }
    },
  }
}

function onPostgres(operations: number, work: Work): Contender {
  return {
    name: NAME,
    operations,
    async start(place): Promise<Running> {
      const pool = await plainPool(await place.postgres(), 'kysely')
      const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
      return { run: await work(db), close: () => db.destroy() }
    },
  }
}
