import { TextDecoder } from 'node:util'
import { StoreError } from '@shepherd-store/core'
import type Database from 'better-sqlite3'
import { codeOf, toStoreError } from '../errors.ts'
import { type Cell, type Cells, isSafe } from './cell.ts'
import { leafOf, readTableTree, type TableTree } from './tree.ts'

export type RustTable = 'audit_log' | 'usage' | 'cooldowns' | 'snapshot'
/** `crate`: as the crate makes it. `readme`: as its README describes it. */
export type RustSchema = 'crate' | 'readme'

/** A row by its place, or what kept SQLite from reading it. */
export interface SourceRow {
  /** Of a range of rows its last; where that cannot be told, or is beyond 2^53, its first. */
  readonly id: bigint
  readonly cells: Cells
  /** It stands, or a range of rows stands, on a damaged part of the file; nothing of them is known. */
  readonly damage?: string
}

/** The columns that each table has. */
export type ColumnsByTable = Readonly<Record<RustTable, readonly string[]>>

const PAGE_ROWS = 256
const ROWID_MIN = -(2n ** 63n)
const ROWID_MAX = 2n ** 63n - 1n

/** How many ids of a damaged leaf are looked up one by one: it may be damaged in part. */
const PROBES = 256n

interface Page {
  readonly rows: readonly SourceRow[]
  /** Where the next page begins, if there is one: beyond where this one did. */
  readonly next: bigint | undefined
}

interface Run<T> {
  readonly rows: readonly T[]
  /** Whether the table is sound as far as it was read. */
  readonly sound: boolean
}

interface OpenTables {
  readonly db: Database.Database
  /** Of the file of `db`. */
  readonly descriptor: number
  readonly path: string
  readonly tables: ColumnsByTable
}

/** Reads the tables of a file that may be damaged: what cannot be read comes as a row that says so. */
export class TableReader {
  readonly #db: Database.Database
  readonly #descriptor: number
  readonly #tables: ColumnsByTable
  readonly #path: string
  readonly #text: TextDecoder
  readonly #trees = new Map<RustTable, TableTree>()

  constructor({ db, descriptor, tables, path }: OpenTables) {
    this.#db = db
    this.#descriptor = descriptor
    this.#tables = tables
    this.#path = path
    const encoding = String(db.pragma('encoding', { simple: true })) // UTF-8, UTF-16le or UTF-16be
    this.#text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  }

  get schema(): RustSchema {
    return this.#tables.audit_log.includes('event_json') ? 'crate' : 'readme'
  }

  count(table: RustTable): number | undefined {
    if (!this.#tree(table).isTree) return undefined
    return this.#unlessCorrupt(() =>
      this.#db.prepare<[], number>(`SELECT count(*) FROM ${table} NOT INDEXED`).pluck().get(),
    )
  }

  *pages(table: RustTable): Iterable<readonly SourceRow[]> {
    for (let from: bigint | undefined = ROWID_MIN; from !== undefined;) {
      const { rows, next } = this.#page(table, from)
      if (rows.length > 0) yield rows
      from = next
    }
  }

  #page(table: RustTable, from: bigint): Page {
    const { rows, sound } = this.#read(table, from)
    const last = rows.at(-1)?.id
    if (last === ROWID_MAX || (sound && rows.length < PAGE_ROWS)) return { rows, next: undefined }
    const next = last === undefined ? from : last + 1n
    if (sound) return { rows, next }
    const lost = this.#lost(table, next)
    return { rows: [...rows, ...lost.rows], next: lost.next }
  }

  /** What cannot be read from `from` on, as one row, and where it goes on. */
  #lost(table: RustTable, from: bigint): Page {
    const unreadable = this.#firstId(table, from)
    if (unreadable !== undefined) {
      // The leaf is sound, so it is what the row has beyond that.
      const next = unreadable === ROWID_MAX ? undefined : unreadable + 1n
      return { rows: [lostRows(unreadable, unreadable)], next }
    }
    for (const next of this.#placesAfter(table, from)) {
      if (this.#firstId(table, next) !== undefined) return { rows: [lostRows(from, next - 1n)], next }
    }
    return { rows: [lostRows(from, undefined)], next: undefined }
  }

  /** Where reading may go on when there is damage at `from`: as many places as the inner pages of the file can name. */
  *#placesAfter(table: RustTable, from: bigint): Iterable<bigint> {
    const { keys } = this.#tree(table)
    for (let leaf = leafOf(keys, from), start = from; ; leaf += 1) {
      const end = keys[leaf] ?? ROWID_MAX
      const before = start === ROWID_MIN ? 0n : start // the crate's ids begin with 1
      for (let id = before + 1n; id <= end && id <= before + PROBES; id += 1n) yield id
      if (end === ROWID_MAX) return
      start = end + 1n
      yield start
    }
  }

  /** The first id from `from` on, whatever its row holds; `undefined` where there is damage, or none. */
  #firstId(table: RustTable, from: bigint): bigint | undefined {
    const sql = `SELECT rowid AS id FROM ${table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT 1`
    const select = this.#db.prepare<[bigint], { readonly id: bigint }>(sql).safeIntegers()
    return this.#sound(table, from, { ids: () => select.iterate(from), limit: 1 }).rows[0]?.id
  }

  /** A page of rows, as far as they are sound. */
  #read(table: RustTable, from: bigint): Run<SourceRow> {
    return this.#sound(table, from, { ids: () => this.#select(table, from), limit: PAGE_ROWS })
  }

  /**
   * The rows, up to where SQLite meets damage, or follows damage that it does not see: where the ids do not rise, or
   * leave out a leaf.
   */
  #sound<T extends { readonly id: bigint }>(
    table: RustTable,
    from: bigint,
    { ids, limit }: { readonly ids: () => Iterable<T>; readonly limit: number },
  ): Run<T> {
    const { keys } = this.#tree(table)
    const rows: T[] = []
    let least = from
    let leaf = from === ROWID_MIN ? -1 : leafOf(keys, from - 1n)
    const whole = this.#unlessCorrupt(() => {
      for (const row of ids()) {
        const of = leafOf(keys, row.id)
        if (row.id < least || of > leaf + 1) return false
        rows.push(row)
        leaf = of
        least = row.id + 1n
      }
      return rows.length === limit || leaf === keys.length || (keys.length === 0 && leaf === -1)
    })
    return { rows, sound: whole ?? false }
  }

  #tree(table: RustTable): TableTree {
    const known = this.#trees.get(table)
    if (known !== undefined) return known
    const sql = `SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?`
    const root = this.#db.prepare<[string], number>(sql).pluck().get(table) ?? 0
    const tree = readTableTree(this.#descriptor, root, Number(this.#db.pragma('page_size', { simple: true })))
    this.#trees.set(table, tree)
    return tree
  }

  /** What `read` returns; `undefined` where it meets a damaged page. */
  #unlessCorrupt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (codeOf(error).startsWith('SQLITE_CORRUPT')) return undefined
      throw databaseError(error, this.#path)
    }
  }

  /** Text comes as its bytes: only so can it be seen whether it is text. */
  *#select(table: RustTable, from: bigint): Iterable<SourceRow> {
    const columns = this.#tables[table]
    const cells = columns.map(
      (name) => `typeof(${name}), CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
    )
    const sql = `SELECT rowid, ${cells.join(', ')} FROM ${table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT ?`
    type Values = readonly [bigint, ...Cell[]]
    const select = this.#db.prepare<[bigint, bigint], Values>(sql).raw().safeIntegers()
    for (const [id, ...values] of select.iterate(from, BigInt(PAGE_ROWS))) {
      yield {
        id,
        cells: new Map(
          columns.map((name, index) => [name, this.#cell(values[2 * index], values[2 * index + 1] ?? null)]),
        ),
      }
    }
  }

  #cell(type: Cell | undefined, value: Cell): Cell {
    if (type !== 'text' || !Buffer.isBuffer(value)) return value
    try {
      return this.#text.decode(value)
    } catch {
      return value // not valid in the database's encoding, so these bytes are all that can be said
    }
  }
}

/** SQLite's error, with the file that it is about. */
export function databaseError(error: unknown, path: string): unknown {
  if (!codeOf(error).startsWith('SQLITE_')) return error
  const { code, message } = toStoreError(error)
  return new StoreError(code, `${path}: ${message}`, { cause: error })
}

/** One row in place of all those from `from` to `last`; without `last`, of all from there on. */
function lostRows(from: bigint, last: bigint | undefined): SourceRow {
  const cells: Cells = new Map()
  if (from === last) return { id: from, cells, damage: 'the part of the file that it stands on is damaged' }
  const which = [
    ...(from === ROWID_MIN ? [] : [`from ${from}`]),
    ...(last === undefined ? ['to the end, however many there were,'] : [`to ${last}`]),
  ]
  const damage = `the part of the file that the rows ${which.join(' ')} stand on is damaged`
  const first = from === ROWID_MIN ? 1n : from // the crate's ids begin with 1
  return { id: last !== undefined && isSafe(last) ? last : first, cells, damage }
}
