import { styleText } from 'node:util'
import { jsonLine, jsonText, visible } from './format.ts'
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
  /** What people are told beside it, on stderr. */
  readonly note?: string | undefined
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
export function printReport(report: Report, out: Output, { json, env }: PrintOptions): void {
  out.write(json ? `${jsonText(report.data)}\n` : blocksText(report.text(), out, env))
}

export interface PrintOptions {
  readonly json: boolean
  readonly env: Environment
}

/** Prints while the work goes on: nothing is kept, and a reader that is slow is waited for. */
export class Printer {
  /** Whether it prints JSON, one object a line, and no text. */
  readonly json: boolean
  readonly #out: Output
  readonly #env: Environment
  readonly #signal: AbortSignal | undefined

  /** Once `signal` is aborted, nothing is waited for. */
  constructor(out: Output, { json, env, signal }: PrintOptions & { readonly signal?: AbortSignal | undefined }) {
    this.json = json
    this.#out = out
    this.#env = env
    this.#signal = signal
  }

  /** Resolves when the output takes more. */
  async blocks(blocks: readonly Block[]): Promise<void> {
    await this.#write(blocksText(blocks, this.#out, this.#env))
  }

  /** Each on a line of its own. Resolves when the output takes more. */
  async lines(data: readonly object[]): Promise<void> {
    await this.#write(data.map((item) => `${jsonLine(item)}\n`).join(''))
  }

  /** As it is, for programs; a terminal gets what `escape` makes of it. Resolves when the output takes more. */
  async raw(text: string, escape: (text: string) => string): Promise<void> {
    await this.#write(this.#out.isTTY === true ? escape(text) : text)
  }

  /** Resolves when the output holds nothing back, for whoever has been stopped, too. */
  async drained(): Promise<void> {
    if (this.#out.writableNeedDrain !== true) return
    await new Promise<void>((resolve) => {
      this.#out.once?.('drain', resolve)
    })
  }

  async #write(text: string): Promise<void> {
    this.#out.write(text)
    if (this.#out.writableNeedDrain !== true || this.#signal?.aborted === true) return
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        this.#signal?.removeEventListener('abort', goOn)
        resolve()
      }
      this.#signal?.addEventListener('abort', goOn)
      this.#out.once?.('drain', goOn)
    })
  }
}

function blocksText(blocks: readonly Block[], out: Output, env: Environment): string {
  const terminal = out.isTTY === true
  const colours = terminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const width = terminal ? (out.columns ?? 80) : Number.POSITIVE_INFINITY
  const paint = (cell: Cell): string => {
    if (typeof cell === 'string') return visible(cell)
    return colours ? styleText(cell.style, visible(cell.text), { validateStream: false }) : visible(cell.text)
  }
  const lines = blocks.map((block) => (isTable(block) ? tableText(block, paint, width) : paint(block)))
  return `${lines.join('\n')}\n`
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
