import type { Condition, FailedCondition } from '../../change.ts'
import { present } from './fields.ts'
import { cooldownOf, grantedOf, type ModelState, type ModelWriter, reservedOf, snapshotOf, usedOf } from './state.ts'

/** What was found, when the condition does not hold. */
export function failureOf(
  state: ModelState,
  { scope, node, now }: ModelWriter,
  condition: Condition,
): FailedCondition | undefined {
  switch (condition.type) {
    case 'usage_below': {
      const { type, entryId, day, period = 'day', limitMs } = condition
      const span = { scope, entryId, day, period }
      const usedMs = usedOf(state, span)
      const reservedMs = reservedOf(state, span)
      const grantedMs = grantedOf(state, span)
      if (usedMs + reservedMs < limitMs + grantedMs) return undefined
      return { type, entryId, day, period, limitMs, usedMs, reservedMs, grantedMs }
    }
    case 'no_cooldown': {
      const { type, entryId, at = now } = condition
      const until = cooldownOf(state, { scope, entryId })
      return until === undefined || until <= at ? undefined : { type, entryId, until }
    }
    case 'snapshot_revision_is': {
      const revision = snapshotOf(state, { scope, node })?.revision ?? 0
      return revision === condition.revision ? undefined : { type: condition.type, revision }
    }
    case 'no_open_session': {
      const open = state.sessions.find((row) => row.scope === scope && row.node === node && row.endedAt === undefined)
      if (open === undefined) return undefined
      const { sessionId, entryId, label, startedAt } = open
      return present({ type: condition.type, sessionId, entryId, label, node, startedAt })
    }
  }
}
