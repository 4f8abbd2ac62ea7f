import type { SessionEndReason } from './audit.ts'
import type { Day } from './day.ts'
import type { Period } from './period.ts'
import type { DurationMs, EntryId, NodeId, RunId, Scope, SessionId } from './values.ts'

/** One session, as it is stored. Ended ones stay. */
export interface SessionRecord {
  readonly sessionId: SessionId
  readonly scope: Scope
  /** The machine that the entry runs on: its usage is this session's. */
  readonly node: NodeId
  /** The run of the service that owns it: the one that started it, or that continued it last. */
  readonly run: RunId
  readonly entryId: EntryId
  /** What people call the entry. */
  readonly label?: string | undefined
  readonly startedAt: Date
  /** Absent when the session is unlimited. */
  readonly deadline?: Date | undefined
  /** When its owner was last heard of, by the owner's clock. */
  readonly lastReportedAt: Date
  /** What is booked of it so far, over all days and runs. */
  readonly durationMs: DurationMs
  /** What is booked ahead in strict mode, on one day, and not played yet as far as anybody has heard. */
  readonly reserved?: Reserved | undefined
  /** The thresholds, in milliseconds before the deadline, that were warned of, in that order. */
  readonly warningsIssuedMs: readonly DurationMs[]
  /** Absent while it is open. One that was recovered has ended when it was last heard of. */
  readonly endedAt?: Date | undefined
  readonly endReason?: SessionEndReason | undefined
  /** Why a part of the row could not be read; that part is left out, or an Invalid Date. Absent in a sound store. */
  readonly problem?: string | undefined
}

export interface Reserved {
  readonly day: Day
  readonly durationMs: DurationMs
}

/** Time of a session that lies on a day. */
export interface DayPlayed {
  readonly day: Day
  readonly playedMs: DurationMs
}

/** A jump of the wall clock between two looks at both hands. A suspend is one, where the other hand stood still. */
export interface ClockJump {
  /** The report that tells it first. */
  readonly report: number
  /** What passed by the wall clock, in milliseconds; negative when it was set back. */
  readonly wallMs: number
  /** What passed by the hand that only goes forward. */
  readonly monotonicMs: DurationMs
}

/** An upper bound on an entry's time in the period that a day lies in. Extra time that was granted comes on top. */
export interface QuotaLimit {
  /** Default `day`. Weeks begin on Mondays. */
  readonly period?: Period | undefined
  readonly limitMs: DurationMs
}

/** What is to be booked ahead: up to `upToMs` on `day`, as far as every limit leaves room. */
export interface Reservation {
  readonly day: Day
  readonly upToMs: DurationMs
  /** 1 to 32. */
  readonly limits: readonly QuotaLimit[]
}

/** What a commit did to a session: one for each change that concerns one, in order. */
export interface SessionAfter {
  /** As it stands behind the change. */
  readonly session: SessionRecord
  /** Whether the change took effect beyond what it reported as played: `false` for a second end. */
  readonly changed: boolean
  /** What the change added to usage, over all days. 0 when everything it told was known. */
  readonly bookedMs: DurationMs
}

export interface SessionQuery {
  /** Only those that have not ended. Default: all. */
  readonly open?: true | undefined
  readonly sessionId?: SessionId | undefined
  readonly entryId?: EntryId | undefined
  readonly node?: NodeId | undefined
  /** `'all'`: every scope's. Default: the store's scope. */
  readonly scope?: 'all' | undefined
  /** Only those behind this one in the list. */
  readonly after?: Pick<SessionRecord, 'startedAt' | 'scope' | 'sessionId'> | undefined
  /** 1 to 1,000. Default 100. */
  readonly limit?: number | undefined
}

/** A machine that has reported on a session. */
export interface NodeRecord {
  readonly node: NodeId
  /** When it last reported: by the database's clock where that has one of its own, else by the node's. */
  readonly lastSeenAt: Date
  /**
   * How far its clock was ahead of the database's (negative: behind), when it made its last report: one that waited long to
   * be written shows it as that much behind. Absent where there is only one clock.
   */
  readonly clockSkewMs?: number | undefined
}
