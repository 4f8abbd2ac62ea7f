import type { AuditEvent, AuditRecord, OriginalRecord } from './audit.ts'
import type { Day } from './day.ts'
import type { StateSnapshot } from './snapshot.ts'
import type { DurationMs, EntryId, OperationId } from './values.ts'

/** One effect of a commit, as data. It happens in the store's own scope and node. */
export type Change =
  | { readonly type: 'append_audit'; readonly event: AuditEvent }
  /** Appends a record of another store, with its time and its text as they were there. */
  | {
      readonly type: 'import_audit'
      readonly timestamp: Date
      readonly event: AuditEvent
      readonly original: OriginalRecord
    }
  | { readonly type: 'add_usage'; readonly entryId: EntryId; readonly day: Day; readonly durationMs: DurationMs }
  | { readonly type: 'set_cooldown'; readonly entryId: EntryId; readonly until: Date }
  /** Sets the cooldown unless a later one stands: machines do not shorten each other's. */
  | { readonly type: 'extend_cooldown'; readonly entryId: EntryId; readonly until: Date }
  | { readonly type: 'clear_cooldown'; readonly entryId: EntryId }
  | { readonly type: 'save_snapshot'; readonly snapshot: StateSnapshot }

/** What must hold at the instant of the commit, looked at before any of its changes. */
export type Condition =
  /** The entry's total on `day`, over all nodes, is less than `limitMs`. */
  | { readonly type: 'usage_below'; readonly entryId: EntryId; readonly day: Day; readonly limitMs: DurationMs }
  /** No cooldown runs at `at` (default now). One that ends at `at` runs no more. */
  | { readonly type: 'no_cooldown'; readonly entryId: EntryId; readonly at?: Date | undefined }
  /** This node's snapshot has this revision; 0: it was never saved. */
  | { readonly type: 'snapshot_revision_is'; readonly revision: number }

/** A condition that did not hold, with what was found instead. */
export type FailedCondition =
  | {
      readonly type: 'usage_below'
      readonly entryId: EntryId
      readonly day: Day
      readonly limitMs: DurationMs
      /** The total that was found, in milliseconds. */
      readonly usedMs: DurationMs
    }
  | { readonly type: 'no_cooldown'; readonly entryId: EntryId; readonly until: Date }
  /** `revision` is the one that was found. */
  | { readonly type: 'snapshot_revision_is'; readonly revision: number }

export interface WriteOptions {
  /**
   * Makes the write safe to repeat: the same id with the same content is applied once in its scope, and later calls
   * return what the first one stored. Remembered for 30 days. A commit that was refused is not remembered.
   */
  readonly operationId?: OperationId | undefined
  /** When the operation was first tried, for callers that may repeat it days later. Older than 30 days is refused. */
  readonly operationAt?: Date | undefined
}

export interface CommitOptions extends WriteOptions {
  /** Default: none; then the commit is never refused. */
  readonly if?: readonly Condition[] | undefined
}

/** The commit took effect, now or (`repeated`) when its operation id was first seen. */
export interface Applied {
  readonly applied: true
  readonly repeated: boolean
  /** The records that the commit appended, in order. */
  readonly audits: readonly AuditRecord[]
  /**
   * The totals of the entries and days that the commit added to, over all nodes: at least everything acknowledged
   * before the call, and this commit. Of a repeated commit: as they stand now.
   */
  readonly usage: readonly UsageAfter[]
}

export interface UsageAfter {
  readonly entryId: EntryId
  readonly day: Day
  readonly usedMs: DurationMs
}

/** At least one condition did not hold; nothing was written. */
export interface Refused {
  readonly applied: false
  /** Every condition that did not hold, in the order in which they were given. */
  readonly failed: readonly FailedCondition[]
}
