import { closeSync, openSync } from 'node:fs'
import { StoreError } from '@shepherd-store/core'
import Database from 'better-sqlite3'
import { cellsDigest } from './cell.ts'
import { copyDatabase } from './copy.ts'
import {
  type ColumnsByTable,
  type RustSchema,
  type RustTable,
  type SourceRow,
  TableReader,
  databaseError,
} from './table-reader.ts'

/** A database of the crate, at one instant. */
export interface RustSource {
  readonly schema: RustSchema
  /**
   * Names the source, for good: it does not change when the log grows. 64 hexadecimal digits. `undefined` when the
   * first row, which it is made of, is on a damaged page.
   */
  readonly fingerprint: string | undefined
  /** How many rows the table has; `undefined` where it is too damaged to tell. */
  count(table: RustTable): number | undefined
  /** The rows in the order of their ids, which rise strictly, at most 256 at a time. */
  pages(table: RustTable): Iterable<readonly SourceRow[]>
  close(): Promise<void>
}

/**
 * Opens the crate's database at `path` without changing it or leaving anything beside it. What is read is a copy whose
 * files have no name any more, where the system allows that: however the process ends, nothing of it remains.
 * @throws StoreError `NOT_FOUND`, `UNRECOGNIZED_SCHEMA`, `CORRUPT`, `BUSY`, `DISK_FULL`, `IO`; `signal.reason` when it
 * is aborted before the copy is made.
 */
export async function openRustSource(path: string, signal?: AbortSignal): Promise<RustSource> {
  const copy = await copyDatabase(path, signal)
  let db: Database.Database | undefined
  let descriptor: number | undefined
  const close = async (): Promise<void> => {
    db?.close()
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
    await copy.remove()
  }
  try {
    db = new Database(copy.file)
    recover(db)
    descriptor = openSync(copy.file, 'r')
    // Where it fails, as beside open files on a network drive, it is done again at the end.
    if (process.platform !== 'win32') await copy.remove().catch(() => undefined)
    const reader = new TableReader({ db, descriptor, path, tables: recognise(db, path) })
    return {
      schema: reader.schema,
      fingerprint: fingerprintOf(reader),
      count: (table) => reader.count(table),
      pages: (table) => reader.pages(table),
      close,
    }
  } catch (error) {
    await close()
    throw databaseError(error, path)
  }
}

/** Brings everything into the one file. Afterwards SQLite looks for no other, by whatever name, and keeps its lock. */
function recover(db: Database.Database): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('locking_mode = EXCLUSIVE')
  db.prepare('SELECT count(*) FROM sqlite_schema').get() // rolls back the journal that a crash left
  db.pragma('journal_mode = MEMORY') // a WAL is written into the file
}

/** The columns that each table may have. */
const FORMS: { readonly [T in RustTable]: readonly (readonly string[])[] } = {
  audit_log: [
    ['id', 'timestamp', 'event_json'],
    ['id', 'timestamp', 'event_type', 'event_data'],
  ],
  usage: [['entry_id', 'day', 'duration_secs']],
  cooldowns: [['entry_id', 'until']],
  snapshot: [
    ['id', 'snapshot_json'],
    ['id', 'data'],
  ],
}

const COLUMNS = `
  SELECT list.name AS tableName, info.name AS columnName, info.pk = 1 AND upper(info.type) = 'INTEGER' AS isRowId
  FROM pragma_table_list AS list, pragma_table_info(list.name) AS info
  WHERE list.schema = 'main' AND list.type = 'table' AND list.wr = 0`

function recognise(db: Database.Database, path: string): ColumnsByTable {
  type Column = { readonly tableName: string; readonly columnName: string; readonly isRowId: 0 | 1 }
  const found = db.prepare<[], Column>(COLUMNS).all()
  const formOf = (table: RustTable): readonly string[] => {
    const columns = found.filter(({ tableName }) => tableName === table)
    const form = FORMS[table].find((names) =>
      names.every((name) =>
        columns.some(({ columnName, isRowId }) => columnName === name && (name !== 'id' || isRowId === 1)),
      ),
    )
    if (form !== undefined) return form
    throw new StoreError(
      'UNRECOGNIZED_SCHEMA',
      `${path} is not the Rust crate's: table ${table} ${columns.length === 0 ? 'is missing' : 'has other columns'}. ` +
        'Give the path of the file that shepherdd wrote; a database of this library needs no import',
    )
  }
  return {
    audit_log: formOf('audit_log'),
    usage: formOf('usage'),
    cooldowns: formOf('cooldowns'),
    snapshot: formOf('snapshot'),
  }
}

/**
 * Of the first row of the log, or where there is none of the usage table: rows that the crate never changes or removes.
 * Of a day's usage only what names it, as the sum grows.
 */
function fingerprintOf(reader: TableReader): string | undefined {
  for (const table of ['audit_log', 'usage'] as const) {
    for (const [row] of reader.pages(table)) {
      if (row === undefined || row.damage !== undefined) return undefined
      return cellsDigest(table, row.id, new Map([...row.cells].filter(([name]) => name !== 'duration_secs')))
    }
  }
  return cellsDigest('empty', 0, new Map())
}
