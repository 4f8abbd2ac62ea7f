import type { AuditHead, OriginalRecord } from './audit.ts'
import type { Day } from './day.ts'
import type { Reserved } from './session.ts'
import type { DurationMs, EntryId, NodeId, RunId, Scope, SessionId } from './values.ts'

/** What is to be written, row by row, in this order. It does not depend on what is stored any more. */
export type Effect =
  | { readonly table: 'audit'; readonly content: AuditContent }
  /** Adds to the row, or takes from it, but never to below zero. */
  | {
      readonly table: 'usage'
      readonly scope: Scope
      readonly day: Day
      readonly entryId: EntryId
      readonly node: NodeId
      readonly addMs: number
    }
  | {
      readonly table: 'cooldown'
      readonly scope: Scope
      readonly entryId: EntryId
      /** Absent: the cooldown is removed. */
      readonly until?: Date
    }
  | { readonly table: 'snapshot'; readonly scope: Scope; readonly node: NodeId; readonly text: string }
  /** Replaces the day's extra time. */
  | {
      readonly table: 'grant'
      readonly scope: Scope
      readonly day: Day
      readonly entryId: EntryId
      readonly grantedMs: DurationMs
    }
  /** Puts the row in place of the one with its key. */
  | { readonly table: 'session'; readonly row: SessionRow }
  /** Replaces what a run has reported of a session for a day. */
  | {
      readonly table: 'played'
      readonly scope: Scope
      readonly sessionId: SessionId
      readonly run: RunId
      readonly day: Day
      readonly playedMs: DurationMs
    }
  /** The log begins behind it. `begins`: it is empty, and ends there, too; otherwise the unit's record tells why. */
  | { readonly table: 'audit_cut'; readonly through: AuditHead; readonly begins: boolean }
  /** Removes records that are cut off. */
  | { readonly table: 'audit_removal'; readonly firstId: number; readonly throughId: number }
  /** Removes the scope's rows of every table but the log, of which it may be erased up to `throughId`. */
  | { readonly table: 'forget'; readonly scope: Scope; readonly throughId: number }
  /** Puts the digest in the place of what the record told; its type becomes `erased`, its text `ERASED_TEXT`. */
  | { readonly table: 'erasure'; readonly id: number; readonly contentDigest: string }
  /** The node was heard of. Its clock shows `at`. */
  | { readonly table: 'node'; readonly node: NodeId; readonly at: Date }

/** A session, as it is stored: keyed by scope and id. At most one without `endedAt` in a scope on a node. */
export interface SessionRow {
  readonly scope: Scope
  readonly sessionId: SessionId
  readonly node: NodeId
  readonly run: RunId
  readonly entryId: EntryId
  readonly startedAt: Date
  readonly deadline?: Date
  readonly lastReportedAt: Date
  readonly endedAt?: Date
  /** The newest report of the run that owns it; 0 before the first. */
  readonly report: number
  readonly durationMs: DurationMs
  readonly reserved?: Reserved
  /** What nothing is found by, as canonical JSON. To be kept byte for byte. */
  readonly text: string
}

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
  /** Makes the digest unguessable. Absent on records of the first form. */
  readonly salt?: string
  /** Of an erased record, `contentDigest` of what it told; its type is `erased`, and nothing else of that is there. */
  readonly contentDigest?: string
  /** `recordDigest` of all the above. */
  readonly digest: string
}

/** What stands in place of the text of an erased record. */
export const ERASED_TEXT = '{"type":"erased"}'

/** `id` is the previous record's plus one, from 1; `hash` is `linkHash` of the previous record's, the id and the digest. */
export interface AuditPosition {
  readonly id: number
  readonly hash: string
}

/** An unreadable `timestamp` comes back as an Invalid Date, an unreadable `original.id` as no safe integer. */
export type AuditRow = AuditContent & AuditPosition
