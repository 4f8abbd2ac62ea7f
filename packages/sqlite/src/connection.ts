import { type CheckPlace, type CheckStep, isStoreError, StoreError, type StoreDriver } from '@shepherd-store/core'
import { databaseCheck, type MigrateOptions, openSqlDriver } from '@shepherd-store/core/sql'
import Database from 'better-sqlite3'
import { besideOf, haveAllLook, isBeside, requireIndex, shareIndex } from './beside.ts'
import { retryWhileBusy } from './busy.ts'
import { cutLog, framesOf, isPartlyIn, isWhole, logIsBusy, requireShortLog } from './checkpoint.ts'
import { toStoreError } from './errors.ts'
import { sqliteFlavor } from './flavor.ts'
import { Handle, type Opened } from './handle.ts'
import { forgetCheckpoints, mayForgetCheckpoints } from './log-index.ts'
import { logBytes, rewriteLog } from './log.ts'
import { type FileIdentity, type Place, requireSameFile } from './place.ts'
import { sqliteRunner } from './runner.ts'
import { applySettings, requireSupportedSqlite } from './settings.ts'

/** SQLite's own wait blocks its thread; the runner waits outside of it. */
const NATIVE_BUSY_TIMEOUT_MS = 5

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
    if (options.onlyReads !== true) await handle.bringIn(requireShortLog)
    return status
  }
  return { handle, driver: { ...driver, probe } }
}

export interface ConnectOptions {
  /** Whether it only reads: another one writes. Default false. */
  readonly onlyReads?: boolean | undefined
  /** Called before the file is opened again. */
  readonly beforeOpening?: (() => Promise<void>) | undefined
}

async function openHandle(place: Place, { onlyReads = false, beforeOpening }: ConnectOptions) {
  const { file, identity, busyTimeoutMs } = place
  /** What others left in the log and cannot be made safe now, can be read all the same. */
  const connectFor = (toWrite: boolean): Opened => {
    try {
      return connect(place, { mayWrite: !onlyReads, lookAgain })
    } catch (error) {
      if (onlyReads || toWrite || logBytes(file) === 0) throw error
      return connect(place, { mayWrite: false, lookAgain })
    }
  }
  const handle = new Handle({
    identity,
    async open({ toWrite, known }) {
      if (known !== undefined && !isBeside(file, known)) await beforeOpening?.()
      try {
        return connectFor(toWrite)
      } catch (error) {
        // Others of this process may hold on to an index that is not at its name any more.
        if (!isStoreError(error, 'IO')) throw error
        await haveAllLook(identity)
        return connectFor(toWrite)
      }
    },
    drop,
  })
  async function lookAgain(): Promise<void> {
    if (!handle.lookAgain()) await beforeOpening?.()
  }
  await retryWhileBusy(busyTimeoutMs, () => handle.open({ toWrite: false }))
  return { handle, runner: sqliteRunner(handle, { busyTimeoutMs, close: () => handle.close() }) }
}

/**
 * A connection with the store's settings. It is to that file alone: another one that has taken its place, with the log of
 * this one beside it, would be overwritten by its first read. Of a log that was there, what can be read need not be on the
 * disk, and must not be brought into the file before it is: whoever may write makes it safe first, beside a connection that
 * may not, as the last one to be closed brings the log into the file. @throws StoreError, or SQLite's error
 */
function connect(
  { file, identity, index }: Place,
  { mayWrite, lookAgain }: { readonly mayWrite: boolean; readonly lookAgain: () => Promise<void> },
): Opened {
  const modifiedNs = requireSameFile(file, identity)
  const foundLog = logBytes(file) > 0
  const last = foundLog && mayWrite ? openDatabase(file, { readonly: true }) : undefined
  try {
    // From its first read on it keeps the file from being closed by the other as the last.
    if (last !== undefined) readSomething(last)
    const database = openDatabase(file, { readonly: foundLog && !mayWrite })
    try {
      requireSameFile(file, identity)
      requireSupportedSqlite(database)
      applySettings(database)
      if (!mayWrite) database.pragma('query_only = 1')
      // From here on it has its log open, and the index of that.
      readSomething(database)
      const beside = besideOf(file)
      if (index !== undefined) requireIndex(file, index)
      if (last !== undefined) settleLog(database, last, beside.index)
      return { database, beside, mayWrite, modifiedNs, leaveIndex: shareIndex(identity, beside.index, lookAgain) }
    } catch (error) {
      database.close()
      throw error
    }
  } finally {
    last?.close()
  }
}

/**
 * Makes what can be read of the log safe. `reader` reads meanwhile: so nobody begins the log anew, and what is in it stays
 * as it is, while others may write behind that. What is in the file as a part was not synced, and whoever opens the file now
 * would not be told when that fails. @throws StoreError, or SQLite's error
 */
function settleLog(database: Database.Database, reader: Database.Database, index: FileIdentity): void {
  reader.exec('begin')
  readSomething(reader)
  const [before, state] = [framesOf(database), framesOf(database)]
  // The two numbers are not of one instant: the log may have been begun anew between them.
  if (before.checkpointed !== state.checkpointed || state.log < before.log) throw logIsBusy()
  // A log that is in the file as a whole may be begun anew at any time.
  if (isWhole(state)) return
  if (isPartlyIn(state) && mayForgetCheckpoints) forgetCheckpoints(database.name, index)
  if (rewriteLog(database.name, state.log) >= state.log) return
  const message =
    'the log does not hold any more what was read from it: close all stores on the file, in every process, then go on from what is there'
  throw new StoreError('IO', message)
}

/** Connections whose log is not what counts: closing one would bring it into the file, as the end of the process still does. */
const abandoned: Database.Database[] = []

/** Closes it, and brings nothing of its log into the file: another one is the last, and may not write. */
function drop(database: Database.Database): void {
  let last: Database.Database
  try {
    last = openDatabase(database.name, { readonly: true })
  } catch {
    abandoned.push(database)
    return
  }
  try {
    readSomething(last)
  } catch {
    // The log at its name is not the one that the index tells of. The file is locked all the same.
  }
  database.close()
  last.close()
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
  try {
    await retryWhileBusy(busyTimeoutMs, () => handle.use({ toWrite: true }, (database) => database.exec('vacuum')))
    await retryWhileBusy(busyTimeoutMs, () => handle.bringIn(cutLog))
    handle.requirePlace()
  } catch (error) {
    if (isStoreError(error, 'IO')) handle.giveUp()
    throw error
  }
}
