import { auditRecord } from './audit-records.ts'
import type { Applied, Refused, UsageAfter } from './change.ts'
import type { WriteOutcome, WriteUnit } from './driver.ts'
import type { Written } from './engine.ts'
import { StoreError } from './errors.ts'
import { sessionRecord } from './session-records.ts'
import type { SessionAfter } from './session.ts'
import { describe } from './values.ts'

/** What the caller of `commit` is told. @throws StoreError what the unit failed with. */
export function commitResult({ operation }: WriteUnit, { outcome, repeatedRows }: Written): Applied | Refused {
  switch (outcome.type) {
    case 'applied':
      return { applied: true, repeated: false, audits: outcome.audits.map(auditRecord), ...after(outcome) }
    case 'repeated':
      return { applied: true, repeated: true, audits: repeatedRows.map(auditRecord), ...after(outcome) }
    case 'refused':
      return { applied: false, failed: outcome.failed }
    case 'mismatch':
      throw new StoreError(
        'OPERATION_MISMATCH',
        `the operation id ${describe(operation?.id)} was used for another write; give this one an id of its own`,
      )
    case 'failed':
      throw outcome.error
  }
}

function after({
  usage,
  sessions,
}: Extract<WriteOutcome, { readonly usage: unknown }>): Pick<Applied, 'usage' | 'sessions'> {
  return {
    usage: usage.map(({ entryId, day, usedMs }): UsageAfter => ({ entryId, day, usedMs })),
    sessions: sessions.map(({ row, changed, bookedMs }): SessionAfter => ({
      session: sessionRecord(row),
      changed,
      bookedMs,
    })),
  }
}
