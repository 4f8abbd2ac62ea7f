import type { AuditEvent, AuditRecord, Correction, MaybeCorrection, OriginalRecord, SessionEndReason } from './audit.ts'
import type { Day } from './day.ts'
import type { Period } from './period.ts'
import type { ClockJump, DayPlayed, QuotaLimit, Reservation, SessionAfter } from './session.ts'
import type { StateSnapshot } from './snapshot.ts'
import type { DurationMs, EntryId, NodeId, OperationId, RunId, SessionId } from './values.ts'

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
  /** With `by` and `why` the log tells it, and until when the cooldown would have run. */
  | (MaybeCorrection & { readonly type: 'clear_cooldown'; readonly entryId: EntryId })
  /**
   * Changes the entry's total for `day` by `byMs`, which may be negative: never to below zero. Appends `usage_adjusted`,
   * which tells by how much it was.
   */
  | (Correction & {
      readonly type: 'adjust_usage'
      readonly entryId: EntryId
      readonly day: Day
      readonly byMs: number
    })
  /** Grants extra time for `day`; a negative `byMs` takes it back, never to below zero. Appends `time_granted`. */
  | (Correction & { readonly type: 'grant_time'; readonly entryId: EntryId; readonly day: Day; readonly byMs: number })
  | { readonly type: 'save_snapshot'; readonly snapshot: StateSnapshot }
  | SessionChange

/**
 * What `startSession` and the session that it returns are made of. Each may be repeated, come late, or out of order: it
 * has no effect beyond what is new in it, and `Applied.sessions` tells. `played` is what this run of the service has
 * counted of the session, a total for each day; what counts is the largest that was told, by day and run.
 * @throws StoreError `NOT_FOUND` for a session that was never started; `OPERATION_MISMATCH` when it is of another entry,
 * or a start is of another node; `INVALID_ARGUMENT` when another node continues it.
 */
export type SessionChange =
  /**
   * Opens a session of this node and appends `session_started`. Needs the condition `no_open_session`. At most one in a
   * commit, which as a whole is `repeated`, its conditions not looked at, when there is a session with this id.
   */
  | (OfSession & {
      readonly type: 'start_session'
      readonly run: RunId
      readonly label?: string | undefined
      readonly deadline?: Date | undefined
      readonly reserve?: Reservation | undefined
    })
  /**
   * Opens a session that another store has begun: no event, and what was `played` is booked when it ends or goes on. As
   * for a start, it needs the condition `no_open_session`, and is the one of its commit.
   */
  | (OfSession & {
      readonly type: 'import_session'
      readonly run: RunId
      readonly label?: string | undefined
      readonly startedAt: Date
      readonly deadline?: Date | undefined
      readonly lastReportedAt: Date
      readonly warningsIssuedMs: readonly DurationMs[]
      readonly played: readonly DayPlayed[]
    })
  /** Books what is new in it; the newest of the owner's replaces what is reserved. */
  | (OfSession & RunReport & { readonly type: 'report_session'; readonly reserve?: Reservation | undefined })
  /** Appends `warning_issued`, once for each threshold. No effect on an unlimited session. */
  | (OfSession & { readonly type: 'warn_session'; readonly run: RunId; readonly thresholdMs: DurationMs })
  /**
   * Puts the deadline later, never earlier, and appends `session_extended`. Warnings that lie ahead again may be given
   * again. An unlimited session stays unlimited.
   */
  | (OfSession & { readonly type: 'extend_session'; readonly run: RunId; readonly deadline: Date })
  /**
   * Books what is new in it, and, when this run owns the session, ends it: `session_ended`, a cooldown of `cooldownMs`
   * from now unless a later one stands, and what is reserved is given back.
   */
  | (OfSession &
      RunReport & {
        readonly type: 'end_session'
        readonly reason: SessionEndReason
        readonly cooldownMs?: DurationMs | undefined
      })
  /**
   * Ends the session, whoever owns it, with what is booked, as of its last report, from which the cooldown counts. It has
   * no effect when that report is closer than `silentForMs` (default 0) to now, or when another node may still play what
   * that report has booked ahead. The end is never later than now. What of the row cannot be read is given up, and told
   * in the end's reason.
   */
  | (OfSession & {
      readonly type: 'recover_session'
      readonly silentForMs?: DurationMs | undefined
      readonly cooldownMs?: DurationMs | undefined
    })
  /**
   * Makes `run` the owner of a session that `from` owns, and appends `session_continued`. `active` is as in a report: all
   * of the time until now, so that what `from` did not live to report is booked.
   */
  | (OfSession & {
      readonly type: 'continue_session'
      readonly from: RunId
      readonly run: RunId
      readonly active?: readonly DayPlayed[] | undefined
      readonly reserve?: Reservation | undefined
    })

interface OfSession {
  readonly sessionId: SessionId
  readonly entryId: EntryId
}

interface RunReport {
  readonly run: RunId
  /** The number of the report in its run: 1, 2, 3, … What only the newest may do, an older one does not. */
  readonly report: number
  /** At most 1,000 days, those of `active` included, in all of a commit. */
  readonly played: readonly DayPlayed[]
  /**
   * All of the time, by day, that the session was active until this report, by another measure than what its runs have
   * counted. Where they come to less, what is missing is booked, the latest first; what a run before reports later then
   * counts only where it goes beyond that. Default: nobody can tell.
   */
  readonly active?: readonly DayPlayed[] | undefined
  /** Each becomes `clock_jumped` when the report that tells it first was not seen. At most 64. Default none. */
  readonly jumps?: readonly ClockJump[] | undefined
}

/** What must hold at the instant of the commit, looked at before any of its changes. */
export type Condition =
  /**
   * The entry's total in the period that `day` lies in, over all nodes and with what they have booked ahead, is less
   * than `limitMs` and the extra time that was granted in it.
   */
  | (QuotaLimit & { readonly type: 'usage_below'; readonly entryId: EntryId; readonly day: Day })
  /** No cooldown runs at `at` (default now). One that ends at `at` runs no more. */
  | { readonly type: 'no_cooldown'; readonly entryId: EntryId; readonly at?: Date | undefined }
  /** This node's snapshot has this revision; 0: it was never saved. */
  | { readonly type: 'snapshot_revision_is'; readonly revision: number }
  /** No session is open in this scope on this node. */
  | { readonly type: 'no_open_session' }

/** A condition that did not hold, with what was found instead. */
export type FailedCondition =
  | {
      readonly type: 'usage_below'
      readonly entryId: EntryId
      readonly day: Day
      readonly period: Period
      /** As it was asked for: without what was granted. */
      readonly limitMs: DurationMs
      /** The total that was found, in milliseconds. */
      readonly usedMs: DurationMs
      /** What machines have booked ahead, in strict mode. */
      readonly reservedMs: DurationMs
      /** The extra time that was granted. */
      readonly grantedMs: DurationMs
    }
  | { readonly type: 'no_cooldown'; readonly entryId: EntryId; readonly until: Date }
  /** `revision` is the one that was found. */
  | { readonly type: 'snapshot_revision_is'; readonly revision: number }
  /** `startSession` found that the session has been started, and has ended. */
  | {
      readonly type: 'session_is_new'
      readonly sessionId: SessionId
      readonly entryId: EntryId
      readonly node: NodeId
      readonly startedAt: Date
      readonly endedAt: Date
    }
  /** The session that was found. */
  | {
      readonly type: 'no_open_session'
      readonly sessionId: SessionId
      readonly entryId: EntryId
      readonly label?: string
      readonly node: NodeId
      readonly startedAt: Date
    }

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
  /** What became of the sessions that the commit concerns. Of a repeated commit: as they stand now. */
  readonly sessions: readonly SessionAfter[]
  /**
   * The totals of the entries and days that the commit is about, over all nodes: at least everything acknowledged
   * before the call, and this commit. Of a session: the days that were told of, and the one on which a start or a
   * continuation books ahead. Of a repeated commit: as they stand now.
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
