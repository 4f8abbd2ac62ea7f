import { styleText } from 'node:util'
import { jsonText, visible } from './format.ts'
import type { Output } from './io.ts'
import { type Column, layOut } from './table.ts'
import type { Environment } from './where.ts'

/** What a command found. */
export interface Report {
  /** What `--json` prints, as it is: camelCase keys, instants in ISO 8601, durations in milliseconds. */
  readonly data: object
  /** The same for people: lines and tables. */
  text(): readonly Block[]
  /** Whether something is wrong with what is stored. */
  readonly problems: boolean
}

export type Block = Cell | Table

/** A text of any content: it is made safe to look at where it is printed, so that no caller can forget it. */
export type Cell = string | { readonly text: string; readonly style: Style }
type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

/**
 * Prints the report: as JSON, or as text, which is the same on a terminal and in a pipe but for colours and for the
 * wrapping of long lines, which only a terminal gets. Nothing is cut off. It is for people; `--json` is for programs.
 */
export function printReport(report: Report, out: Output, { json, env }: { json: boolean; env: Environment }): void {
  if (json) {
    out.write(`${jsonText(report.data)}\n`)
    return
  }
  const terminal = out.isTTY === true
  const colours = terminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const width = terminal ? (out.columns ?? 80) : Number.POSITIVE_INFINITY
  const paint = (cell: Cell): string => {
    if (typeof cell === 'string') return visible(cell)
    return colours ? styleText(cell.style, visible(cell.text), { validateStream: false }) : visible(cell.text)
  }
  const lines = report.text().map((block) => (isTable(block) ? tableText(block, paint, width) : paint(block)))
  out.write(`${lines.join('\n')}\n`)
}

/** Names and values beside each other. */
export function facts(rows: readonly (readonly [name: string, value: Cell])[]): Table {
  return {
    columns: [{ title: '' }, { title: '' }],
    rows: rows.map(([name, value]) => [{ text: name, style: 'bold' }, value]),
  }
}

function isTable(block: Block): block is Table {
  return typeof block === 'object' && 'columns' in block
}

function tableText({ columns, rows }: Table, paint: (cell: Cell) => string, width: number): string {
  const titles = columns.map(({ title }) => ({ text: title, style: 'bold' }) as const)
  const titled = columns.some(({ title }) => title !== '') ? [titles, ...rows] : rows
  return layOut(
    columns,
    titled.map((row) => row.map(paint)),
    width,
  )
}
