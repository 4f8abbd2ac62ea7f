import type { Store } from '@shepherd-store/core'
import { startSession } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import type Database from 'better-sqlite3'
import { appendAll, DAY, fillDays, turn, ENTRIES } from './household.ts'
import { durableDatabase } from './raw-sqlite.ts'

/** Gives a store what the reading rows ask for: a month of usage, a day with all that limits it, and a log. */
export async function fill(store: Store): Promise<void> {
  await fillDays(store)
  await appendAll(store, 512)
  const started = await startSession(store, { entryId: turn(ENTRIES, 0), label: 'Entry 0' })
  if (!started.applied) throw new Error(`no session could be started on ${DAY}`)
}

/** The file of a store that was filled so, opened by the driver alone. */
export async function filledDatabase(path: string): Promise<Database.Database> {
  const store = await openSqliteStore(path)
  await fill(store)
  await store.close()
  return durableDatabase(path)
}
