import type { Day } from './day.ts'
import type { Period } from './period.ts'
import type { StopSignal } from './stop-signal.ts'
import type { DurationMs, EntryId, JsonObject, NodeId, Scope, SessionId } from './values.ts'

/** Something that happened: what a caller appends. Field names are camelCase here and snake_case in the database. */
export type AuditEvent = KnownEvent | OtherEvent

/** The events that Shepherd's own service writes. */
export type KnownEvent =
  | { readonly type: 'service_started' }
  | { readonly type: 'service_stopped' }
  | { readonly type: 'policy_loaded'; readonly entryCount: number }
  | { readonly type: 'config_reloaded'; readonly success: boolean }
  | {
      readonly type: 'client_connected'
      readonly clientId: string
      readonly role: string
      readonly uid?: number | undefined
    }
  | { readonly type: 'client_disconnected'; readonly clientId: string }
  | {
      readonly type: 'session_started'
      readonly sessionId: SessionId
      readonly entryId: EntryId
      /** What people call the entry. */
      readonly label?: string | undefined
      /** Absent when the session is unlimited. */
      readonly deadline?: Date | undefined
    }
  | { readonly type: 'warning_issued'; readonly sessionId: SessionId; readonly thresholdMs: DurationMs }
  | {
      readonly type: 'session_extended'
      readonly sessionId: SessionId
      readonly extendedByMs: DurationMs
      readonly newDeadline?: Date | undefined
    }
  | {
      readonly type: 'session_ended'
      readonly sessionId: SessionId
      readonly entryId: EntryId
      readonly reason: SessionEndReason
      readonly durationMs: DurationMs
    }
  | { readonly type: 'launch_denied'; readonly entryId: EntryId; readonly reasons: readonly DenialReason[] }
  /** The service was started again while the session's entry ran on. */
  | { readonly type: 'session_continued'; readonly sessionId: SessionId; readonly entryId: EntryId }
  /** A report came after the session's end, and told of more than was booked until then. */
  | {
      readonly type: 'session_time_added'
      readonly sessionId: SessionId
      readonly entryId: EntryId
      readonly addedMs: DurationMs
      /** The session's total with it. */
      readonly durationMs: DurationMs
    }
  /** Between two looks the hands of a machine's clock went apart: it was set, or the machine slept. */
  | {
      readonly type: 'clock_jumped'
      readonly sessionId: SessionId
      /** What passed by the wall clock, in milliseconds; negative when it was set back. */
      readonly wallMs: number
      /** What passed by the hand that only goes forward. */
      readonly monotonicMs: DurationMs
    }
  | (Correction & {
      readonly type: 'usage_adjusted'
      readonly entryId: EntryId
      readonly day: Day
      /** By how much the total changed, in milliseconds; less than was asked for where it would have passed zero. */
      readonly byMs: number
      /** The day's total with it. */
      readonly usedMs: DurationMs
    })
  | (Correction & {
      readonly type: 'time_granted'
      readonly entryId: EntryId
      readonly day: Day
      /** By how much the extra time changed, in milliseconds; negative when it was taken back. */
      readonly byMs: number
      /** The day's extra time with it. */
      readonly grantedMs: DurationMs
    })
  | (Correction & {
      readonly type: 'cooldown_cleared'
      readonly entryId: EntryId
      /** When it would have ended. Absent when there was none. */
      readonly until?: Date | undefined
    })

/** What the store itself appends when records leave the log, or are erased in it. Nobody else can. */
export type LogEvent =
  /** The oldest records went into an archive; the log begins behind `throughId`. */
  | {
      readonly type: 'records_archived'
      readonly firstId: number
      readonly throughId: number
      /** The hash of the record `throughId`. */
      readonly hash: string
      /** The name of the archive's file, and its SHA-256. */
      readonly archive: string
      readonly sha256: string
    }
  /** All that was recorded of this scope was erased; in the log, up to the record `throughId`. */
  | (Correction & {
      readonly type: 'scope_forgotten'
      readonly throughId: number
      /** Which of those records have no salt, as `unsaltedLine` tells each: their SHA-256. Absent when all have one. */
      readonly unsaltedDigest?: string | undefined
    })

/** A correction, or a write of the service's own. */
export type MaybeCorrection = { readonly [K in keyof Correction]?: Correction[K] | undefined }

/** Who corrects, and why. */
export interface Correction {
  /** 1 to 256 bytes. */
  readonly by: string
  /** Not blank. */
  readonly why: string
}

/** An event of another service, or of a newer version of this one, kept as it is. */
export interface OtherEvent {
  readonly type: 'other'
  /** What kind of event it is. Not one of the known types. */
  readonly name: string
  readonly data: JsonObject
}

export type SessionEndReason =
  | { readonly type: 'expired' }
  | { readonly type: 'user_stop' }
  | { readonly type: 'admin_stop' }
  | { readonly type: 'process_exited'; readonly exitCode?: number | undefined }
  | { readonly type: 'policy_stop' }
  | { readonly type: 'service_shutdown' }
  | { readonly type: 'launch_failed'; readonly error: string }
  /** Ended by another process than its owner, of which nothing was heard since `lastReportedAt`. */
  | {
      readonly type: 'recovered'
      readonly node: NodeId
      readonly lastReportedAt: Date
      /** What of its row could not be read, and was given up. */
      readonly problem?: string | undefined
    }

export type DenialReason =
  /** `usedMs` of `quotaMs` are used, what machines have booked ahead and what was granted included. */
  | {
      readonly type: 'quota_exhausted'
      readonly usedMs: DurationMs
      readonly quotaMs: DurationMs
      /** Default `day`. */
      readonly period?: Period | undefined
    }
  | { readonly type: 'cooldown_active'; readonly until: Date }
  /** Another entry, or this one, runs on the machine already. */
  | {
      readonly type: 'session_active'
      readonly entryId: EntryId
      readonly node: NodeId
      readonly label?: string | undefined
    }
  | { readonly type: 'other'; readonly text: string }

/** What is read in place of an event that cannot be understood. It is never written. */
export interface UnreadableEvent {
  readonly type: 'unreadable'
  /** The text as it is stored. */
  readonly text: string
  readonly problem: string
}

/** What is read in place of what a forgotten scope's record told. When, where and of whom it was, is kept. */
export interface ErasedEvent {
  readonly type: 'erased'
}

/** What was stored. */
export interface AuditRecord {
  /** The record's place in the log of the whole database: 1, 2, 3, … without gaps, in commit order. */
  readonly id: number
  /** When it was written, by the writer's clock. An Invalid Date if the stored one cannot be read. */
  readonly timestamp: Date
  readonly node: NodeId
  readonly scope: Scope
  readonly event: AuditEvent | LogEvent | ErasedEvent | UnreadableEvent
  /** SHA-256 over this record and the hash of the one before, in hexadecimal. */
  readonly hash: string
  /** Present on imported records. */
  readonly original?: OriginalRecord
}

/** An imported record as its source had it. */
export interface OriginalRecord {
  readonly id: number
  readonly timestamp: string
  readonly event: string
}

/** A place in the log and the hash there: enough to prove later that nothing before it was changed. */
export interface AuditHead {
  readonly id: number
  readonly hash: string
}

/** What is asked of the log. Records come in the order of the log, whatever their timestamps say. */
export interface AuditQuery {
  /** Only records with a greater id. */
  readonly after?: number | undefined
  /** Only records with a smaller id. */
  readonly before?: number | undefined
  /** Only records whose timestamp lies in `[from, to)`. */
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  /** Only events of these types, 1 to 32; of another service's event its `name`. */
  readonly types?: readonly string[] | undefined
  /** Only records that are about this entry, or this session. */
  readonly entryId?: EntryId | undefined
  readonly sessionId?: SessionId | undefined
  /** `asc`: in the order of the log. Default `asc`. */
  readonly order?: 'asc' | 'desc' | undefined
  /** 1 to 1,000. Default 100. `readAudits` takes it as the size of its pages. */
  readonly limit?: number | undefined
  /** Only records of this node. Default: all nodes. */
  readonly node?: NodeId | undefined
  /** `'all'`: every scope's records. Default: the store's scope. */
  readonly scope?: 'all' | undefined
}

export interface ReadAuditsOptions extends AuditQuery {
  /**
   * Goes on with what is appended from then on, by whomever, until `signal` is aborted or the loop is left. Without
   * `before`, and in the order of the log. Default false.
   */
  readonly follow?: boolean | undefined
  /** Ends a reader that follows. One that does not is not complete then, and rejects with `ABORTED`. */
  readonly signal?: StopSignal | undefined
}
