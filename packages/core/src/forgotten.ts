import type { AuditRow } from './effects.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { logEnds, rowsOf } from './log-work.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Scope } from './values.ts'
import { describe } from './values.ts'
import { decodeEvent } from './wire.ts'

/** What of the log is to be erased, by the decisions that stand in it: up to which record, by scope. */
export type Forgotten = ReadonlyMap<Scope, number>

export async function forgottenIn(engine: Engine, signal: StopSignal | undefined): Promise<Forgotten> {
  const forgotten = new Map<Scope, number>()
  if ((await logEnds(engine)).forgottenId === 0) return forgotten
  for await (const { scope, text } of rowsOf(engine, { types: ['scope_forgotten'] }, { signal, gaps: 'passed_over' })) {
    const event = decodeEvent(text)
    if (event.type === 'scope_forgotten') forgotten.set(scope, Math.max(event.throughId, forgotten.get(scope) ?? 0))
  }
  return forgotten
}

/** @throws StoreError `BUSY` when the record still tells what is to be erased. */
export function checkErased(row: AuditRow, forgotten: Forgotten): void {
  const { id, scope } = row
  if (id > (forgotten.get(scope) ?? 0) || !isToBeErased(row)) return
  throw new StoreError(
    'BUSY',
    `record ${id} is to be erased, as scope ${describe(scope)} is forgotten; wait until that is done, or forget it again where it was stopped, then try again`,
  )
}

export function isToBeErased({ contentDigest: ofErased, type }: AuditRow): boolean {
  return ofErased === undefined && !STAYS.has(type)
}

/** What tells of the log as a whole: without it the log could not be verified. */
const STAYS: ReadonlySet<string> = new Set(['records_archived', 'scope_forgotten'])
