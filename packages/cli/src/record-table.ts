import type { AuditRecord } from '@shepherd-store/core'
import { eventText } from './event-text.ts'
import { beside, type InstantFormat, instantFormat, visible } from './format.ts'
import type { Cell, Table } from './output.ts'

export interface RecordTableOptions {
  readonly timeZone: string
  /** Whether the records' nodes are shown, and their scopes. */
  readonly nodes: boolean
  readonly scopes: boolean
  /** The greatest id that is known of: there is room for it from the beginning. Default: the first part's. */
  readonly lastId?: number | undefined
}

/** A table of records that is printed part by part: what comes later stands under the titles of the first part. */
export class RecordTable {
  readonly #options: RecordTableOptions
  readonly #instant: InstantFormat
  /** Of all columns but the last. */
  readonly #widths: number[]
  #titled = false

  constructor(options: RecordTableOptions) {
    this.#options = options
    this.#instant = instantFormat(options.timeZone)
    this.#widths = this.#titles().map(({ length }) => length)
    this.#widths[0] = String(options.lastId ?? 0).length
  }

  /** The first part may be empty: then it is the titles alone. */
  part(records: readonly AuditRecord[]): Table {
    const rows = records.map((record) => ({ cells: this.#cells(record), what: this.#what(record) }))
    for (const { cells } of rows) {
      for (const [index, { length }] of cells.entries()) {
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, length)
      }
    }
    const titles = this.#titled ? this.#titles().map(() => '') : this.#padded(this.#titles())
    const last = this.#titled ? '' : 'What'
    this.#titled = true
    return {
      columns: [...titles, last].map((title) => ({ title })),
      rows: rows.map(({ cells, what }) => [...this.#padded(cells), what]),
    }
  }

  #titles(): readonly string[] {
    const { timeZone, nodes, scopes } = this.#options
    return ['#', `When (${timeZone})`, ...(nodes ? ['Node'] : []), ...(scopes ? ['Scope'] : [])]
  }

  #cells({ id, timestamp, node, scope }: AuditRecord): readonly string[] {
    const { nodes, scopes } = this.#options
    return [
      String(id),
      this.#instant(timestamp),
      ...(nodes ? [visible(node)] : []),
      ...(scopes ? [visible(scope)] : []),
    ]
  }

  /** As wide as the widest so far; the ids stand on the right. */
  #padded(cells: readonly string[]): readonly string[] {
    return cells.map((cell, index) => {
      const width = this.#widths[index] ?? 0
      return index === 0 ? cell.padStart(width) : cell.padEnd(width)
    })
  }

  #what({ timestamp, event }: AuditRecord): Cell {
    const text = eventText(event, beside(timestamp, this.#instant))
    if (event.type === 'unreadable') return { text, style: 'red' }
    return event.type === 'launch_denied' ? { text, style: 'yellow' } : text
  }
}
