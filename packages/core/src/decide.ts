import type { FailedCondition } from './change.ts'
import type { Day } from './day.ts'
import type { DriverChange, DriverCondition, Operation, UsageTotalAfter, WriteUnit } from './driver.ts'
import { StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { readableCooldown, readableUsage } from './readable.ts'
import type { EntryId, NodeId, OperationId, Scope } from './values.ts'
import { describe } from './values.ts'

/** What is stored where a group of units is about to be applied. Each is asked only for keys that `keysOf` names. */
export interface StoredState {
  /** The sum over all nodes of the rows that hold a duration, and how many rows do not. */
  usage(key: UsageKey): { readonly durationMs: number; readonly unreadable: number }
  /** `undefined`: none. An Invalid Date: unreadable. */
  cooldown(key: CooldownKey): Date | undefined
  /** 0: never saved. */
  revision(key: SnapshotKey): number
  operation(key: OperationKey): RecordedOperation | undefined
}

export type UsageKey = { readonly scope: Scope; readonly entryId: EntryId; readonly day: Day }
export type CooldownKey = { readonly scope: Scope; readonly entryId: EntryId }
export type SnapshotKey = { readonly scope: Scope; readonly node: NodeId }
export type OperationKey = { readonly scope: Scope; readonly id: OperationId }

export interface RecordedOperation {
  readonly digest: string
  readonly firstAuditId: number
  readonly auditCount: number
}

/** What is to become of a unit. Only `apply` writes anything. */
export type Decision =
  | { readonly type: 'apply'; readonly usage: readonly UsageTotalAfter[] }
  /** Applied before: as recorded, or by the unit `inGroup` of the same group. */
  | {
      readonly type: 'repeated'
      readonly recorded: RecordedOperation | undefined
      readonly inGroup: number | undefined
      readonly usage: readonly UsageTotalAfter[]
    }
  | { readonly type: 'refused'; readonly failed: readonly FailedCondition[] }
  | { readonly type: 'mismatch' }
  | { readonly type: 'failed'; readonly error: StoreError }

/**
 * Decides unit by unit, each on what is stored and what the units before it will have done. The driver calls this
 * while it holds whatever keeps `stored` as it is until it has applied what was decided.
 */
export function decideGroup(units: readonly WriteUnit[], stored: StoredState): readonly Decision[] {
  const group = new GroupEffects(stored)
  return units.map((unit, index) => {
    const decision = decideUnit(unit, group)
    if (decision.type === 'apply') group.apply(unit, index)
    return decision
  })
}

function decideUnit(unit: WriteUnit, state: GroupEffects): Decision {
  try {
    const { operation, changes } = unit
    const earlier = operation === undefined ? undefined : state.operation(operation)
    if (earlier !== undefined && earlier.digest !== operation?.digest) return { type: 'mismatch' }
    if (earlier !== undefined) {
      const { recorded, inGroup } = earlier
      return { type: 'repeated', recorded, inGroup, usage: totalsAfter(changes, state, { adding: false }) }
    }
    const failed = unit.conditions.flatMap((condition) => checkCondition(condition, state) ?? [])
    if (failed.length > 0) return { type: 'refused', failed }
    for (const change of changes)
      if (change.table === 'cooldown' && change.keepLater) readableCooldown(change.entryId, state.cooldown(change))
    return { type: 'apply', usage: totalsAfter(changes, state, { adding: true }) }
  } catch (error) {
    if (error instanceof StoreError) return { type: 'failed', error }
    throw error
  }
}

function checkCondition(condition: DriverCondition, state: GroupEffects): FailedCondition | undefined {
  switch (condition.type) {
    case 'usage_below': {
      const { type, entryId, day, limitMs } = condition
      const usedMs = state.usageMs(condition)
      return usedMs < limitMs ? undefined : { type, entryId, day, limitMs, usedMs }
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
  }
}

/** The totals of the days that the unit adds to. @throws StoreError `INVALID_ARGUMENT` past the largest duration. */
function totalsAfter(
  changes: readonly DriverChange[],
  state: GroupEffects,
  { adding }: { readonly adding: boolean },
): readonly UsageTotalAfter[] {
  const totals = new Map<string, UsageTotalAfter>()
  for (const change of changes) {
    if (change.table !== 'usage') continue
    const { scope, entryId, day } = change
    const key = usageKey(change)
    const usedMs = (totals.get(key)?.usedMs ?? state.usageMs(change)) + (adding ? change.addMs : 0)
    if (usedMs > LIMITS.DURATION_MS_MAX) {
      throw new StoreError(
        'INVALID_ARGUMENT',
        `the usage of entry ${describe(entryId)} on ${day} would pass 2^53 - 1 ms`,
      )
    }
    totals.set(key, { scope, entryId, day, usedMs })
  }
  return [...totals.values()]
}

/** What is stored, as changed by the units of the group that came before. */
class GroupEffects {
  readonly #stored: StoredState
  readonly #addedMs = new Map<string, number>()
  readonly #cooldowns = new Map<string, Date | undefined>()
  readonly #saves = new Map<string, number>()
  readonly #operations = new Map<string, { readonly digest: string; readonly inGroup: number }>()

  constructor(stored: StoredState) {
    this.#stored = stored
  }

  usageMs(key: UsageKey): number {
    const { scope, entryId, day } = key
    const { durationMs, unreadable } = this.#stored.usage({ scope, entryId, day })
    return readableUsage(key, { durationMs: durationMs + (this.#addedMs.get(usageKey(key)) ?? 0), unreadable })
  }

  cooldown(key: CooldownKey): Date | undefined {
    const name = cooldownKey(key)
    if (this.#cooldowns.has(name)) return this.#cooldowns.get(name)
    return this.#stored.cooldown({ scope: key.scope, entryId: key.entryId })
  }

  revision(key: SnapshotKey): number {
    return this.#stored.revision({ scope: key.scope, node: key.node }) + (this.#saves.get(snapshotKey(key)) ?? 0)
  }

  operation(
    key: Operation,
  ): { digest: string; recorded: RecordedOperation | undefined; inGroup: number | undefined } | undefined {
    const earlier = this.#operations.get(operationKey(key))
    if (earlier !== undefined) return { ...earlier, recorded: undefined }
    const recorded = this.#stored.operation({ scope: key.scope, id: key.id })
    return recorded === undefined ? undefined : { digest: recorded.digest, recorded, inGroup: undefined }
  }

  apply({ operation, changes }: WriteUnit, index: number): void {
    if (operation !== undefined) {
      this.#operations.set(operationKey(operation), { digest: operation.digest, inGroup: index })
    }
    for (const change of changes) {
      switch (change.table) {
        case 'audit':
          break
        case 'usage':
          this.#addedMs.set(usageKey(change), (this.#addedMs.get(usageKey(change)) ?? 0) + change.addMs)
          break
        case 'cooldown': {
          const stands = change.keepLater ? this.cooldown(change) : undefined
          const later = stands !== undefined && change.until !== undefined && stands > change.until
          this.#cooldowns.set(cooldownKey(change), later ? stands : change.until)
          break
        }
        case 'snapshot':
          this.#saves.set(snapshotKey(change), (this.#saves.get(snapshotKey(change)) ?? 0) + 1)
          break
      }
    }
  }
}

/** What a unit's decision depends on: the keys to read before `decideGroup`, under the lock. */
export interface GroupKeys {
  readonly usage: readonly UsageKey[]
  readonly cooldowns: readonly CooldownKey[]
  readonly snapshots: readonly SnapshotKey[]
  readonly operations: readonly OperationKey[]
}

export function keysOf(units: readonly WriteUnit[]): GroupKeys {
  const usage = new Map<string, UsageKey>()
  const cooldowns = new Map<string, CooldownKey>()
  const snapshots = new Map<string, SnapshotKey>()
  const operations = new Map<string, OperationKey>()
  for (const { operation, conditions, changes } of units) {
    if (operation !== undefined) operations.set(operationKey(operation), operation)
    for (const condition of conditions) {
      if (condition.type === 'usage_below') usage.set(usageKey(condition), condition)
      else if (condition.type === 'no_cooldown') cooldowns.set(cooldownKey(condition), condition)
      else snapshots.set(snapshotKey(condition), condition)
    }
    for (const change of changes) {
      if (change.table === 'usage') usage.set(usageKey(change), change)
      else if (change.table === 'cooldown' && change.keepLater) cooldowns.set(cooldownKey(change), change)
    }
  }
  return {
    usage: [...usage.values()],
    cooldowns: [...cooldowns.values()],
    snapshots: [...snapshots.values()],
    operations: [...operations.values()],
  }
}

/** One text for each key: ids may contain any separator, so they are quoted. */
export function usageKey({ scope, day, entryId }: UsageKey): string {
  return JSON.stringify([scope, day, entryId])
}

export function cooldownKey({ scope, entryId }: CooldownKey): string {
  return JSON.stringify([scope, entryId])
}

export function snapshotKey({ scope, node }: SnapshotKey): string {
  return JSON.stringify([scope, node])
}

export function operationKey({ scope, id }: OperationKey): string {
  return JSON.stringify([scope, id])
}
