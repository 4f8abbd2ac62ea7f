import { randomUUID } from 'node:crypto'
import { systemClock } from '@shepherd-store/core'
import pg from 'pg'
import { callers } from './callers.ts'
import { DAY, ENTRIES, turn } from './household.ts'
import {
  INSERT_LOG,
  INSERT_SESSION,
  makePlainTables,
  UPDATE_SESSION,
  UPSERT_COOLDOWN,
  UPSERT_USAGE,
} from './raw-postgres.ts'
import type { Contender } from './row.ts'

/** The end of a session by hand: a transaction of named statements, one after another on one connection. */
export function rawSessionEnd(sessions: number): Contender {
  return {
    name: 'pg, a transaction of named statements',
    async start(place) {
      const client = new pg.Client({ connectionString: await place.postgres(), options: '-c search_path=plain' })
      // As a pool's: what becomes of the connection, the next statement tells.
      client.on('error', () => undefined)
      await client.connect()
      await makePlainTables(client, 'plain')
      let open: readonly OpenSession[] = []
      return {
        async prepare() {
          open = Array.from({ length: sessions }, (_, index) => openSession(index))
          for (const { sessionId, node, entryId, startedAt } of open) {
            const values = ['default', sessionId, node, entryId, startedAt, '{"label":"An entry"}']
            await client.query({ ...INSERT_SESSION, values })
          }
        },
        run: () => callers(1, sessions, (index) => end(client, turn(open, index))),
        close: () => client.end(),
      }
    },
  }
}

interface OpenSession {
  readonly sessionId: string
  readonly node: string
  readonly entryId: string
  readonly startedAt: Date
}

function openSession(index: number): OpenSession {
  return {
    sessionId: randomUUID(),
    node: `pc-${index}`,
    entryId: turn(ENTRIES, index),
    startedAt: systemClock.now(),
  }
}

async function end(client: pg.Client, { sessionId, node, entryId, startedAt }: OpenSession): Promise<void> {
  const now = systemClock.now()
  const durationMs = now.getTime() - startedAt.getTime()
  const until = new Date(now.getTime() + 900_000)
  const event = JSON.stringify({
    duration_ms: durationMs,
    entry_id: entryId,
    reason: { type: 'expired' },
    session_id: sessionId,
    type: 'session_ended',
  })
  await client.query('begin')
  await client.query({ ...UPSERT_USAGE, values: ['default', DAY, entryId, node, durationMs] })
  await client.query({ ...UPSERT_COOLDOWN, values: ['default', entryId, until] })
  await client.query({ ...INSERT_LOG, values: [now, 'default', node, 'session_ended', entryId, sessionId, event] })
  const detail = '{"end_reason":{"type":"expired"},"label":"An entry"}'
  await client.query({ ...UPDATE_SESSION, values: ['default', sessionId, now, durationMs, detail] })
  await client.query('commit')
}
