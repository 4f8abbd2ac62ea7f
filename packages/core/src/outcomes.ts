import type { Decision } from './decide.ts'
import type { AuditContent, AuditPosition, DriverChange, WriteOutcome, WriteUnit } from './driver.ts'

/**
 * The outcome of each unit, once what was decided has been applied. `positions`: where the applied units' records
 * are, in order.
 */
export function outcomesOf(
  units: readonly WriteUnit[],
  decisions: readonly Decision[],
  positions: readonly AuditPosition[],
): readonly WriteOutcome[] {
  const made: WriteOutcome[] = []
  let next = 0
  for (const [index, decision] of decisions.entries()) {
    switch (decision.type) {
      case 'apply': {
        const count = auditContents(units[index]?.changes ?? []).length
        made.push({ type: 'applied', audits: positions.slice(next, next + count), usage: decision.usage })
        next += count
        break
      }
      case 'repeated': {
        const { recorded, inGroup, usage } = decision
        const twin = inGroup === undefined ? undefined : made[inGroup]
        const audits =
          twin?.type === 'applied'
            ? { first: twin.audits[0]?.id ?? 0, count: twin.audits.length }
            : { first: recorded?.firstAuditId ?? 0, count: recorded?.auditCount ?? 0 }
        made.push({ type: 'repeated', audits, usage })
        break
      }
      case 'refused':
      case 'mismatch':
      case 'failed':
        made.push(decision)
    }
  }
  return made
}

/** The records that the changes append, in order. */
export function auditContents(changes: readonly DriverChange[]): readonly AuditContent[] {
  return changes.flatMap((change) => (change.table === 'audit' ? [change.content] : []))
}
