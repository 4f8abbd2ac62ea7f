import { parseArgs } from 'node:util'
import type { Row } from './row.ts'

export const USAGE = `usage: npm run bench [-- [--only ROW …] [--json FILE] [--check] [--list]]
  --only ROW   runs this row; may be repeated. Default: all rows
  --json FILE  also writes the figures to this file
  --check      ends with 1 when a row is past its limit, or could not be measured
  --list       names the rows, and runs none
SHEPHERD_BENCH_DIR is where files are made (default: the system's directory for temporary files), SHEPHERD_BENCH_RECORDS how
many records the large store has (default 10,000,000), SHEPHERD_TEST_POSTGRES_URL a PostgreSQL (default: one is started).`

export interface BenchOptions {
  readonly chosen: readonly Row[]
  readonly json: string | undefined
  readonly check: boolean
  readonly list: boolean
}

/** What was asked for, or what is wrong with it. */
export function optionsFrom(
  words: readonly string[],
  rows: readonly Row[],
): BenchOptions | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        only: { type: 'string', multiple: true },
        json: { type: 'string' },
        check: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    })
    const { only, json, check, list } = values
    const unknown = only?.find((id) => !rows.some((row) => row.id === id))
    if (unknown !== undefined) {
      return { problem: `there is no row ${unknown}; there are:\n${rows.map(({ id }) => `  ${id}`).join('\n')}` }
    }
    return { chosen: rows.filter(({ id }) => only === undefined || only.includes(id)), json, check, list }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
