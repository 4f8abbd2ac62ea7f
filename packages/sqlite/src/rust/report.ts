import type { Day, DurationMs, EntryId, NodeId, SessionId } from '@shepherd-store/core'
import type { RustSchema, RustTable } from './table-reader.ts'

/** What an import found, did, and could not do. Plain JSON: instants are ISO 8601 text in UTC. */
export interface RustImportReport {
  /** Whether nothing was written: then it says what would have been. */
  readonly dryRun: boolean
  /** Names the source, for good: it does not change when the source grows. Absent when its first row is damaged. */
  readonly fingerprint?: string
  readonly schema: RustSchema
  /** The node that the imported records and usage belong to. */
  readonly node: NodeId
  readonly counts: {
    readonly audits: RowCounts
    readonly usage: UsageCounts
    readonly cooldowns: RowCounts
    readonly snapshot: SnapshotCounts
  }
  /** The session that was running when the snapshot was saved. */
  readonly unfinishedSession?: UnfinishedSession
  /** A session that an earlier import opened, and whose end the log has since: it has now ended in the store, too. */
  readonly endedSession?: EndedSession
  readonly problems: Listed<RowProblem>
  readonly comparison: RustComparison
}

export interface RowCounts {
  readonly found: number
  readonly imported: number
  /** Imported before; of cooldowns also those that a later one overrides. */
  readonly alreadyThere: number
  /**
   * Of those found. Unreadable audit rows are imported, too, as quarantine records. Of cooldowns also those in whose
   * place the store has one that cannot be read.
   */
  readonly unreadable: number
}

export interface UsageCounts {
  readonly found: number
  /** Also what the store cannot add: the day's total would be too large, or what it has of that day cannot be read. */
  readonly unreadable: number
  /** The other rows together. */
  readonly totalMs: DurationMs
  readonly addedMs: DurationMs
  readonly alreadyThereMs: DurationMs
}

export interface SnapshotCounts {
  readonly found: number
  readonly unreadable: number
  /** Whether it is now the snapshot of the store's own node. `already_there`: that node had one, which stays. */
  readonly result: 'none' | 'saved' | 'already_there' | 'unreadable'
}

export interface UnfinishedSession {
  readonly sessionId: SessionId
  readonly entryId: EntryId
  readonly startedAt: string
  /** Absent when the session is unlimited. */
  readonly deadline?: string
  readonly warningsIssuedMs: readonly DurationMs[]
  /** When the snapshot was saved: how far the session is known to have run. */
  readonly seenAt: string
  /**
   * From its start to `seenAt`; 0 where the clock went back in between, or that is more than 1,000 days. The crate has
   * booked none of it.
   */
  readonly playedMs: DurationMs
  /** Whether the log has the session's end all the same: then the snapshot is out of date. */
  readonly endedInLog: boolean
  /**
   * `opened`: it is now open on the store's own node, and `playedMs` is booked when it ends there. `already_there`: the
   * store has a session with this id, which stays as it is. `ended`: the log has its end. `another_is_open`: on the
   * store's node; once that one has ended, a later import opens this one.
   */
  readonly result: 'opened' | 'already_there' | 'ended' | 'another_is_open'
}

export interface EndedSession {
  readonly sessionId: SessionId
  readonly entryId: EntryId
  /** What was booked at its end here, and taken off in the same commit: the crate has booked all of the session. */
  readonly takenOffMs: DurationMs
}

/** How many there are, and the first 100 of them. */
export interface Listed<T> {
  readonly count: number
  readonly list: readonly T[]
}

export interface RowProblem {
  readonly table: RustTable
  /**
   * The row's id; text where it is beyond 2^53. Neighbours on a damaged part of the file are one problem, under the id
   * of the last of them, or where that cannot be told, or is beyond 2^53, of the first.
   */
  readonly row: number | string
  /** A sentence for a person. */
  readonly problem: string
  /**
   * Where the row's content is now. `whole`: in the log, in a record `rust_row_unreadable`. `in_part`: there, except
   * for what is too large, of which it has size and SHA-256. `no`: only in the source.
   */
  readonly quarantined: 'whole' | 'in_part' | 'no'
}

/**
 * What the crate booked beside what its log says was played: the sums of `session_ended`, each on the local day on
 * which the session ended, as the crate books it. (The README's schema may have an end without a duration: then it is
 * the time from the row of the start to that of the end.) `endedMs - cutMs - notBookedMs + overbookedMs` is `bookedMs`.
 */
export interface RustComparison {
  readonly endedMs: DurationMs
  readonly bookedMs: DurationMs
  /** Lost because the crate cuts each session to whole seconds. */
  readonly cutMs: DurationMs
  /** Lost beyond that: sessions that ended and were not booked. */
  readonly notBookedMs: DurationMs
  /** Booked although no session of the log accounts for it. */
  readonly overbookedMs: DurationMs
  /** Entries and days whose booking differs: what was not booked or overbooked first, then by how much. */
  readonly differences: Listed<UsageDifference>
  /** Sessions that the log does not end: of these the crate booked nothing. */
  readonly sessionsWithoutEnd: Listed<SessionWithoutEnd>
}

export interface UsageDifference {
  readonly entryId: EntryId
  readonly day: Day
  readonly sessions: number
  readonly endedMs: DurationMs
  readonly bookedMs: DurationMs
  readonly problem: 'cut_to_seconds' | 'not_booked' | 'overbooked'
}

export interface SessionWithoutEnd {
  readonly sessionId: SessionId
  readonly entryId: EntryId
  readonly startedAt: string
}

const LIST_MAX = 100

export function listed<T>(items: readonly T[]): Listed<T> {
  return { count: items.length, list: items.slice(0, LIST_MAX) }
}

/** Problems in the order in which they were met. */
export class Problems {
  #count = 0
  readonly #list: RowProblem[] = []

  add(problem: RowProblem): void {
    this.#count += 1
    if (this.#list.length < LIST_MAX) this.#list.push(problem)
  }

  listed(): Listed<RowProblem> {
    return { count: this.#count, list: this.#list }
  }
}
