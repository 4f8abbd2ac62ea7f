import type { OriginalRecord } from './audit.ts'
import type { CalendarSettings } from './calendar.ts'
import type { FailedCondition } from './change.ts'
import type { Day } from './day.ts'
import type { StoreError } from './errors.ts'
import type { DriverStatus } from './health.ts'
import type { DurationMs, EntryId, NodeId, OperationId, Scope, SessionId } from './values.ts'

/**
 * What a backend provides. All that it receives is validated and complete: no clock to look at, no id to invent, no
 * JSON to understand. Rules that must not vary between backends are above it, in `createStore`, or beside it, in
 * `decideGroup`, which tells for each unit whether it is to be applied.
 */
export interface StoreDriver {
  /** The version of this interface; `createStore` refuses any other. */
  readonly contract: 1
  readonly capabilities: Capabilities
  /** The calendar that the database keeps. */
  readonly calendar: CalendarSettings
  /**
   * Applies the units in order, each whole or not at all, with one outcome each; resolves when what was applied is as
   * durable as `capabilities` says. A later unit sees the effects of an earlier one. Never called while an earlier
   * call of the same store is under way.
   * @throws StoreError when no unit was applied, or (`outcome: 'unknown'`) when that cannot be told.
   */
  write(units: readonly WriteUnit[]): Promise<readonly WriteOutcome[]>
  /** Reads everything that is asked for, as of one instant. What is not asked for comes back empty. */
  read(request: ReadRequest): Promise<ReadResult>
  /** Resolves if a read and a write would work now: it looks at the tables. @throws StoreError with the reason. */
  probe(): Promise<DriverStatus>
  /**
   * Gives back what the driver holds. Called once, when nothing is under way, or when what is has not ended within
   * `LIMITS.CLOSE_TIMEOUT_MS`.
   */
  close(): Promise<void>
}

export interface Capabilities {
  /** What an acknowledged write survives: the end of the process and a power cut, or nothing. */
  readonly durability: 'none' | 'power_loss'
  /** Who can share the data: handles in one process, processes on one machine, machines on a network. */
  readonly sharing: 'process' | 'machine' | 'network'
}

export interface WriteUnit {
  readonly operation?: Operation
  /** All must hold; they are looked at before the unit's changes. */
  readonly conditions: readonly DriverCondition[]
  readonly changes: readonly DriverChange[]
}

export interface Operation {
  readonly scope: Scope
  readonly id: OperationId
  /** SHA-256, in hexadecimal, of what the caller passed. */
  readonly digest: string
  readonly appliedAt: Date
  /** Operations applied before this instant may be forgotten, except for the newest `LIMITS.OPERATIONS_KEPT_MIN`. */
  readonly forgetBefore: Date
}

export type DriverCondition =
  | {
      readonly type: 'usage_below'
      readonly scope: Scope
      readonly entryId: EntryId
      readonly day: Day
      readonly limitMs: DurationMs
    }
  | { readonly type: 'no_cooldown'; readonly scope: Scope; readonly entryId: EntryId; readonly at: Date }
  | {
      readonly type: 'snapshot_revision_is'
      readonly scope: Scope
      readonly node: NodeId
      readonly revision: number
    }

export type DriverChange =
  | { readonly table: 'audit'; readonly content: AuditContent }
  | {
      readonly table: 'usage'
      readonly scope: Scope
      readonly day: Day
      readonly entryId: EntryId
      readonly node: NodeId
      readonly addMs: DurationMs
    }
  | {
      readonly table: 'cooldown'
      readonly scope: Scope
      readonly entryId: EntryId
      /** Absent: the cooldown is removed. */
      readonly until?: Date
      /** Keeps the later of the stored cooldown and this one. */
      readonly keepLater: boolean
    }
  /** Replaces the snapshot; its revision becomes one more than it was. */
  | { readonly table: 'snapshot'; readonly scope: Scope; readonly node: NodeId; readonly text: string }

export interface AuditContent {
  readonly timestamp: Date
  readonly scope: Scope
  readonly node: NodeId
  readonly type: string
  readonly entryId?: EntryId
  readonly sessionId?: SessionId
  /** The event as canonical JSON. To be kept byte for byte. */
  readonly text: string
  readonly original?: OriginalRecord
  /** `contentDigest` of all the above. */
  readonly digest: string
}

/** `id` is the previous record's plus one, from 1; `hash` is `linkHash` of the previous record's, the id and the digest. */
export interface AuditPosition {
  readonly id: number
  readonly hash: string
}

/** An unreadable `timestamp` comes back as an Invalid Date, an unreadable `original.id` as no safe integer. */
export type AuditRow = AuditContent & AuditPosition

export type WriteOutcome =
  | {
      readonly type: 'applied'
      /** One for each audit change of the unit, in order. */
      readonly audits: readonly AuditPosition[]
      readonly usage: readonly UsageTotalAfter[]
    }
  | {
      readonly type: 'repeated'
      /** Where the records are that the operation appended when it was applied. */
      readonly audits: AuditRange
      readonly usage: readonly UsageTotalAfter[]
    }
  | { readonly type: 'refused'; readonly failed: readonly FailedCondition[] }
  /** The operation's id was applied with another digest. */
  | { readonly type: 'mismatch' }
  | { readonly type: 'failed'; readonly error: StoreError }

/** `count` records from id `first`; `first` has no meaning when `count` is 0. */
export interface AuditRange {
  readonly first: number
  readonly count: number
}

export interface UsageTotalAfter {
  readonly scope: Scope
  readonly entryId: EntryId
  readonly day: Day
  readonly usedMs: DurationMs
}

export interface ReadRequest {
  readonly usage?: UsageRequest
  readonly cooldowns?: { readonly scope: Scope; readonly entryId?: EntryId }
  readonly snapshots?: { readonly scope: Scope; readonly node: NodeId }
  readonly audits?: AuditRequest
}

export interface UsageRequest {
  /** Absent: every scope. */
  readonly scope?: Scope
  readonly entryId?: EntryId
  readonly node?: NodeId
  /** `[from, to)`; without `to`, to the end of time. */
  readonly from: Day
  readonly to?: Day
  /** One sum for each combination of these that occurs; none of them: one sum, or nothing. In any order. */
  readonly by: readonly UsageKeyPart[]
  /** At most so many sums. */
  readonly limit: number
}

export type UsageKeyPart = 'day' | 'entryId' | 'node' | 'scope'

export interface AuditRequest {
  /** Absent: every scope. */
  readonly scope?: Scope
  readonly node?: NodeId
  readonly after?: number
  readonly before?: number
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

export interface ReadResult {
  readonly usage: readonly UsageSum[]
  /** In any order. An unreadable `until` comes back as an Invalid Date. */
  readonly cooldowns: readonly { readonly entryId: EntryId; readonly until: Date }[]
  readonly snapshots: readonly { readonly revision: number; readonly text: string }[]
  readonly audits: readonly AuditRow[]
}

export interface UsageSum {
  readonly day?: Day
  readonly entryId?: EntryId
  readonly node?: NodeId
  readonly scope?: Scope
  /** The sum of the rows that hold a duration. */
  readonly durationMs: number
  /** How many rows do not. */
  readonly unreadable: number
}
