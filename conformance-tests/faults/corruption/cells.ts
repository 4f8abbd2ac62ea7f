import type { Seeded } from '../../session-processes/seeded.ts'

/** SQL round a store, whoever owns it. */
export interface RawSql {
  /** What a row of the table is known by: an SQL expression. */
  key(table: string): string
  /** Table, name and type of every column that may be changed. */
  readonly columns: string
  rows(sql: string): Promise<readonly (readonly unknown[])[]>
  /** No guard of the store keeps it from being done. @throws Error when the database does. */
  exec(sql: string): Promise<void>
}

export interface Column {
  readonly table: string
  readonly name: string
  readonly kind: keyof typeof VALUES
}

/** The value of a column in one of the rows. */
export interface Cell extends Column {
  /** Which row, counted round. */
  readonly row: number
  /** An SQL expression; `undefined`: what stands in the row behind that one. */
  readonly value: string | undefined
}

const LONG = 100_000
const VALUES = {
  number: [
    ...['0', '-1', '1', '7', '1000000', '2147483648', '4503599627370496', '9007199254740991', '9007199254740992'],
    ...['9223372036854775807', '-9223372036854775808'],
  ],
  text: [
    ...["''", "' '", "'x'", "'-1'", "'NaN'", "'null'", "'true'", "'[]'", "'{}'", "'{'", "'default'", "'local'"],
    ...["'__proto__'", "'constructor'", `'{"__proto__":{"type":"x"}}'`, `'{"type":"session_ended"}'`, `'{"type":7}'`],
    ...["'tomorrow'", "'2026-02-30'", "'2026-11-24'", "'1970-01-01T00:00:00.000Z'", "'2026-11-23T10:00:00Z'"],
    ...["'9999-12-31T23:59:59.999Z'", "'+010000-01-01T00:00:00.000Z'", "'-000001-01-01T00:00:00.000Z'"],
    ...[`'${'x'.repeat(LONG)}'`, `'${'['.repeat(LONG)}'`, `'"\u{1F600}\u0001\u007F\u2028'`, `'${'0'.repeat(64)}'`],
  ],
  instant: [
    ...["'infinity'", "'-infinity'", "'0001-01-01 BC'", "'1969-12-31T23:59:59.999Z'", "'10000-01-01'"],
    ...["'294000-01-01'", "'2026-11-23T10:00:00.0004Z'", "'2026-11-24'"],
  ],
  day: ["'infinity'", "'-infinity'", "'0001-01-01 BC'", "'10000-01-01'", "'2026-11-24'", "'1970-01-01'"],
} as const

/** A cell of any column, and a value that a hostile hand, or another program, could put there. */
export function chooseCell(columns: readonly Column[], { integer }: Seeded): Cell {
  const pick = <T>(all: readonly T[]): T => {
    const one = all[integer(0, all.length - 1)]
    if (one === undefined && all.length === 0) throw new RangeError('there is nothing to choose from')
    return one as T
  }
  const column = pick(columns)
  return { ...column, row: integer(0, 1_000), value: pick([undefined, 'null', ...VALUES[column.kind]]) }
}

/** The cells of a database, which are changed one at a time, and put back. */
export class Cells {
  readonly columns: readonly Column[]
  readonly #raw: RawSql
  readonly #tables: readonly string[]

  private constructor(raw: RawSql, columns: readonly Column[]) {
    this.#raw = raw
    this.columns = columns
    this.#tables = [...new Set(columns.map(({ table }) => table))]
  }

  /** Those of the rows that are there now. */
  static async of(raw: RawSql): Promise<Cells> {
    const columns = await raw.rows(raw.columns)
    const cells = new Cells(
      raw,
      columns.map(([table, name, type]) => ({
        table: String(table),
        name: String(name),
        kind: kindOf(String(type)),
      })),
    )
    for (const table of cells.#tables) await raw.exec(`create temporary table kept_${table} as select * from ${table}`)
    return cells
  }

  /** Something else stands in the cell. `false`: there is no such row, or the database takes no such value. */
  async spoil({ table, name, row, value }: Cell): Promise<boolean> {
    const key = this.#raw.key(table)
    const rows = await this.#raw.rows(`select cast(${key} as text) from ${table} order by ${key}`)
    const keyAt = (at: number) => `'${String(rows[at % rows.length]?.[0]).replaceAll("'", "''")}'`
    if (rows.length === 0) return false
    const other = `(select "${name}" from ${table} where ${key} = ${keyAt(row + 1)})`
    try {
      await this.#raw.exec(`update ${table} set "${name}" = ${value ?? other} where ${key} = ${keyAt(row)}`)
      return true
    } catch {
      return false
    }
  }

  /** All rows are as they were. */
  async putBack(): Promise<void> {
    await this.#raw.exec(
      this.#tables.map((table) => `delete from ${table}; insert into ${table} select * from kept_${table}`).join('; '),
    )
  }
}

function kindOf(type: string): Column['kind'] {
  if (/int/i.test(type)) return 'number'
  if (/timestamp/i.test(type)) return 'instant'
  return /^date$/i.test(type) ? 'day' : 'text'
}
