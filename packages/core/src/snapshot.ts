import type { DurationMs, EntryId, SessionId } from './values.ts'

/** What a service wants to find again after a crash. One per scope and node; the store does not interpret it. */
export interface StateSnapshot {
  readonly timestamp: Date
  readonly activeSession?: SessionSnapshot | undefined
}

export interface SessionSnapshot {
  readonly sessionId: SessionId
  readonly entryId: EntryId
  readonly startedAt: Date
  /** Absent when the session is unlimited. */
  readonly deadline?: Date | undefined
  /** The thresholds, in milliseconds before the deadline, that were already warned of. At most 256. */
  readonly warningsIssuedMs: readonly DurationMs[]
}

export interface SavedSnapshot {
  readonly snapshot: StateSnapshot
  /** 1 after the first save, one more after each. */
  readonly revision: number
}
