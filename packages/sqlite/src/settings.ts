import { StoreError } from '@shepherd-store/core'
import type { Database } from 'better-sqlite3'

/** Before it, two connections that write and checkpoint at once can corrupt the file. https://sqlite.org/wal.html#walresetbug */
const SQLITE_VERSION_MIN = [3, 51, 3] as const

/** What each connection must have. `synchronous=FULL` (2): without it a power cut takes acknowledged commits back. */
const SETTINGS: readonly (readonly [name: string, value: string | number])[] = [
  ['journal_mode', 'wal'],
  ['synchronous', 2],
  // On macOS an fsync does not reach the medium without them; elsewhere they change nothing.
  ['fullfsync', 1],
  ['checkpoint_fullfsync', 1],
  ['foreign_keys', 1],
  // The file may be another's work: its schema calls no function that could do harm.
  ['trusted_schema', 0],
  ['journal_size_limit', 67_108_864],
  // The store brings the log into the file itself: SQLite tells nobody when it fails.
  ['wal_autocheckpoint', 0],
]

/** Sets them, and reads them back: SQLite ignores in silence what it cannot do. @throws StoreError `UNSUPPORTED`. */
export function applySettings(database: Database): void {
  for (const [name, wanted] of SETTINGS) {
    database.pragma(`${name} = ${wanted}`)
    const found: unknown = database.pragma(name, { simple: true })
    if (found === wanted) continue
    throw new StoreError(
      'UNSUPPORTED',
      `SQLite keeps ${name} at ${String(found)} here, and the store needs ${wanted}; a network file system may be why: use a local disk`,
    )
  }
}

export function requireSupportedSqlite(database: Database): void {
  const version = database.prepare<[], string>('select sqlite_version()').pluck().get() ?? '0'
  const parts = version.split('.').map(Number)
  const difference = SQLITE_VERSION_MIN.map((least, index) => (parts[index] ?? 0) - least).find((part) => part !== 0)
  if (difference === undefined || difference > 0) return
  throw new StoreError(
    'UNSUPPORTED',
    `this is SQLite ${version}, and ${SQLITE_VERSION_MIN.join('.')} or newer is needed; update better-sqlite3`,
  )
}
