import { systemClock } from '@shepherd-store/core'
import { withClient } from '../postgres/database.ts'

/** What a server still does for clients that are gone, it has done within this time. */
const SETTLED_WITHIN_MS = 20_000

/** Resolves when nobody but the one who asks has a connection to the database: what was sent before is done or dropped. */
export async function othersGone(url: string): Promise<void> {
  const endMs = systemClock.monotonicMs() + SETTLED_WITHIN_MS
  await withClient(url, async (client) => {
    for (;;) {
      const { rowCount } = await client.query(
        `select from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      )
      if (rowCount === 0) return
      if (systemClock.monotonicMs() > endMs)
        throw new Error(`${rowCount} connections to the database were there after ${SETTLED_WITHIN_MS} ms; end them`)
    }
  })
}
