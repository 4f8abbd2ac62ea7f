import { auditRecord } from './audit-records.ts'
import type { ReadRequestOf } from './audit-requests.ts'
import type { AuditHead, AuditRecord } from './audit.ts'
import { systemClock } from './clock.ts'
import { nextTurn, untilAborted } from './deadline.ts'
import type { LogEnds, ReadResult } from './driver.ts'
import type { Engine } from './engine.ts'
import { isStoreError, StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { checkNoGap } from './log-work.ts'
import type { StopSignal } from './stop-signal.ts'

/** The records that are asked for, page by page; with `follow` also those that are still to come. */
export async function* readPages(
  engine: Engine,
  { request, follow, signal }: ReadRequestOf,
): AsyncGenerator<AuditRecord> {
  let page = request
  /** Up to where the reader knows the log. */
  let known: AuditHead | undefined
  for (;;) {
    const knownHead = engine.log.head
    const result = await readPage(engine, { request: page, follow, signal })
    if (result !== undefined && page.order === 'asc') checkNoGap(result.log, page.after)
    if (result?.log !== undefined && follow && known === undefined) checkReached(result.log, page.after)
    if (result?.log !== undefined && known !== undefined) await checkSameLog(engine, result.log, known, signal)
    for (const row of result?.audits ?? []) {
      if (signal?.aborted === true) break
      yield auditRecord(row)
    }
    if (result === undefined || signal?.aborted === true) break
    const last = result.audits.at(-1)
    if (last !== undefined && result.audits.length === page.limit) {
      page = { ...page, ...(page.order === 'desc' ? { before: last.id } : { after: last.id }) }
      if (follow) known = last
      await nextTurn()
    } else if (follow) {
      // Up to the head of that instant nothing more is to come.
      const head = result.log?.head.id ?? 0
      engine.log.reaches(head, knownHead)
      known = result.log?.head
      page = { ...page, after: Math.max(head, page.after ?? 0) }
      await engine.log.beyond(page.after ?? 0, signal)
    } else return
  }
  if (!follow) throw new StoreError('ABORTED', 'the reader was stopped by its signal; go on behind its last record')
}

/**
 * A page and, of the same instant, where the log ends: `undefined` once it is stopped. A reader that follows outlasts a
 * database that is gone for a while.
 */
async function readPage(
  engine: Engine,
  { request, follow, signal }: ReadRequestOf,
): Promise<Pick<ReadResult, 'audits' | 'log'> | undefined> {
  const startedMs = systemClock.monotonicMs()
  for (;;) {
    if (signal?.aborted === true) return undefined
    try {
      return await untilAborted(engine.read({ audits: request, log: true }), signal)
    } catch (error) {
      const isOver = systemClock.monotonicMs() - startedMs > LIMITS.FOLLOW_OUTAGE_MS_MAX
      if (!follow || !isStoreError(error) || !error.retryable || isOver) throw error
      await engine.log.retry(signal)
    }
  }
}

/** Who follows behind a record that is not there yet would miss those that come before it. @throws StoreError `MALFORMED` */
function checkReached({ head }: LogEnds, after = 0): void {
  if (after <= head.id) return
  throw new StoreError(
    'MALFORMED',
    `the log ends with record ${head.id}, and was to be followed behind ${after}: its last records were lost, or it is another log; read it anew`,
  )
}

/** A database that came back without its last records goes on with others in their places. @throws StoreError `MALFORMED` */
async function checkSameLog(
  engine: Engine,
  log: LogEnds,
  known: AuditHead,
  signal: StopSignal | undefined,
): Promise<void> {
  if (known.id === 0 || (log.head.id === known.id && log.head.hash === known.hash)) return
  const request = { after: known.id - 1, before: known.id + 1, order: 'asc', limit: 1 } as const
  const found = await readPage(engine, { request, follow: true, signal })
  if (found === undefined) return
  const [stored] = found.audits
  // One that was archived meanwhile is not here, and the log is the same.
  if (log.head.id > known.id && (stored === undefined || stored.hash === known.hash)) return
  throw new StoreError(
    'MALFORMED',
    `the log is another one than it was up to record ${known.id}: its last records were lost, or a backup was restored; read it anew`,
  )
}
