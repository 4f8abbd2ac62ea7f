import { statSync } from 'node:fs'
import { type CheckPlace, type CheckStep, isStoreError, StoreError, type StoreDriver } from '@shepherd-store/core'
import { databaseCheck, type MigrateOptions, openSqlDriver } from '@shepherd-store/core/sql'
import Database from 'better-sqlite3'
import { retryWhileBusy } from './busy.ts'
import { toStoreError } from './errors.ts'
import { sqliteFlavor } from './flavor.ts'
import { Handle } from './handle.ts'
import { type FileIdentity, requireSameFile } from './place.ts'
import { sqliteRunner } from './runner.ts'
import { applySettings, requireSupportedSqlite } from './settings.ts'

/** SQLite's own wait blocks its thread; the runner waits outside of it. */
const NATIVE_BUSY_TIMEOUT_MS = 5

/** A file that is there, and is no other program's. Whatever else is at its path later, is not opened. */
export interface Place {
  readonly file: string
  /** Which file that is. */
  readonly identity: FileIdentity
  readonly busyTimeoutMs: number
}

/** A handle that may write, and the driver that reads and writes through it; the file is up to date then. */
export async function openConnection(
  place: Place,
  options: MigrateOptions & Pick<StoreDriver, 'writesBlock'> & ConnectOptions,
): Promise<{ readonly handle: Handle; readonly driver: StoreDriver }> {
  const { handle, runner } = await openHandle(place, options)
  const capabilities = { durability: 'power_loss', sharing: 'machine' } as const
  const driver = await openSqlDriver(runner, sqliteFlavor, { ...options, backend: 'sqlite', capabilities })
  return { handle, driver }
}

export interface ConnectOptions {
  /** Whether it only reads: another one writes. Default false. */
  readonly onlyReads?: boolean | undefined
}

async function openHandle(place: Place, { onlyReads = false }: ConnectOptions) {
  const { file, identity, busyTimeoutMs } = place
  const open = async () => {
    const database = await connect(place)
    if (onlyReads) database.pragma('query_only = 1')
    return database
  }
  const foundLog = !onlyReads && hasLog(file)
  const handle = new Handle(await open(), { identity, busyTimeoutMs, foundLog, open, cutLog })
  return { handle, runner: sqliteRunner(handle, { busyTimeoutMs, close: () => handle.close() }) }
}

/** Whether something is in the log beside the file. */
function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
}

/**
 * A connection that may write, with the store's settings. It is to that file alone: another one that has taken its place,
 * with the log of this one beside it, would be overwritten by its first read. @throws StoreError
 */
async function connect({ file, identity, busyTimeoutMs }: Place): Promise<Database.Database> {
  requireSameFile(file, identity)
  const database = openDatabase(file, { readonly: false })
  try {
    requireSameFile(file, identity)
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

/** A step of a check, whatever state the schema is in. @throws StoreError */
export async function checkFile(place: Place, step: CheckPlace | undefined): Promise<CheckStep> {
  const { runner } = await openHandle(place, { onlyReads: true })
  try {
    return await databaseCheck(runner, sqliteFlavor)(step)
  } finally {
    await runner.close()
  }
}

/** Writes the whole file anew, and cuts off its write-ahead log. @throws StoreError */
export async function compact(handle: Handle, busyTimeoutMs: number): Promise<void> {
  await handle.mend({ toWrite: true })
  try {
    await retryWhileBusy(busyTimeoutMs, () => rewrite(handle.database))
    await retryWhileBusy(busyTimeoutMs, () => cutLog(handle.database))
  } catch (error) {
    if (isStoreError(error, 'IO')) handle.giveUp()
    throw error
  }
}

function rewrite(database: Database.Database): void {
  if (!database.open) throw new StoreError('CLOSED', 'compact: the store was closed; open it again')
  database.exec('vacuum')
}

/** What the file held before stands in its write-ahead log, until that is brought into the file and cut off. */
function cutLog(database: Database.Database): void {
  const [checkpoint] = database.pragma('wal_checkpoint(truncate)') as readonly { readonly busy: number }[]
  if (checkpoint?.busy === 0) return
  throw new StoreError('BUSY', 'another process is in the middle of a read; end it, then try again')
}
