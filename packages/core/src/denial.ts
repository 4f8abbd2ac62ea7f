import type { AuditRecord, DenialReason } from './audit.ts'
import type { FailedCondition, WriteOptions } from './change.ts'
import { fromArguments, invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { Store } from './store.ts'
import type { EntryId } from './values.ts'
import { checkFields, checkList, describe } from './values.ts'

/**
 * Appends `launch_denied` with the reasons of a refused start, and returns the record.
 * @throws StoreError as `appendAudit`.
 */
export async function recordDenial(
  store: Store,
  denial: { readonly entryId: EntryId; readonly failed: readonly FailedCondition[] },
  options?: WriteOptions,
): Promise<AuditRecord> {
  const event = fromArguments(() => {
    const { entryId, failed } = checkFields(denial, ['entryId', 'failed'], 'denial')
    return { type: 'launch_denied', entryId, reasons: denialReasons(failed) } as const
  })
  return store.appendAudit(event, options)
}

/** Why a start was refused, as facts that a child can be shown, each once. @throws StoreError `INVALID_ARGUMENT`. */
export function denialReasons(failed: readonly FailedCondition[]): readonly DenialReason[] {
  return fromArguments(() => {
    const reasons = checkList(failed, 'failed', 0, LIMITS.CONDITIONS_MAX).map(reasonOf)
    return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()]
  })
}

function reasonOf(condition: FailedCondition): DenialReason {
  switch (condition.type) {
    case 'usage_below': {
      const { usedMs, reservedMs, limitMs, grantedMs, period } = condition
      const times = { usedMs: usedMs + reservedMs, quotaMs: limitMs + grantedMs }
      return { type: 'quota_exhausted', ...times, ...(period === 'day' ? {} : { period }) }
    }
    case 'no_cooldown':
      return { type: 'cooldown_active', until: condition.until }
    case 'no_open_session': {
      const { entryId, node, label } = condition
      return { type: 'session_active', entryId, node, ...(label === undefined ? {} : { label }) }
    }
    case 'session_is_new':
      return { type: 'other', text: 'this session has ended already' }
    case 'snapshot_revision_is':
      return { type: 'other', text: `the snapshot has revision ${condition.revision}` }
    default:
      throw invalidArgument(`there is no condition ${describe((condition as { readonly type: unknown }).type)}`)
  }
}
