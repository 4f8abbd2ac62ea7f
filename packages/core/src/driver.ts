import type { AuditHead } from './audit.ts'
import type { CalendarSettings } from './calendar.ts'
import type { FailedCondition } from './change.ts'
import type { CheckProblem } from './check-report.ts'
import type { Day } from './day.ts'
import type { DriverChange } from './driver-changes.ts'
import type { AuditRow, SessionRow } from './effects.ts'
import type { StoreError } from './errors.ts'
import type { DriverStatus } from './health.ts'
import type { Period, Span } from './period.ts'
import type { NodeRecord, SessionAfter } from './session.ts'
import type { DurationMs, EntryId, NodeId, OperationId, Scope, SessionId } from './values.ts'

/**
 * What a backend provides. All that it receives is validated and complete: no clock to look at, no id to invent, no
 * JSON to understand. Rules that must not vary between backends are above it, in `createStore`, or beside it, in
 * `decideGroup`, which tells for each unit whether it is to be applied, and what is then to be written.
 */
export interface StoreDriver {
  /** The version of this interface; `createStore` refuses any other. */
  readonly contract: 1
  readonly capabilities: Capabilities
  /** The calendar that the database keeps. */
  readonly calendar: CalendarSettings
  /** Whether the event loop stands still while `write` waits for a disk. Default false. */
  readonly writesBlock?: boolean | undefined
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
   * Looks at a part of what is stored beside the records of the log, and changes nothing: the first one, or the one at
   * `place`, which is what an earlier step told as its `next`. Damage is told in the step; one that throws of damage is the
   * last. Absent: `check` of the store says that it is blind there.
   * @throws StoreError when it could not look.
   */
  check?(place?: CheckPlace): Promise<CheckStep>
  /**
   * Gives back what the driver holds. Called once, when nothing is under way but a step of a check, whose answer nobody
   * hears, or when what is has not ended within `LIMITS.CLOSE_TIMEOUT_MS`.
   */
  close(): Promise<void>
}

/** Where a check goes on. What is in it, the driver knows. */
export interface CheckPlace {
  readonly part: string
  readonly after?: unknown
}

export interface CheckStep {
  /** What was looked at: a table, or whatever else there is. */
  readonly part: string
  /** How many rows of it. */
  readonly checked: number
  readonly problems: readonly CheckProblem[]
  /** What it cannot detect, in sentences for a person. */
  readonly blindSpots: readonly string[]
  /** Absent: that was all. */
  readonly next?: CheckPlace
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
      readonly period: Period
      readonly limitMs: DurationMs
    }
  | { readonly type: 'no_cooldown'; readonly scope: Scope; readonly entryId: EntryId; readonly at: Date }
  | {
      readonly type: 'snapshot_revision_is'
      readonly scope: Scope
      readonly node: NodeId
      readonly revision: number
    }
  | { readonly type: 'no_open_session'; readonly scope: Scope; readonly node: NodeId }

export type WriteOutcome =
  | {
      readonly type: 'applied'
      /** The records that the unit appended, in order. */
      readonly audits: readonly AuditRow[]
      readonly usage: readonly UsageTotalAfter[]
      readonly sessions: readonly SessionOutcome[]
    }
  | {
      readonly type: 'repeated'
      /** Where the records are that the operation appended when it was applied. */
      readonly audits: AuditRange
      readonly usage: readonly UsageTotalAfter[]
      readonly sessions: readonly SessionOutcome[]
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

/** `SessionAfter`, of a row. */
export type SessionOutcome = Pick<SessionAfter, 'changed' | 'bookedMs'> & { readonly row: SessionRow }

export interface ReadRequest {
  readonly usage?: UsageRequest
  /** Extra time, and what open sessions have reserved, by entry. */
  readonly extra?: { readonly scope: Scope; readonly entryId?: EntryId; readonly span: Span; readonly limit: number }
  readonly sessions?: SessionRequest
  readonly nodes?: { readonly limit: number }
  readonly cooldowns?: { readonly scope: Scope; readonly entryId?: EntryId }
  readonly snapshots?: { readonly scope: Scope; readonly node: NodeId }
  readonly audits?: AuditRequest
  readonly log?: true
  /** The first record that is stored, be it behind the cut or not. */
  readonly firstAudit?: true
  /** Whether anything is kept of the scope, in the log or beside it. */
  readonly scopeKnown?: Scope
  /** Of the next `count` records: the first that a question about its time would not find. */
  readonly untoldTimes?: { readonly after: number; readonly count: number }
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

/** Records of the log behind its last cut, in its order. */
export interface AuditRequest {
  /** Absent: every scope. */
  readonly scope?: Scope
  readonly node?: NodeId
  /** One or more. */
  readonly types?: readonly string[]
  readonly entryId?: EntryId
  readonly sessionId?: SessionId
  /** Those whose timestamp lies in `[from, to)`. */
  readonly from?: Date
  readonly to?: Date
  readonly after?: number
  readonly before?: number
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** Ids and hashes of the log's ends; id 0 with `GENESIS_HASH` where there is nothing. */
export interface LogEnds {
  /** The last record that was ever appended. */
  readonly head: AuditHead
  /** The record that the log was last cut behind. */
  readonly start: AuditHead
  /** Where the log ended when a scope was last forgotten; 0: none was. */
  readonly forgottenId: number
}

/** Newest first: by `startedAt`, then scope, then id, all descending. */
export interface SessionRequest {
  /** Absent: every scope. */
  readonly scope?: Scope
  readonly sessionId?: SessionId
  readonly entryId?: EntryId
  readonly node?: NodeId
  readonly open?: true
  readonly after?: { readonly startedAt: Date; readonly scope: Scope; readonly sessionId: SessionId }
  readonly limit: number
}

export interface ReadResult {
  readonly usage: readonly UsageSum[]
  /** In any order. */
  readonly grants: readonly EntrySum[]
  readonly reserved: readonly EntrySum[]
  /** What cannot be read is an Invalid Date, or no safe integer. */
  readonly sessions: readonly SessionRow[]
  /** In the order of their names. */
  readonly nodes: readonly NodeRecord[]
  /** In any order. An unreadable `until` comes back as an Invalid Date. */
  readonly cooldowns: readonly { readonly entryId: EntryId; readonly until: Date }[]
  readonly snapshots: readonly { readonly revision: number; readonly text: string }[]
  readonly audits: readonly AuditRow[]
  /** Present when it is asked for. */
  readonly log?: LogEnds
  /** Absent when there is none. */
  readonly firstAuditId?: number
  /** Present when it is asked for. */
  readonly isScopeKnown?: boolean
  /** Absent when there is none, as always in a driver that finds times in the records themselves. */
  readonly untoldId?: number
}

export interface EntrySum extends Sum {
  readonly entryId: EntryId
}

export interface Sum {
  /** The sum of the rows that hold a duration. */
  readonly durationMs: number
  /** How many rows do not. */
  readonly unreadable: number
}

export interface UsageSum extends Sum {
  readonly day?: Day
  readonly entryId?: EntryId
  readonly node?: NodeId
  readonly scope?: Scope
}
