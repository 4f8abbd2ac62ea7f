import {
  type CalendarOptions,
  type CalendarSettings,
  checkFields,
  checkStoreOptions,
  createCalendar,
  createStore,
  type Faults,
  type OwnedStore,
  requireSupportedNode,
  StoreError,
  type StoreDriver,
  type StoreOptions,
  withFaults,
} from '@shepherd-store/core'
import { sqlDriver } from '@shepherd-store/core/sql'
import { sqliteFlavor, sqliteRunner } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { emptyImage, imageOf } from './image.ts'

/** A store in memory, with faults to be planted in front of its database. */
export interface MemoryStore extends OwnedStore {
  readonly faults: Faults
}

export interface MemoryStoreOptions extends StoreOptions {
  /** What the store reads and writes. Default: new, empty data with `calendar`. */
  readonly data?: MemoryData | undefined
  /** What the store begins with: a copy of this, its own, which goes when it is closed. Not together with `data`. */
  readonly fork?: MemoryData | undefined
}

/** What a database holds. It outlives the stores on it: opened again, it is what a crash would have left. */
export interface MemoryData {
  readonly calendar: CalendarSettings
}

/**
 * A store for tests: everything that the others do, on the same SQL, except that nothing outlives the process. It is
 * there at once, and never busy, unreachable or slow, unless `faults` say so.
 * @throws StoreError `INVALID_ARGUMENT`, and `CALENDAR_MISMATCH` when `data` has another calendar.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  checkStoreOptions(options, ['data', 'fork'])
  if (options.data !== undefined && options.fork !== undefined) {
    throw new StoreError('INVALID_ARGUMENT', 'a store is on `data`, or begins with a `fork` of some: give one of them')
  }
  const { driver, faults } = withFaults(options.data === undefined ? ownDriver(options) : memoryDriver(options.data))
  return Object.assign(createStore(driver, options), { faults })
}

/**
 * Empty data with a calendar of its own. Default: UTC, and days from 00:00, so that a test does not depend on the
 * machine that it runs on. @throws StoreError `INVALID_ARGUMENT`.
 */
export function createMemoryData(options: { readonly calendar?: CalendarOptions | undefined } = {}): MemoryData {
  requireSupportedNode()
  checkStoreOptions(checkFields(options, ['calendar'], 'options'), [])
  const { timeZone = 'UTC', dayStart = '00:00' } = options.calendar ?? {}
  const calendar = createCalendar({ timeZone, dayStart })
  const data: MemoryData = { calendar: { timeZone: calendar.timeZone, dayStart: calendar.dayStart } }
  databases.set(data, new Database(emptyImage()))
  return data
}

/**
 * A copy of `data` as it is now, which goes its own way: for tests that begin with the same state. One of them prepares
 * it, and each has its own copy, so that nothing has to be put back. @throws StoreError `INVALID_ARGUMENT`.
 */
export function forkMemoryData(data: MemoryData): MemoryData {
  const copy = imageOf(databaseOf(data))
  const fork: MemoryData = { calendar: { ...data.calendar } }
  databases.set(fork, new Database(copy))
  return fork
}

/** The driver under `createMemoryStore`, for those who put something between the two. */
export function memoryDriver(data: MemoryData): StoreDriver {
  return driverOf(data, () => {})
}

/** Nobody else has the data: it goes with the store, at once. */
function ownDriver({ calendar, fork }: MemoryStoreOptions): StoreDriver {
  const data = fork === undefined ? createMemoryData({ calendar }) : forkMemoryData(fork)
  return driverOf(data, () => void databaseOf(data).close())
}

function driverOf(data: MemoryData, close: () => void): StoreDriver {
  return sqlDriver(sqliteRunner(databaseOf(data), { busyTimeoutMs: 0, close }), sqliteFlavor, {
    backend: 'memory',
    capabilities: { durability: 'none', sharing: 'process' },
    calendar: data.calendar,
  })
}

/** The SQLite database behind `data`, for a look from outside. */
export function databaseOf(data: MemoryData): Database.Database {
  const database = databases.get(data)
  if (database === undefined) throw new StoreError('INVALID_ARGUMENT', 'data must come from createMemoryData')
  return database
}

/** Each goes with its data: nobody has to close it. */
const databases = new WeakMap<MemoryData, Database.Database>()
