import type { JsonValue, OtherEvent } from '@shepherd-store/core'
import { type Cells, cellsDigest, isSafe, keptCells } from './cell.ts'
import type { Problems, RowProblem } from './report.ts'
import type { RustTable, SourceRow } from './table-reader.ts'
import type { ImportWriter } from './writer.ts'

type OtherTable = Exclude<RustTable, 'audit_log'>

/** The name of the event that holds a row which could not be read. */
const UNREADABLE_ROW = 'rust_row_unreadable'

export interface QuarantinedRow {
  readonly event: OtherEvent
  /** What names the row's content, for good. */
  readonly digest: string
  readonly kept: RowProblem['quarantined']
}

/** The event that holds the row: `cells` are those of its columns that have no other place in the record. */
export function quarantinedRow(table: RustTable, row: SourceRow, cells: Cells, problem: string): QuarantinedRow {
  const { columns, complete } = keptCells(cells)
  const digest = cellsDigest(table, row.id, row.cells)
  const data = { table, row: rowNumber(row), problem, columns, digest }
  const kept = row.damage === undefined ? (complete ? 'whole' : 'in_part') : 'no'
  return { event: { type: 'other', name: UNREADABLE_ROW, data }, digest, kept }
}

/** Why a row is not imported. */
export interface Obstacle {
  readonly problem: string
  /** `store`: the row is sound, and what the store has in its place is not. */
  readonly fault: 'row' | 'store'
}

/** A row's id as the report and the log have it. */
export function rowNumber({ id }: SourceRow): number | string {
  return isSafe(id) ? Number(id) : String(id)
}

/**
 * Keeps rows of the tables that have no place in the log: each becomes a record of its own, appended once, however
 * often the source is imported. A sound source adds none, and then nothing is looked up.
 */
export class Quarantine {
  readonly #writer: ImportWriter
  readonly #problems: Problems
  #known: Promise<Set<JsonValue | undefined>> | undefined

  constructor(writer: ImportWriter, problems: Problems) {
    this.#writer = writer
    this.#problems = problems
  }

  /** Reports the row. It is kept unless the fault is the store's: then it waits in the source for a later import. */
  async refuse(table: OtherTable, row: SourceRow, { problem, fault }: Obstacle): Promise<void> {
    if (fault === 'row') await this.keep(table, row, problem)
    else this.#problems.add({ table, row: rowNumber(row), problem, quarantined: 'no' })
  }

  async keep(table: OtherTable, row: SourceRow, problem: string): Promise<void> {
    const { event, digest, kept } = quarantinedRow(table, row, row.cells, problem)
    this.#problems.add({ table, row: rowNumber(row), problem, quarantined: kept })
    this.#known ??= this.#load()
    const known = await this.#known
    if (known.has(digest)) return
    known.add(digest)
    await this.#writer.commit(`row ${digest}`, [{ type: 'append_audit', event }])
  }

  /** The rows that an earlier import kept, by their digests: operation ids are forgotten after 30 days. */
  async #load(): Promise<Set<JsonValue | undefined>> {
    const known = new Set<JsonValue | undefined>()
    const { view } = this.#writer
    for await (const { event } of view.readAudits({ node: view.node })) {
      if (event.type === 'other' && event.name === UNREADABLE_ROW) known.add(event.data['digest'])
    }
    return known
  }
}
