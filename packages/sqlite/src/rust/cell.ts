import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue } from '@shepherd-store/core'

/** What a column holds, whatever its declared type. Text that is not valid in the database's encoding is its bytes. */
export type Cell = string | bigint | number | null | Buffer

/** The columns of one row, by their names. */
export type Cells = ReadonlyMap<string, Cell>

/** Columns of one row together, as JSON in bytes: what fits into an event beside its other fields. */
const KEPT_BYTES_MAX = 60_000

/**
 * The columns as the JSON of a quarantine record: text as it is, numbers as text, bytes as `x'00ff'`. Nothing
 * is cut: a column that does not fit is named by its size and SHA-256, and remains in the source alone.
 */
export function keptCells(cells: Cells): { readonly columns: JsonObject; readonly complete: boolean } {
  const columns: Record<string, JsonValue> = {}
  let left = KEPT_BYTES_MAX
  let complete = true
  for (const [name, cell] of cells) {
    const text = cellText(cell)
    const bytes = Buffer.byteLength(JSON.stringify(text))
    if (bytes <= left) {
      columns[name] = cell === null ? null : text
      left -= bytes
    } else {
      columns[name] = { omitted_bytes: Buffer.byteLength(text), sha256: sha256(text) }
      complete = false
    }
  }
  return { columns, complete }
}

/** What names the content of a row, for good. */
export function cellsDigest(table: string, id: number | bigint, cells: Cells): string {
  return sha256(
    JSON.stringify([table, String(id), [...cells].map(([name, cell]) => [name, typeof cell, cellText(cell)])]),
  )
}

/** Whether JavaScript has this number. */
export function isSafe(id: bigint): boolean {
  return Number.isSafeInteger(Number(id))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (cell === null) return 'NULL'
  return Buffer.isBuffer(cell) ? `x'${cell.toString('hex')}'` : String(cell)
}
