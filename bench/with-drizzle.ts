import type Database from 'better-sqlite3'
import { and, desc, eq, sql } from 'drizzle-orm'
import { drizzle as drizzleOnSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzleOnPostgres } from 'drizzle-orm/node-postgres'
import { callers } from './callers.ts'
import { auditLog, log, pgLog, pgUsage, snapshots, usage } from './drizzle-tables.ts'
import { filledDatabase } from './filled-sqlite.ts'
import { DAY, DAYS, ENTRIES, eventRows, snapshotTexts, turn } from './household.ts'
import { plainPool } from './raw-postgres.ts'
import { plainDatabase } from './raw-sqlite.ts'
import type { Contender, Running } from './row.ts'

/** Drizzle as its documentation shows it: a query is built for each call. */
const NAME = 'Drizzle'
const ENTRY = turn(ENTRIES, 0)

export const drizzleSqlite = {
  append: (many: number, operations: number): Contender =>
    onSqlite(operations, plainDatabase, async (db) => {
      const rows = await eventRows()
      return () => callers(many, operations, async (index) => db.insert(log).values(turn(rows, index)))
    }),

  increment: (many: number, operations: number): Contender =>
    onSqlite(
      operations,
      plainDatabase,
      async (db) => () =>
        callers(many, operations, async () =>
          db
            .insert(usage)
            .values({ scope: 'default', day: DAY, entry_id: ENTRY, node: 'local', duration_ms: 1 })
            .onConflictDoUpdate({
              target: [usage.scope, usage.day, usage.entry_id, usage.node],
              set: { duration_ms: sql`${usage.duration_ms} + 1` },
            }),
        ),
    ),

  saveSnapshot: (operations: number): Contender =>
    onSqlite(operations, plainDatabase, async (db) => {
      const states = await snapshotTexts()
      return () => callers(1, operations, (index) => saveSnapshot(db, turn(states, index)))
    }),

  usage: (operations: number): Contender =>
    onSqlite(
      operations,
      filledDatabase,
      async (db) => () =>
        callers(1, operations, async (index) =>
          db
            .select({ durationMs: usage.duration_ms })
            .from(usage)
            .where(
              and(
                eq(usage.scope, 'default'),
                eq(usage.day, turn(DAYS, index)),
                eq(usage.entry_id, turn(ENTRIES, index)),
              ),
            ),
        ),
    ),

  newest: (operations: number): Contender =>
    onSqlite(operations, filledDatabase, async (db) => async () => {
      for (let count = 0; count < operations; count += 1) {
        const rows = await db
          .select()
          .from(auditLog)
          .where(eq(auditLog.scope, 'default'))
          .orderBy(desc(auditLog.id))
          .limit(100)
        for (const { event } of rows) JSON.parse(event)
      }
    }),
}

export const drizzlePostgres = {
  append: (many: number, operations: number): Contender =>
    onPostgres(operations, async (db) => {
      const rows = (await eventRows()).map((row) => ({ ...row, event: JSON.parse(row.event) as object }))
      return () => callers(many, operations, async (index) => db.insert(pgLog).values(turn(rows, index)))
    }),

  increment: (many: number, operations: number): Contender =>
    onPostgres(
      operations,
      async (db) => () =>
        callers(many, operations, async () =>
          db
            .insert(pgUsage)
            .values({ scope: 'default', day: DAY, entry_id: ENTRY, node: 'local', duration_ms: 1 })
            .onConflictDoUpdate({
              target: [pgUsage.scope, pgUsage.day, pgUsage.entry_id, pgUsage.node],
              set: { duration_ms: sql`${pgUsage.duration_ms} + 1` },
            }),
        ),
    ),

  usage: (operations: number): Contender =>
    onPostgres(
      operations,
      async (db) => () =>
        callers(1, operations, async (index) =>
          db
            .select({ durationMs: pgUsage.duration_ms })
            .from(pgUsage)
            .where(and(eq(pgUsage.scope, 'default'), eq(pgUsage.day, DAY), eq(pgUsage.entry_id, turn(ENTRIES, index)))),
        ),
    ),
}

async function saveSnapshot(db: ReturnType<typeof drizzleOnSqlite>, state: string): Promise<void> {
  await db
    .insert(snapshots)
    .values({ scope: 'default', node: 'local', revision: 1, state })
    .onConflictDoUpdate({
      target: [snapshots.scope, snapshots.node],
      set: { revision: sql`${snapshots.revision} + 1`, state },
    })
}

function onSqlite(
  operations: number,
  open: (path: string) => Database.Database | Promise<Database.Database>,
  work: (db: ReturnType<typeof drizzleOnSqlite>) => Promise<() => Promise<unknown>>,
): Contender {
  return {
    name: NAME,
    operations,
    async start(place): Promise<Running> {
      const database = await open(place.file('drizzle.db'))
      return { run: await work(drizzleOnSqlite({ client: database })), close: () => void database.close() }
    },
  }
}

function onPostgres(
  operations: number,
  work: (db: ReturnType<typeof drizzleOnPostgres>) => Promise<() => Promise<unknown>>,
): Contender {
  return {
    name: NAME,
    operations,
    async start(place): Promise<Running> {
      const pool = await plainPool(await place.postgres(), 'drizzle')
      return { run: await work(drizzleOnPostgres({ client: pool })), close: () => pool.end() }
    },
  }
}
