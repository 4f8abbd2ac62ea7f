import { nextTurn } from './deadline.ts'
import type { DriverChange } from './driver-changes.ts'
import type { AuditRequest, LogEnds } from './driver.ts'
import type { AuditRow } from './effects.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { StopSignal } from './stop-signal.ts'

/** Where the log ends and begins. */
export async function logEnds(engine: Engine): Promise<LogEnds> {
  const { log } = await engine.read({ log: true })
  if (log !== undefined) return log
  throw new StoreError('DATABASE', 'the driver did not say where the log ends: a defect of the driver, report it')
}

/** Whoever goes on behind a record must not pass over what has left the log meanwhile. @throws StoreError `NOT_FOUND` */
export function checkNoGap(log: LogEnds | undefined, after = 0): void {
  if (log === undefined || after === 0 || log.start.id <= after) return
  const { id } = log.start
  const message = `records ${after + 1} to ${id} were archived, and left the log; read them in the archive, then go on after ${id}`
  throw new StoreError('NOT_FOUND', message)
}

const GO_ON = 'what is done is kept, and the same call goes on with it'

export interface RowsOptions {
  readonly signal: StopSignal | undefined
  /** Records that leave the log meanwhile. */
  readonly gaps: 'refused' | 'passed_over'
  /** How one that is stopped is taken up again. */
  readonly goOn?: string
}

/** Every record that is asked for, page by page. */
export async function* rowsOf(
  engine: Engine,
  request: Omit<AuditRequest, 'limit' | 'order'>,
  { signal, gaps, goOn = GO_ON }: RowsOptions,
): AsyncIterable<AuditRow> {
  let after = request.after ?? 0
  for (;;) {
    checkSignalOf(signal, after, goOn)
    const { audits, log } = await engine.read({
      audits: { ...request, after, order: 'asc', limit: LIMITS.AUDIT_PAGE_LIMIT_MAX },
      log: true,
    })
    if (gaps === 'refused') checkNoGap(log, after)
    yield* audits
    const last = audits.at(-1)
    if (last === undefined || audits.length < LIMITS.AUDIT_PAGE_LIMIT_MAX) return
    after = last.id
    await nextTurn()
  }
}

/** Writes what stands alone in its group, with whatever belongs to it. */
export async function writeLogChanges(engine: Engine, changes: readonly DriverChange[]): Promise<readonly AuditRow[]> {
  const { outcome } = await engine.write({ conditions: [], changes })
  if (outcome.type === 'failed') throw outcome.error
  if (outcome.type === 'applied') return outcome.audits
  throw new StoreError('DATABASE', `the driver answered ${outcome.type}: a defect of the driver, report it`)
}

/** @throws StoreError `ABORTED` */
export function checkSignalOf(signal: StopSignal | undefined, id: number, goOn = GO_ON): void {
  if (signal?.aborted === true) throw stoppedAt(id, goOn)
}

export function stoppedAt(id: number, goOn = GO_ON): StoreError {
  return new StoreError('ABORTED', `the work was stopped behind record ${id}; ${goOn}`)
}
