import { startSession, type OwnedStore, type Session } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import type pg from 'pg'
import { callers } from './callers.ts'
import { DAY, ENTRIES, type EventRow, eventRows, events, turn } from './household.ts'
import { CONNECTIONS, INSERT_LOG, plainPool, SELECT_USAGE, UPSERT_USAGE } from './raw-postgres.ts'
import { rawSessionEnd } from './raw-session-end.ts'
import type { Contender, Row } from './row.ts'
import { drizzlePostgres } from './with-drizzle.ts'
import { kyselyPostgres } from './with-kysely.ts'

const SINGLE = 256
const MANY = 1_024
const READS = 1_000
const SESSIONS = 64
const ENTRY = turn(ENTRIES, 0)

export const postgres: readonly Row[] = [
  {
    id: 'postgres-append-1',
    title: 'PostgreSQL: append, one caller',
    atMost: 1.6,
    operations: SINGLE,
    rounds: 11,
    contenders: [
      ours('append_1', (store) => () => callers(1, SINGLE, (index) => store.appendAudit(turn(events, index)))),
      raw('pg, named insert', async (pool) => {
        const client = await pool.connect()
        const rows = await eventRows()
        return {
          run: () =>
            callers(1, SINGLE, (index) => client.query({ ...INSERT_LOG, values: valuesOf(turn(rows, index)) })),
          release: () => client.release(),
        }
      }),
      kyselyPostgres.append(1, SINGLE),
      drizzlePostgres.append(1, SINGLE),
    ],
  },
  {
    id: 'postgres-append-64',
    title: `PostgreSQL: append, 64 callers at once, ${CONNECTIONS} connections`,
    atMost: 0.22,
    operations: MANY,
    rounds: 9,
    contenders: [
      ours('append_64', (store) => () => callers(64, MANY, (index) => store.appendAudit(turn(events, index)))),
      raw('pg, named insert, 64 callers', async (pool) => {
        const rows = await eventRows()
        return {
          run: () => callers(64, MANY, (index) => pool.query({ ...INSERT_LOG, values: valuesOf(turn(rows, index)) })),
        }
      }),
      kyselyPostgres.append(64, MANY),
      drizzlePostgres.append(64, MANY),
    ],
  },
  {
    id: 'postgres-increment-64',
    title: `PostgreSQL: increment of one counter, 64 callers at once, ${CONNECTIONS} connections`,
    atMost: 0.1,
    operations: MANY,
    rounds: 7,
    contenders: [
      ours('increment', (store) => () => callers(64, MANY, () => store.addUsage(ENTRY, DAY, 1))),
      raw('pg, named upsert, 64 callers', async (pool) => ({
        run: () =>
          callers(64, MANY, () => pool.query({ ...UPSERT_USAGE, values: ['default', DAY, ENTRY, 'local', 1] })),
      })),
      kyselyPostgres.increment(64, MANY),
      drizzlePostgres.increment(64, MANY),
    ],
  },
  {
    id: 'postgres-session-end',
    title: 'PostgreSQL: end of a session with its usage, cooldown and record, one caller',
    atMost: 0.6,
    operations: SESSIONS,
    rounds: 11,
    contenders: [sessionEnd(), rawSessionEnd(SESSIONS)],
  },
  {
    id: 'postgres-usage',
    title: 'PostgreSQL: usage of one entry on one day',
    atMost: 1.3,
    operations: READS,
    rounds: 11,
    contenders: [
      ours('usage', async (store) => {
        for (const entryId of ENTRIES) await store.addUsage(entryId, DAY, 1_234_567)
        return () => callers(1, READS, (index) => store.getUsage(turn(ENTRIES, index), DAY))
      }),
      raw('pg, named select', async (pool) => {
        for (const entryId of ENTRIES) {
          await pool.query({ ...UPSERT_USAGE, values: ['default', DAY, entryId, 'local', 1_234_567] })
        }
        const client = await pool.connect()
        return {
          run: () =>
            callers(1, READS, (index) =>
              client.query({ ...SELECT_USAGE, values: ['default', DAY, turn(ENTRIES, index)] }),
            ),
          release: () => client.release(),
        }
      }),
      kyselyPostgres.usage(READS),
      drizzlePostgres.usage(READS),
    ],
  },
]

/** Each row has a schema of its own. */
function ours(schema: string, work: (store: OwnedStore) => Work | Promise<Work>): Contender {
  return {
    name: 'shepherd-store',
    async start(place) {
      const store = await openPostgresStore(await place.postgres(), { node: 'local', schema })
      return { run: await work(store), close: () => store.close() }
    },
  }
}

type Work = () => Promise<unknown>

function raw(
  name: string,
  work: (pool: pg.Pool) => Promise<{ readonly run: Work; readonly release?: () => void }>,
): Contender {
  return {
    name,
    async start(place) {
      const pool = await plainPool(await place.postgres(), 'plain')
      const { run, release } = await work(pool)
      return {
        run,
        async close() {
          release?.()
          await pool.end()
        },
      }
    },
  }
}

function valuesOf(row: EventRow): readonly unknown[] & unknown[] {
  return [row.timestamp, row.scope, row.node, row.type, row.entry_id, row.session_id, row.event]
}

/** A machine plays one session at a time: there are as many machines as sessions. */
function sessionEnd(): Contender {
  return {
    name: 'shepherd-store',
    async start(place) {
      const store = await openPostgresStore(await place.postgres(), { node: 'hub', schema: 'session_end' })
      let sessions: readonly Session[] = []
      return {
        async prepare() {
          sessions = await Promise.all(
            Array.from({ length: SESSIONS }, (_, index) =>
              start(store, { node: `pc-${index}`, entryId: turn(ENTRIES, index) }),
            ),
          )
        },
        run: () =>
          callers(1, SESSIONS, (index) =>
            turn(sessions, index).end({ reason: { type: 'expired' }, cooldownMs: 900_000 }),
          ),
        close: () => store.close(),
      }
    },
  }
}

async function start(
  store: OwnedStore,
  { node, entryId }: { readonly node: string; readonly entryId: string },
): Promise<Session> {
  const deadline = new Date('2037-01-01T00:00:00Z')
  const started = await startSession(store.view({ node }), { entryId, label: 'An entry', deadline })
  if (!started.applied) throw new Error(`no session could be started on ${node}`)
  return started.session
}
