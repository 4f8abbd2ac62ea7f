import type { AuditHead, Correction, SessionEndReason } from './audit.ts'
import type { Day } from './day.ts'
import type { AuditContent } from './effects.ts'
import type { Period } from './period.ts'
import type { ClockJump, DayPlayed } from './session.ts'
import type { DurationMs, EntryId, NodeId, RunId, Scope, SessionId } from './values.ts'

/** What a caller asked for. What it means for the tables, `decideGroup` says: some of it depends on what is stored. */
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
      /** Whose decision it was: then the log tells it. */
      readonly correction?: Corrected
    }
  /** Replaces the snapshot; its revision becomes one more than it was. */
  | { readonly table: 'snapshot'; readonly scope: Scope; readonly node: NodeId; readonly text: string }
  /** Changes the day's total (`usage`), or its extra time (`grant`), never to below zero; the log tells it. */
  | {
      readonly table: 'correction'
      readonly of: 'usage' | 'grant'
      readonly scope: Scope
      readonly day: Day
      readonly entryId: EntryId
      readonly node: NodeId
      readonly byMs: number
      readonly correction: Corrected
    }
  | LogChange
  | SessionCommand

/** What is done to the log as a whole, or to records of it. It stands alone in its unit's group. */
export type LogChange =
  /** The log begins behind `through` from then on, where it has begun behind the record `from` until then. */
  | {
      readonly table: 'audit_cut'
      readonly from: number
      readonly through: AuditHead
      /** Where the log ended when it was archived. What was forgotten since may be in the archive. */
      readonly asOf: number
    }
  /** Removes records that are cut off. */
  | { readonly table: 'audit_removal'; readonly firstId: number; readonly throughId: number }
  /** Appends records as they stood in another log, behind the record `after` there. */
  | { readonly table: 'audit_restore'; readonly after: AuditHead; readonly contents: readonly AuditContent[] }
  /** Removes all that is kept of the scope beside the log, and lets what the log tells of it be erased; the log tells it. */
  | {
      readonly table: 'forget'
      readonly scope: Scope
      readonly unsaltedDigest?: string
      readonly correction: Corrected
    }
  /** Erases what a record of a forgotten scope tells. */
  | { readonly table: 'erasure'; readonly id: number; readonly contentDigest: string }

export type Corrected = Correction & { readonly at: Date; readonly node: NodeId }

/** `SessionChange`, complete. `node` and `at`: who writes, and when. */
export type SessionCommand = {
  readonly table: 'session'
  readonly scope: Scope
  readonly sessionId: SessionId
  readonly entryId: EntryId
  readonly node: NodeId
  readonly at: Date
} & (
  | {
      readonly action: 'start'
      readonly run: RunId
      readonly label?: string
      readonly deadline?: Date
      readonly reserve?: DriverReservation
    }
  | {
      readonly action: 'import'
      readonly run: RunId
      readonly label?: string
      readonly startedAt: Date
      readonly deadline?: Date
      readonly lastReportedAt: Date
      readonly warningsIssuedMs: readonly DurationMs[]
      readonly played: readonly DayPlayed[]
    }
  | ({ readonly action: 'report'; readonly reserve?: DriverReservation } & DriverReport)
  | { readonly action: 'warn'; readonly run: RunId; readonly thresholdMs: DurationMs }
  | { readonly action: 'extend'; readonly run: RunId; readonly deadline: Date }
  | ({ readonly action: 'end'; readonly reason: SessionEndReason; readonly cooldownMs?: DurationMs } & DriverReport)
  | { readonly action: 'recover'; readonly silentForMs: DurationMs; readonly cooldownMs?: DurationMs }
  | {
      readonly action: 'continue'
      readonly from: RunId
      readonly run: RunId
      readonly active: readonly DayPlayed[]
      readonly reserve?: DriverReservation
    }
)

export interface DriverReport {
  readonly run: RunId
  readonly report: number
  readonly played: readonly DayPlayed[]
  readonly active: readonly DayPlayed[]
  readonly jumps: readonly ClockJump[]
}

export interface DriverReservation {
  readonly day: Day
  readonly upToMs: DurationMs
  readonly limits: readonly { readonly period: Period; readonly limitMs: DurationMs }[]
}
