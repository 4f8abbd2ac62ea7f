import type { Decision } from './decide.ts'
import type { WriteOutcome } from './driver.ts'
import type { AuditContent, AuditPosition, Effect } from './effects.ts'
import { StoreError } from './errors.ts'

/**
 * The outcome of each unit, once what was decided has been applied. `positions`: where the applied units' records
 * are, in order.
 */
export function outcomesOf(
  decisions: readonly Decision[],
  positions: readonly AuditPosition[],
): readonly WriteOutcome[] {
  const made: WriteOutcome[] = []
  let next = 0
  for (const decision of decisions) {
    switch (decision.type) {
      case 'apply': {
        const { effects, usage, sessions } = decision
        const audits = auditContents(effects).map((content) => ({ ...content, ...placeOf(positions[next++]) }))
        made.push({ type: 'applied', audits, usage, sessions })
        break
      }
      case 'repeated': {
        const { recorded, inGroup, usage, sessions } = decision
        const twin = inGroup === undefined ? undefined : made[inGroup]
        const audits =
          twin?.type === 'applied'
            ? { first: twin.audits[0]?.id ?? 0, count: twin.audits.length }
            : { first: recorded?.firstAuditId ?? 0, count: recorded?.auditCount ?? 0 }
        made.push({ type: 'repeated', audits, usage, sessions })
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

/** The records among the effects, in order. */
export function auditContents(effects: readonly Effect[]): readonly AuditContent[] {
  return effects.flatMap((effect) => (effect.table === 'audit' ? [effect.content] : []))
}

function placeOf(position: AuditPosition | undefined): AuditPosition {
  if (position !== undefined) return position
  const message = 'the driver did not say where it put a record: a defect of the driver, report it'
  throw new StoreError('DATABASE', message, { outcome: 'unknown' })
}
