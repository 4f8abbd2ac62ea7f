import type { SessionRow } from './effects.ts'
import { messageOf, StoreError } from './errors.ts'
import { describe } from './values.ts'
import { decodeSessionDetail, encodeSessionDetail, type SessionDetail } from './wire.ts'

/** The row, if all that decisions depend on could be read. @throws StoreError `MALFORMED`. */
export function readableSession(row: SessionRow): SessionRow {
  const problem = problemOfSession(row)
  if (problem === undefined) return row
  throw new StoreError(
    'MALFORMED',
    `the row of session ${describe(row.sessionId)} cannot be read (${problem}); repair it`,
  )
}

/** What of the row's columns cannot be read. */
export function problemOfSession(row: SessionRow): string | undefined {
  const { startedAt, deadline, lastReportedAt, endedAt, durationMs, report, reserved } = row
  const instants = { startedAt, deadline, lastReportedAt, endedAt }
  const bad = Object.entries(instants).find(([, at]) => at !== undefined && Number.isNaN(at.getTime()))
  if (bad !== undefined) return `${bad[0]} is not an instant`
  const numbers = { durationMs, report, reservedMs: reserved?.durationMs ?? 0 }
  const odd = Object.entries(numbers).find(([, value]) => !isCount(value))
  return odd === undefined ? undefined : `${odd[0]} is not a whole number`
}

/** @throws StoreError `MALFORMED`. */
export function detailOf({ sessionId, text }: SessionRow): SessionDetail {
  const { detail, problem } = lookAtDetail(text)
  if (problem === undefined) return detail
  throw new StoreError('MALFORMED', `the row of session ${describe(sessionId)} cannot be read (${problem}); recover it`)
}

/** What is kept beside the row's columns, as far as it can be read, and why not all of it. */
export function lookAtDetail(text: string): { readonly detail: SessionDetail; readonly problem?: string } {
  try {
    return { detail: decodeSessionDetail(text) }
  } catch (error) {
    return { detail: { warningsIssuedMs: [] }, problem: messageOf(error) }
  }
}

/** The row without what of it cannot be read: a session must be ended, whatever became of its row. */
export function recoverable(row: SessionRow, now: Date): { readonly row: SessionRow; readonly problem?: string } {
  const { detail, problem: ofDetail } = lookAtDetail(row.text)
  const problem = problemOfSession(row) ?? ofDetail
  if (problem === undefined) return { row }
  const { deadline, reserved, ...rest } = row
  const lastReportedAt = known(row.lastReportedAt) ?? now
  const readable: SessionRow = {
    ...rest,
    startedAt: known(row.startedAt) ?? lastReportedAt,
    lastReportedAt,
    ...(deadline === undefined || known(deadline) === undefined ? {} : { deadline }),
    report: isCount(row.report) ? row.report : 0,
    durationMs: isCount(row.durationMs) ? row.durationMs : 0,
    ...(reserved !== undefined && isCount(reserved.durationMs) ? { reserved } : {}),
    text: encodeSessionDetail(detail),
  }
  return { row: readable, problem }
}

function known(at: Date | undefined): Date | undefined {
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
