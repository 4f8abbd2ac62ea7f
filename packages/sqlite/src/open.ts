import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  adoptDriver,
  checkBoolean,
  checkFields,
  checkInteger,
  describe,
  checkStoreOptions,
  isStoreError,
  type OwnedStore,
  requireSupportedNode,
  StoreError,
  type StoreDriver,
  type StoreOptions,
} from '@shepherd-store/core'
import {
  checkMigrateOptions,
  type FoundSchema,
  inspectSchema,
  isUpToDate,
  type MigrateOptions,
  unrecognizedSchema,
} from '@shepherd-store/core/sql'
import { retryWhileBusy } from './busy.ts'
import { compact, openConnection, openDatabase } from './connection.ts'
import { APPLICATION_ID } from './definitions.ts'
import { codeOf } from './errors.ts'
import { WHOLE_FILE } from './file-checks.ts'
import { warnOfPlace } from './file-system.ts'
import { sqliteFlavor } from './flavor.ts'
import { hasJournal, isHalfMade, isHalfSwitched } from './journal.ts'
import { identityOf, type Place, preparePlace } from './place.ts'
import { sqliteRunner } from './runner.ts'
import { isOwnThread, requireThreads } from './thread.ts'
import { bringUpToDate, checkInThread, threadedWriter } from './writer.ts'

export interface SqliteDriverOptions extends MigrateOptions {
  /** `false`: a missing database is refused with `NOT_FOUND`. Default true: it is made, with its directory. */
  readonly create?: boolean | undefined
  /** How long a call waits for other processes, in milliseconds, 0 to 600,000. Default 5,000; then `BUSY`. */
  readonly busyTimeoutMs?: number | undefined
  /**
   * `'thread'`: writes go through a thread of their own, so that a slow disk holds up nobody but those who wait for it.
   * `'inline'`: the process stands still while a write waits for the disk. Default `'thread'`.
   */
  readonly writer?: 'thread' | 'inline' | undefined
}

export interface SqliteStoreOptions extends StoreOptions, SqliteDriverOptions {}

/** A store in a file, and what only a file needs. */
export interface SqliteStore extends OwnedStore {
  /**
   * Writes the whole file anew, so that it holds nothing that was removed or erased (the last step of `forgetScope`) and
   * takes no more room than it needs. Until it is done nobody can write, and with `writer: 'inline'` this process stands
   * still; it takes about a minute for ten million records, and as much free disk as the store. May be repeated. Copies
   * that the medium itself keeps of old blocks, as SD cards and SSDs do, are out of reach.
   * @throws StoreError `BUSY` when another process reads or writes: what was erased may then still be in the file, or in
   * its write-ahead log. `DISK_FULL`, `IO`, `CLOSED`.
   */
  compact(): Promise<void>
}

const BUSY_TIMEOUT_MS_DEFAULT = 5_000
const BUSY_TIMEOUT_MS_MAX = 600_000

/**
 * Opens the store in the file at `path`, and makes it where it is missing: the file with mode 0600, directories 0700.
 * Several processes of one machine, and several handles of one process, may have it open at once.
 * @throws StoreError, and leaves the file as it is, byte for byte:
 * `INVALID_ARGUMENT` for a directory or a bad option, `NOT_FOUND` without `create`, `PERMISSION_DENIED`, `READ_ONLY`,
 * `UNRECOGNIZED_SCHEMA` for another program's file, `RUST_SCHEMA` for the crate's, `SCHEMA_TOO_NEW`, `SCHEMA_TOO_OLD`,
 * `CALENDAR_MISMATCH`, `UNSUPPORTED` on a Node, an SQLite or a file system that cannot keep the promises; `BUSY`, `IO`,
 * `DISK_FULL`, `CORRUPT`.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<SqliteStore> {
  checkStoreOptions(options, ['create', 'busyTimeoutMs', 'writer', 'migrate', 'changeCalendar'])
  const { driver, compact } = await openFile(path, options)
  return Object.assign(await adoptDriver(driver, options), { compact })
}

/** The driver under `openSqliteStore`, for those who put something between the two. */
export async function openSqliteDriver(path: string, options: SqliteDriverOptions = {}): Promise<StoreDriver> {
  checkFields(options, ['create', 'busyTimeoutMs', 'writer', 'migrate', 'changeCalendar', 'calendar'], 'options')
  return (await openFile(path, options)).driver
}

async function openFile(path: string, options: SqliteDriverOptions): Promise<OpenedFile> {
  requireSupportedNode()
  const given = filePath(path)
  const busyTimeoutMs = busyTimeout(options)
  const writer = checkWriter(options)
  const migrateOptions = checkMigrateOptions(options)
  if (writer === 'thread') requireThreads()
  const create = checkBoolean(options.create ?? true, 'create')
  const mayMake = create && options.migrate !== 'never'
  // What SQLite keeps beside the file, it keeps beside the file that a link leads to.
  const made = existsSync(given) ? realpathSync(given) : given
  if (mayMake && isHalfMade(made)) await retryWhileBusy(busyTimeoutMs, () => touch(made))
  await preparePlace(given, { create: mayMake })
  const file = realpathSync(given)
  warnOfPlace(file)
  const place = { file, busyTimeoutMs, identity: identityOf(file) }
  const inspect = () => inspectFile(file, busyTimeoutMs, migrateOptions)
  const found = await inspect().catch(async (error: unknown) => {
    if (!isInterrupted(error)) throw error
    if (isHalfSwitched(file)) await retryWhileBusy(busyTimeoutMs, () => touch(file))
    else if (hasJournal(file)) throw interrupted(file, error)
    return inspect()
  })
  // What a thread preloads may open a store, too: one thread for it would lead to the next.
  const isThread = writer === 'thread' && !isOwnThread
  return isThread ? openWithThread(place, found, migrateOptions) : openInline(place, migrateOptions)
}

interface OpenedFile extends Pick<SqliteStore, 'compact'> {
  readonly driver: StoreDriver
}

/** One connection, which reads and writes. Closing the store closes it. */
async function openInline(place: Place, options: MigrateOptions): Promise<OpenedFile> {
  const { handle, driver } = await openConnection(place, { ...options, writesBlock: true })
  return { driver, compact: () => compact(handle, place.busyTimeoutMs) }
}

/**
 * Two connections: first the one of this thread, which only reads; then, when there is something to write, the one of the
 * thread that writes. They are closed in this order too: whoever closes the file last brings its log into it, and this
 * thread shall not wait for that.
 */
async function openWithThread(
  place: Place,
  found: FoundSchema | undefined,
  options: MigrateOptions,
): Promise<OpenedFile> {
  if (!isUpToDate(found, options)) await bringUpToDate(place, options)
  const writer = threadedWriter(place, () => handle)
  const { handle, driver: reader } = await openConnection(place, {
    migrate: 'never',
    writesBlock: false,
    onlyReads: true,
    beforeOpening: () => writer.leave(),
  })
  const { contract, calendar, capabilities, writesBlock, read } = reader
  /** What failed the writer is given up here, too: where the index is another one, both are closed before one is opened again. */
  const beside = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (isStoreError(error, 'IO')) handle.giveUp()
      throw error
    })
  return {
    driver: {
      ...{ contract, calendar, capabilities, writesBlock, read },
      write: (units) => beside(writer.write(units)),
      probe: () => beside(writer.probe()),
      // The first step, and this one, read the whole file.
      check: async (step) =>
        step === undefined || step.part === WHOLE_FILE || reader.check === undefined
          ? checkInThread({ ...place, index: handle.beside?.index }, step)
          : reader.check(step),
      async close() {
        try {
          await reader.close()
        } finally {
          await writer.close()
        }
      },
    },
    compact: () => beside(writer.compact()),
  }
}

/** What schema is there, by a look through a connection that cannot write: one that can would tidy up a foreign file's journal. */
async function inspectFile(
  file: string,
  busyTimeoutMs: number,
  options: MigrateOptions,
): Promise<FoundSchema | undefined> {
  const hadLog = existsSync(`${file}-wal`)
  const database = openDatabase(file, { readonly: true })
  try {
    // Of one instant: another opener may be making the tables.
    const look = database.transaction(() => ({
      applicationId: Number(database.pragma('application_id', { simple: true })),
      names: database.prepare<[], string>(sqliteFlavor.tableNames.sql).pluck().all(),
    }))
    const { applicationId, names } = await retryWhileBusy(busyTimeoutMs, look)
    if (applicationId !== APPLICATION_ID && (applicationId !== 0 || names.length > 0)) {
      throw unrecognizedSchema(new Set(names))
    }
    const found = await inspectSchema(sqliteRunner(database, { busyTimeoutMs, close: () => {} }), sqliteFlavor, options)
    database.close()
    return found
  } catch (error) {
    database.close()
    if (!hadLog) removeEmptyLog(file)
    throw error
  }
}

/** Whether somebody was interrupted in the middle of writing without a log: who only reads cannot put that in order. */
function isInterrupted(error: unknown): boolean {
  return isStoreError(error) && codeOf(error.cause) === 'SQLITE_READONLY_ROLLBACK'
}

function interrupted(file: string, cause: unknown): StoreError {
  const message = `${file}-journal tells of a write that was interrupted, and was none of a store's own; all was left as it is: open the file with the program that wrote to it, or, where a store was put there since, take the journal away`
  return new StoreError('UNRECOGNIZED_SCHEMA', message, { cause })
}

/** A connection that only reads leaves an empty log beside a WAL database; one that can write takes it away. */
function removeEmptyLog(file: string): void {
  if (!existsSync(`${file}-wal`)) return
  try {
    touch(file)
  } catch {
    // It is empty, and harms nobody.
  }
}

/** Has SQLite put in order what another process has left in the middle of its work, if nobody is at it. */
function touch(file: string): void {
  const database = openDatabase(file, { readonly: false })
  try {
    database.prepare('select 1 from sqlite_schema').get()
  } finally {
    database.close()
  }
}

function filePath(path: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new StoreError('INVALID_ARGUMENT', `the path of the store must be a file's path, not ${describe(path)}`)
  }
  if (path === ':memory:' || path.startsWith('file:')) {
    throw new StoreError('INVALID_ARGUMENT', `${path} names no file; for a store in memory use @shepherd-store/memory`)
  }
  return resolve(path)
}

function busyTimeout({ busyTimeoutMs = BUSY_TIMEOUT_MS_DEFAULT }: SqliteDriverOptions): number {
  return checkInteger(busyTimeoutMs, 'busyTimeoutMs', 0, BUSY_TIMEOUT_MS_MAX)
}

function checkWriter({ writer = 'thread' }: SqliteDriverOptions): 'thread' | 'inline' {
  if (writer === 'thread' || writer === 'inline') return writer
  throw new StoreError('INVALID_ARGUMENT', `writer must be 'thread' or 'inline', not ${describe(writer)}`)
}
