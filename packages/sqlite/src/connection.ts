import { type CheckPlace, type CheckStep, isStoreError, StoreError, type StoreDriver } from '@shepherd-store/core'
import { databaseCheck, type MigrateOptions, openSqlDriver } from '@shepherd-store/core/sql'
import Database from 'better-sqlite3'
import { besideOf, logBytes, requireIndex, shareIndex } from './beside.ts'
import { retryWhileBusy } from './busy.ts'
import { toStoreError } from './errors.ts'
import { sqliteFlavor } from './flavor.ts'
import { Handle, type Opened } from './handle.ts'
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
  /** The index that another thread has open: connections of one process share it, whatever is at its name. */
  readonly index?: FileIdentity | undefined
}

/** A handle that may write, and the driver that reads and writes through it; the file is up to date then. */
export async function openConnection(
  place: Place,
  options: MigrateOptions & Pick<StoreDriver, 'writesBlock'> & ConnectOptions,
): Promise<{ readonly handle: Handle; readonly driver: StoreDriver }> {
  const { handle, runner } = await openHandle(place, options)
  const capabilities = { durability: 'power_loss', sharing: 'machine' } as const
  const driver = await openSqlDriver(runner, sqliteFlavor, { ...options, backend: 'sqlite', capabilities })
  const probe = async () => {
    const status = await driver.probe()
    if (options.onlyReads !== true) await handle.use({ toWrite: true }, bringInto)
    return status
  }
  return { handle, driver: { ...driver, probe } }
}

/** A log that is longer was not brought into the file at a thousand pages, as it should be. */
const LOG_BYTES_MAX = 16_777_216

/** SQLite tells nobody when it cannot bring its log into the file, and the log grows. @throws SQLite's error */
function bringInto(database: Database.Database): void {
  if (logBytes(database.name) > LOG_BYTES_MAX) database.pragma('wal_checkpoint(passive)')
}

export interface ConnectOptions {
  /** Whether it only reads: another one writes. Default false. */
  readonly onlyReads?: boolean | undefined
  /** Called before the file is opened again. */
  readonly beforeOpening?: (() => Promise<void>) | undefined
}

async function openHandle(place: Place, { onlyReads = false, beforeOpening }: ConnectOptions) {
  const { identity, busyTimeoutMs } = place
  const handle = new Handle(await retryWhileBusy(busyTimeoutMs, () => connect(place, onlyReads)), {
    identity,
    async open() {
      await beforeOpening?.()
      return connect(place, onlyReads)
    },
    close,
  })
  return { handle, runner: sqliteRunner(handle, { busyTimeoutMs, close: () => handle.close() }) }
}

/**
 * A connection that may write, with the store's settings. It is to that file alone: another one that has taken its place,
 * with the log of this one beside it, would be overwritten by its first read. @throws StoreError, or SQLite's error
 */
function connect({ file, identity, index }: Place, onlyReads: boolean): Opened {
  requireSameFile(file, identity)
  const foundLog = logBytes(file) > 0
  const database = openDatabase(file, { readonly: false })
  try {
    requireSameFile(file, identity)
    requireSupportedSqlite(database)
    applySettings(database)
    if (onlyReads) database.pragma('query_only = 1')
    // From here on it has its log open, and the index of that.
    readSomething(database)
    const beside = besideOf(file)
    if (index !== undefined) requireIndex(file, index)
    return { database, beside, foundLog, leaveIndex: shareIndex(identity, beside.index) }
  } catch (error) {
    if (foundLog) closeInDoubt(database)
    else database.close()
    throw error
  }
}

function close({ database, leaveIndex }: Opened, { inDoubt }: { readonly inDoubt: boolean }): void {
  leaveIndex()
  if (inDoubt) closeInDoubt(database)
  else database.close()
}

/**
 * Closes it, and leaves its log as it is. The last connection to a file brings the log into it when it is closed, unless
 * it may not write: here another one is the last.
 */
function closeInDoubt(database: Database.Database): void {
  let last: Database.Database | undefined
  try {
    last = openDatabase(database.name, { readonly: true })
    readSomething(last)
  } catch {
    // There is nothing that could be brought into the file, or read from it.
  }
  database.close()
  last?.close()
}

function readSomething(database: Database.Database): void {
  database.prepare('select 1 from sqlite_schema').get()
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
  const step = (act: (database: Database.Database) => void) =>
    retryWhileBusy(busyTimeoutMs, () => handle.use({ toWrite: true }, act))
  try {
    await step((database) => database.exec('vacuum'))
    await step(cutLog)
    handle.requirePlace()
  } catch (error) {
    if (isStoreError(error, 'IO')) handle.giveUp()
    throw error
  }
}

/** What the file held before stands in its write-ahead log, until that is brought into the file and cut off. */
function cutLog(database: Database.Database): void {
  const [checkpoint] = database.pragma('wal_checkpoint(truncate)') as readonly { readonly busy: number }[]
  if (checkpoint?.busy === 0) return
  const message = 'somebody is in the middle of a read, and keeps the log from being cut off; end that, then try again'
  throw new StoreError('BUSY', message)
}
