import { eventLoop } from './event-loop.ts'
import { imports } from './import.ts'
import { memory } from './memory.ts'
import { postgres } from './postgres.ts'
import type { Row } from './row.ts'
import { sqliteReads } from './sqlite-reads.ts'
import { sqliteWrites } from './sqlite-writes.ts'
import { steadyState } from './steady-state.ts'

/** Every row, in the order in which they are run and shown. */
export const rows: readonly Row[] = [
  ...sqliteWrites,
  ...sqliteReads,
  ...memory,
  ...postgres,
  ...imports,
  ...steadyState,
  ...eventLoop,
]
