import type { AuditRecord, DenialReason } from './audit.ts'
import type { FailedCondition, WriteOptions } from './change.ts'
import type { Store } from './store.ts'
import type { EntryId } from './values.ts'

/**
 * Appends `launch_denied` with the reasons of a refused start, and returns the record.
 * @throws StoreError as `appendAudit`.
 */
export function recordDenial(
  store: Store,
  denial: { readonly entryId: EntryId; readonly failed: readonly FailedCondition[] },
  options?: WriteOptions,
): Promise<AuditRecord> {
  const { entryId, failed } = denial
  return store.appendAudit({ type: 'launch_denied', entryId, reasons: denialReasons(failed) }, options)
}

/** Why a start was refused, as facts that a child can be shown. */
export function denialReasons(failed: readonly FailedCondition[]): readonly DenialReason[] {
  return failed.map((condition): DenialReason => {
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
    }
  })
}
