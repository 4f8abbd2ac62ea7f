import { StoreError } from '@shepherd-store/core'
import Database from 'better-sqlite3'
import { toStoreError } from './errors.ts'
import { type FileIdentity, requireSameFile } from './place.ts'
import { retryWhileBusy } from './runner.ts'
import { applySettings, requireSupportedSqlite } from './settings.ts'

/** SQLite's own wait blocks its thread; the runner waits outside of it. */
const NATIVE_BUSY_TIMEOUT_MS = 5

/**
 * A connection that may write, with the store's settings. With `identity` it is to that file alone: another one that has
 * taken its place, with the log of this one beside it, would be overwritten by its first read. @throws StoreError
 */
export async function connect(
  file: string,
  { busyTimeoutMs, identity }: { readonly busyTimeoutMs: number; readonly identity?: FileIdentity },
): Promise<Database.Database> {
  const database = openDatabase(file, { readonly: false })
  try {
    if (identity !== undefined) requireSameFile(file, identity)
    await retryWhileBusy(busyTimeoutMs, () => {
      requireSupportedSqlite(database)
      applySettings(database)
    })
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** The file as it is. @throws StoreError */
export function openDatabase(file: string, { readonly }: { readonly readonly: boolean }): Database.Database {
  try {
    return new Database(file, { readonly, fileMustExist: true, timeout: NATIVE_BUSY_TIMEOUT_MS })
  } catch (error) {
    throw toStoreError(error)
  }
}

/** Writes the whole file anew, and cuts off its write-ahead log. @throws StoreError */
export async function compact(database: Database.Database, busyTimeoutMs: number): Promise<void> {
  await retryWhileBusy(busyTimeoutMs, () => rewrite(database))
  await retryWhileBusy(busyTimeoutMs, () => cutLog(database))
}

function rewrite(database: Database.Database): void {
  if (!database.open) throw new StoreError('CLOSED', 'compact: the store was closed; open it again')
  database.exec('vacuum')
}

/** What the file held before stands in its write-ahead log, until that is brought into the file and cut off. */
function cutLog(database: Database.Database): void {
  const [checkpoint] = database.pragma('wal_checkpoint(truncate)') as readonly { readonly busy: number }[]
  if (checkpoint?.busy === 0) return
  throw new StoreError(
    'BUSY',
    'another process has the database open in the middle of a read; end it, then compact again',
  )
}
