import { auditContent } from './audit-content.ts'
import type { FailedCondition } from './change.ts'
import { decideLog } from './decide-log.ts'
import { decideSession, earlierStart } from './decide-session.ts'
import type { DriverChange } from './driver-changes.ts'
import type { DriverCondition, SessionOutcome, UsageTotalAfter, WriteUnit } from './driver.ts'
import type { Effect } from './effects.ts'
import { StoreError, withOutcome } from './errors.ts'
import { daysOfCommand, operationKey, spanOfDay, usageKey, type UsageKey } from './group-keys.ts'
import { dayTotal, GroupState, type RecordedOperation, type StoredState } from './group-state.ts'
import { LIMITS } from './limits.ts'
import { spanOf } from './period.ts'
import { readableCooldown, readableGrant, readableReserved, readableUsage } from './readable.ts'
import { openSessionFailure, sessionRecord } from './session-records.ts'
import { describe } from './values.ts'

/** What is to become of a unit. Only `apply` writes anything. */
export type Decision =
  | {
      readonly type: 'apply'
      readonly effects: readonly Effect[]
      readonly usage: readonly UsageTotalAfter[]
      readonly sessions: readonly SessionOutcome[]
    }
  /** Applied before: as recorded, or by the unit `inGroup` of the same group; neither: a session that was started. */
  | {
      readonly type: 'repeated'
      readonly recorded: RecordedOperation | undefined
      readonly inGroup: number | undefined
      readonly usage: readonly UsageTotalAfter[]
      readonly sessions: readonly SessionOutcome[]
    }
  | { readonly type: 'refused'; readonly failed: readonly FailedCondition[] }
  | { readonly type: 'mismatch' }
  | { readonly type: 'failed'; readonly error: StoreError }

/**
 * Decides unit by unit, each on what is stored and what the units before it will have done. The driver calls this
 * while it holds whatever keeps `stored` as it is until it has applied what was decided.
 */
export function decideGroup(units: readonly WriteUnit[], stored: StoredState): readonly Decision[] {
  const group = new GroupState(stored)
  const applied = new Map<string, { readonly digest: string; readonly inGroup: number }>()
  return units.map((unit, index) => {
    const { operation } = unit
    const decision = decideUnit(unit, group, operation && applied.get(operationKey(operation)))
    if (decision.type !== 'apply') return decision
    for (const effect of decision.effects) group.apply(effect)
    if (operation !== undefined) applied.set(operationKey(operation), { digest: operation.digest, inGroup: index })
    return decision
  })
}

function decideUnit(
  unit: WriteUnit,
  group: GroupState,
  inGroup: { readonly digest: string; readonly inGroup: number } | undefined,
): Decision {
  try {
    const { operation, conditions, changes } = unit
    const recorded = operation && group.operation(operation)
    const digest = inGroup?.digest ?? recorded?.digest
    if (digest !== undefined && digest !== operation?.digest) return { type: 'mismatch' }
    if (digest !== undefined || changes.some((change) => earlierStart(change, group) !== undefined)) {
      return { type: 'repeated', recorded, inGroup: inGroup?.inGroup, ...asItStands(changes, group) }
    }
    const failed = conditions.flatMap((condition) => checkCondition(condition, group) ?? [])
    if (failed.length > 0) return { type: 'refused', failed }
    const draft = new GroupState(group)
    const sessions = changes.flatMap((change) => applyChange(change, draft) ?? [])
    return { type: 'apply', usage: totalsOf(changes, draft), sessions, effects: draft.effects }
  } catch (error) {
    if (error instanceof StoreError) return { type: 'failed', error }
    throw error
  }
}

/** How what was applied stands now. @throws StoreError when that cannot be read, which makes it no less applied */
function asItStands(changes: readonly DriverChange[], state: StoredState) {
  try {
    return { usage: totalsOf(changes, state), sessions: sessionsOf(changes, state) }
  } catch (error) {
    throw error instanceof StoreError ? withOutcome(error, 'unknown') : error
  }
}

function checkCondition(condition: DriverCondition, state: StoredState): FailedCondition | undefined {
  switch (condition.type) {
    case 'usage_below': {
      const { type, scope, entryId, day, period, limitMs } = condition
      const span = { scope, entryId, ...spanOf(day, period) }
      const usedMs = readableUsage(condition, state.usage(span))
      const reservedMs = readableReserved(condition, state.reserved(span))
      const grantedMs = readableGrant(condition, state.granted(span))
      if (usedMs + reservedMs < limitMs + grantedMs) return undefined
      return { type, entryId, day, period, limitMs, usedMs, reservedMs, grantedMs }
    }
    case 'no_cooldown': {
      const until = readableCooldown(condition.entryId, state.cooldown(condition))
      if (until === undefined || until <= condition.at) return undefined
      return { type: 'no_cooldown', entryId: condition.entryId, until: new Date(until) }
    }
    case 'snapshot_revision_is': {
      const revision = state.revision(condition)
      return revision === condition.revision ? undefined : { type: 'snapshot_revision_is', revision }
    }
    case 'no_open_session': {
      const open = state.openSession(condition)
      return open && openSessionFailure(sessionRecord(open))
    }
  }
}

function applyChange(change: DriverChange, draft: GroupState): SessionOutcome | undefined {
  switch (change.table) {
    case 'audit':
    case 'snapshot':
      draft.apply(change)
      break
    case 'usage':
      draft.apply(change)
      dayTotal(change, draft)
      break
    case 'cooldown':
      setCooldown(change, draft)
      break
    case 'correction':
      if (change.of === 'usage') adjustUsage(change, draft)
      else grantTime(change, draft)
      break
    case 'session':
      return decideSession(change, draft)
    case 'audit_cut':
    case 'audit_removal':
    case 'audit_restore':
    case 'forget':
    case 'erasure':
      decideLog(change, draft)
      break
  }
  return undefined
}

function setCooldown(
  { scope, entryId, until, keepLater, correction }: Extract<DriverChange, { table: 'cooldown' }>,
  draft: GroupState,
): void {
  if (keepLater) {
    const stands = readableCooldown(entryId, draft.cooldown({ scope, entryId }))
    if (stands !== undefined && until !== undefined && stands > until) return
  }
  if (correction !== undefined) {
    const { at, by, why, node } = correction
    const stood = draft.cooldown({ scope, entryId })
    // One that cannot be read is cleared all the same: that is how it is mended.
    const known = stood === undefined || Number.isNaN(stood.getTime()) ? {} : { until: stood }
    const event = { type: 'cooldown_cleared', entryId, ...known, by, why } as const
    draft.apply({ table: 'audit', content: auditContent({ timestamp: at, scope, node }, event) })
  }
  draft.apply({ table: 'cooldown', scope, entryId, ...(until === undefined ? {} : { until }) })
}

type CorrectionChange = Extract<DriverChange, { table: 'correction' }>

/** Takes from the node's own row first, then from the others', in the order of their names. */
function adjustUsage(change: CorrectionChange, draft: GroupState): void {
  const { scope, entryId, day, node, correction } = change
  const before = dayTotal(change, draft)
  const byMs = Math.max(change.byMs, -before)
  if (byMs > 0) draft.apply({ table: 'usage', scope, entryId, day, node, addMs: byMs })
  let left = Math.max(0, -byMs)
  const others = draft.nodeUsage({ scope, entryId, day }).filter((row) => row.node !== node)
  const own = draft.nodeUsage({ scope, entryId, day }).filter((row) => row.node === node)
  for (const row of [...own, ...others.toSorted((a, b) => (a.node < b.node ? -1 : 1))]) {
    const takenMs = Math.min(left, row.durationMs)
    if (takenMs > 0) draft.apply({ table: 'usage', scope, entryId, day, node: row.node, addMs: -takenMs })
    left -= takenMs
  }
  const { at, by, why } = correction
  const usedMs = dayTotal(change, draft)
  const event = { type: 'usage_adjusted', entryId, day, byMs, usedMs, by, why } as const
  draft.apply({ table: 'audit', content: auditContent({ timestamp: at, scope, node }, event) })
}

function grantTime(change: CorrectionChange, draft: GroupState): void {
  const { scope, entryId, day, node, correction } = change
  const before = readableGrant(change, draft.granted(spanOfDay(change)))
  const grantedMs = Math.max(0, before + change.byMs)
  if (grantedMs > LIMITS.DURATION_MS_MAX) {
    throw new StoreError(
      'INVALID_ARGUMENT',
      `the extra time of entry ${describe(entryId)} on ${day} would pass 2^53 - 1 ms`,
    )
  }
  draft.apply({ table: 'grant', scope, day, entryId, grantedMs })
  const { at, by, why } = correction
  const event = { type: 'time_granted', entryId, day, byMs: grantedMs - before, grantedMs, by, why } as const
  draft.apply({ table: 'audit', content: auditContent({ timestamp: at, scope, node }, event) })
}

/** The totals of the days that the changes are about. */
function totalsOf(changes: readonly DriverChange[], state: StoredState): readonly UsageTotalAfter[] {
  const totals = new Map<string, UsageTotalAfter>()
  for (const change of changes) {
    for (const { scope, entryId, day } of daysOf(change)) {
      const key = { scope, entryId, day }
      totals.set(usageKey(key), { ...key, usedMs: dayTotal(key, state) })
    }
  }
  return [...totals.values()]
}

/** The days whose totals the change is about. */
export function daysOf(change: DriverChange): readonly UsageKey[] {
  switch (change.table) {
    case 'usage':
      return [change]
    case 'correction':
      return change.of === 'usage' ? [change] : []
    case 'session': {
      const { scope, entryId } = change
      return daysOfCommand(change).map((day) => ({ scope, entryId, day }))
    }
    case 'audit':
    case 'cooldown':
    case 'snapshot':
    case 'audit_cut':
    case 'audit_removal':
    case 'audit_restore':
    case 'forget':
    case 'erasure':
      return []
  }
}

/** The sessions that the changes are about, as they stand. */
function sessionsOf(changes: readonly DriverChange[], state: StoredState): readonly SessionOutcome[] {
  return changes.flatMap((change) => {
    const row = change.table === 'session' ? state.session(change) : undefined
    return row === undefined ? [] : [{ row, changed: false, bookedMs: 0 }]
  })
}
