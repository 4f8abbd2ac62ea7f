/// <reference lib="esnext.disposable" preserve="true" />
import type { AuditVerification, VerifyOptions } from './audit-verification.ts'
import type {
  AuditEvent,
  AuditHead,
  AuditQuery,
  AuditRecord,
  Correction,
  MaybeCorrection,
  ReadAuditsOptions,
} from './audit.ts'
import type { Calendar, CalendarOptions } from './calendar.ts'
import type { Applied, Change, CommitOptions, Refused, WriteOptions } from './change.ts'
import type { CheckOptions, CheckReport } from './check-report.ts'
import type { Clock } from './clock.ts'
import type { DayState } from './day-state.ts'
import type { Day } from './day.ts'
import type { Capabilities } from './driver.ts'
import type { ExportAuditsOptions } from './export-audits.ts'
import type { ForgetOptions, ForgetResult } from './forget-scope.ts'
import type { HealthReport } from './health.ts'
import type { AuditSource, ImportAuditsOptions, ImportAuditsResult } from './import-audits.ts'
import type { PeriodOptions } from './period.ts'
import type { RetentionOptions, RetentionResult } from './retention.ts'
import type { NodeRecord, SessionQuery, SessionRecord } from './session.ts'
import type { SavedSnapshot, StateSnapshot } from './snapshot.ts'
import type { UsageQuery, UsageTotal } from './usage.ts'
import type { DurationMs, EntryId, NodeId, Scope } from './values.ts'

/**
 * The store as one node, in one scope.
 *
 * Every write is durable when it resolves (as `capabilities.durability` says) and atomic. Writes of one store take
 * effect in the order in which they were called; reads see every write that was acknowledged before they were called.
 * `undefined` means that nothing is recorded; a rejection means that it could not be told.
 *
 * Every method that returns a promise rejects with a `StoreError`; `view` throws one. Any of them may fail with:
 * - `INVALID_ARGUMENT`: an argument is out of its range (`LIMITS`); nothing was written.
 * - `BUSY`, `UNAVAILABLE`, `TIMEOUT`, `READ_ONLY`, `DISK_FULL`, `IO`, `CORRUPT`, `DATABASE`: the database failed.
 *   `outcome` says whether a write may have taken effect, `retryable` whether trying again makes sense.
 * - `MALFORMED`: what is stored cannot be understood; it is never read as nothing.
 * - `CLOSED`: the store was closed.
 */
export interface Store {
  /** The machine that this store writes as. */
  readonly node: NodeId
  /** Whose usage, cooldowns and records this store reads and writes. */
  readonly scope: Scope
  readonly clock: Clock
  /** The time zone and the start of the day, as the database has them. */
  readonly calendar: Calendar
  readonly capabilities: Capabilities
  /** The day that it is now, by the store's clock and calendar. */
  today(): Day

  /**
   * Appends one record to the log and returns it, with its id and hash. With an `operationId`, a repetition appends
   * nothing and returns the first record. @throws StoreError `OPERATION_MISMATCH` when the id was used for another write.
   */
  appendAudit(event: AuditEvent, options?: WriteOptions): Promise<AuditRecord>
  /** The last `limit` (1 to 1,000) records of this scope, newest first. */
  getRecentAudits(limit: number): Promise<readonly AuditRecord[]>
  /**
   * The entry's total on `day`, or in the week or month that it lies in, over all nodes, in milliseconds. 0 when there
   * is none.
   */
  getUsage(entryId: EntryId, day: Day, options?: PeriodOptions): Promise<DurationMs>
  /**
   * Adds `durationMs` to the entry's total for `day`. Not repeatable by itself: after a failure whose `outcome` is
   * `unknown`, only a repetition with the same `operationId` is safe. @throws StoreError `INVALID_ARGUMENT` also when
   * the total would pass 2^53 − 1, `OPERATION_MISMATCH` when the id was used for another write.
   */
  addUsage(entryId: EntryId, day: Day, durationMs: DurationMs, options?: WriteOptions): Promise<void>
  /** When the entry becomes available again, be it past or future; `undefined` when no cooldown was set. */
  getCooldownUntil(entryId: EntryId): Promise<Date | undefined>
  /** Sets the entry's cooldown, an earlier one included. May be repeated. */
  setCooldownUntil(entryId: EntryId, until: Date): Promise<void>
  /**
   * Removes the entry's cooldown, if there is one. May be repeated. With `by` and `why`, as a person's decision, it also
   * appends `cooldown_cleared`, in the same commit: each time, unless an `operationId` says that it is the same decision.
   */
  clearCooldown(entryId: EntryId, options?: WriteOptions & MaybeCorrection): Promise<void>
  /**
   * Changes the entry's total for `day` by `byMs` milliseconds (−2^53 + 1 to 2^53 − 1), as a person's decision: never to
   * below zero. Appends `usage_adjusted`, with who, why, and by how much it really was, in the same commit. What is taken
   * goes off the store's node first. Not repeatable by itself, as `addUsage`.
   */
  adjustUsage(entryId: EntryId, day: Day, byMs: number, options: WriteOptions & Correction): Promise<Applied>
  /**
   * Grants the entry extra time for `day`, by which every limit that the day counts for is raised; a negative `byMs`
   * takes it back, never to below zero. Usage stays as it is. Appends `time_granted` in the same commit. Not repeatable by
   * itself.
   */
  grantTime(entryId: EntryId, day: Day, byMs: number, options: WriteOptions & Correction): Promise<Applied>
  /** The snapshot of this scope and node, with its revision; `undefined` when none was saved. */
  loadSnapshot(): Promise<SavedSnapshot | undefined>
  /** Replaces the snapshot of this scope and node. May be repeated; each time the revision grows by one. */
  saveSnapshot(snapshot: StateSnapshot): Promise<void>
  /** Whether a read and a write would work now. Never rejects; answers within 3 s. `false` once closed. */
  isHealthy(): Promise<boolean>

  /**
   * Applies all `changes` (1 to 256), or none. With `if` (1 to 32 conditions), only when every condition holds at that
   * instant; otherwise nothing is written, and the conditions that failed come back with what was found.
   * @throws StoreError `OPERATION_MISMATCH` when the operation id was used for another write.
   */
  commit(changes: readonly Change[], options?: WriteOptions & { readonly if?: undefined }): Promise<Applied>
  commit(changes: readonly Change[], options?: CommitOptions): Promise<Applied | Refused>

  /**
   * Usage, extra time, what is booked ahead, and cooldowns of every entry, of one instant: for `day`, or for the week or
   * month that it lies in. @throws StoreError `INVALID_ARGUMENT` also when more than 100,000
   * entries have usage on the day, or a cooldown; `getUsage` and `getCooldownUntil` tell of each all the same.
   */
  getDayState(day: Day, options?: PeriodOptions): Promise<DayState>
  /**
   * Totals over days, weeks, months, entries, nodes and scopes, ordered by period, entry, node and scope.
   * @throws StoreError `INVALID_ARGUMENT` also when a total would pass 2^53 − 1, or there are more than 100,000.
   */
  listUsage(query: UsageQuery): Promise<readonly UsageTotal[]>
  /**
   * Sessions, the last to start first: what is open anywhere in the fleet (`{ open: true, scope: 'all' }`), since when,
   * and when each was last heard of.
   */
  listSessions(query?: SessionQuery): Promise<readonly SessionRecord[]>
  /** The machines that reported on sessions, in the order of their names. At most 10,000. */
  listNodes(): Promise<readonly NodeRecord[]>
  /** One page of the log. */
  listAudits(query?: AuditQuery): Promise<readonly AuditRecord[]>
  /**
   * The log, page by page, as far as it reaches when the last page is read; or, with `follow`, for ever: every record
   * that is asked for once, in order, without a gap, whoever appends it. A record of another process comes within a
   * quarter of a second; while nothing comes, all followers of a store share one small read in that time. A follower
   * survives a lost connection, and an hour without a database. One that is slow holds up nobody: what it has not read
   * waits in the log. To go on later, ask for what is `after` the last record.
   * @throws StoreError `NOT_FOUND` when records behind `after` have left the log: they are in an archive. `MALFORMED` when
   * it follows behind a record that the log does not reach, or the database came back without its last records, as after a
   * failover that lost them: what was read is not in it any more.
   */
  readAudits(query?: ReadAuditsOptions): AsyncIterable<AuditRecord>
  /** The end of the log, to be kept elsewhere: what proves later that nothing up to it was changed. `undefined`: empty. */
  auditHead(): Promise<AuditHead | undefined>
  /**
   * Reads the log, of every scope, page by page in bounded memory, and checks that each record is what was written, in
   * its place, and is found by its time. With `expectedHead`, a head that was kept elsewhere, also that nothing up to it
   * was cut off or written anew. The result tells what it cannot detect.
   */
  verifyAudits(options?: VerifyOptions): Promise<AuditVerification>
  /**
   * Reads all that is stored, of every scope, page by page in bounded memory, and tells what is not as it was written: the
   * log as `verifyAudits` does; rows that cannot be read; and what the backend knows of its database, such as tables,
   * triggers and indexes that are damaged, changed or gone. For an operator, when something is odd: it takes as long as
   * reading everything, and changes nothing. What others write meanwhile is looked at or not. May be repeated.
   *
   * What is damaged is told in the report, also where reading it fails. It rejects only when it could not look:
   * `UNAVAILABLE`, `BUSY`, `TIMEOUT`, `PERMISSION_DENIED`, `ABORTED`, `CLOSED`, `INVALID_ARGUMENT`.
   */
  check(options?: CheckOptions): Promise<CheckReport>
  /**
   * The log as text: JSON Lines, CSV or CloudEvents; page by page, in bounded memory. In the order of the log, as far as
   * it reaches when the last page is read.
   */
  exportAudits(options: ExportAuditsOptions): AsyncIterable<string>
  /**
   * Takes up the records of another log, of all its scopes, with their ids, times, hashes and originals: from an archive, a
   * directory of archives, or an export in JSON Lines. This log must be empty, or end where the source begins; records that
   * are here already are compared and left alone, so that it may be repeated, and goes on after a crash; of those that have left
   * this log it only tells how many there are. Each record is
   * proven before it is taken up. It is not recorded: the log is the other one from then on. Only the log: no usage.
   * @throws StoreError `MALFORMED` when the source breaks its chain, `INVALID_ARGUMENT` when it is of another log, or
   * leaves records out; whole batches before that are kept.
   */
  importAudits(source: AuditSource, options?: ImportAuditsOptions): Promise<ImportAuditsResult>
  /**
   * Archives the records of the log, of all scopes, that are older than `keepDays` days by the store's clock, and then removes them; totals of
   * usage, sessions and the rest stay. Files of at most 100,000 records are written, flushed to the disk and read back,
   * each with a manifest, before the log is cut behind them and records it (`records_archived`); then they are removed in
   * small commits. The chain holds over the cut. Nothing is removed unless this is called. A crash at any point loses and
   * doubles nothing, and the same call, with the same directory, goes on. It needs the owner's rights on PostgreSQL.
   * @throws StoreError `MALFORMED` when the log, or an archive that is there, is not as it was written: nothing is removed
   * then. `BUSY` when another program was at it, or a scope was forgotten, at the same time, and as long as one is not
   * erased to its end (`forgetScope` goes on with that). `INVALID_ARGUMENT` also when an archive that is there reaches
   * further. `NOT_FOUND`, `PERMISSION_DENIED`, `READ_ONLY`, `DISK_FULL`, `IO` of the directory.
   */
  applyRetention(options: RetentionOptions): Promise<RetentionResult>
  /**
   * Erases what is kept of a scope, on a person's decision. At once: its usage, sessions, cooldowns, extra time, snapshots
   * and operation ids; then, in small commits, what the log tells up to that moment. The log keeps when, where and of which
   * scope each record was, and its digest, so that it can be verified; and records the decision (`scope_forgotten`). May be
   * repeated; one that was stopped goes on so. It needs the owner's rights on PostgreSQL. Bytes that the database does not
   * use any more, and archives and backups, are another matter: see the package of the database.
   * @throws StoreError `INVALID_ARGUMENT` while a session of the scope is open. `NOT_FOUND` with `mustBeKnown`.
   */
  forgetScope(scope: Scope, options: ForgetOptions): Promise<ForgetResult>
  /** What `isHealthy` found, in detail. Never rejects; answers within 3 s. */
  health(): Promise<HealthReport>
  /** The same store as another node or in another scope. It shares the connection and the order of writes. */
  view(as: ViewOptions): Store
}

/** What an `open…` function returns: the one who opened it closes it. */
export interface OwnedStore extends Store, AsyncDisposable {
  /**
   * Waits for accepted writes and running reads (at most 10 s), then gives back the connection. From the call on, the
   * methods that need it, of views too, fail with `CLOSED`, and `health` tells it; so does a `check` that is under way, of
   * which a look at a whole file goes on until it is done. May be repeated.
   */
  close(): Promise<void>
}

export interface ViewOptions {
  readonly scope?: Scope | undefined
  readonly node?: NodeId | undefined
}

export interface StoreOptions {
  /** The machine. Default `local`. */
  readonly node?: NodeId | undefined
  /** Default `default`. */
  readonly scope?: Scope | undefined
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined
  /** What the database's calendar must be. Default: whatever it is. @throws StoreError `CALENDAR_MISMATCH`. */
  readonly calendar?: CalendarOptions | undefined
  /** How long a call may take, in milliseconds, 10 to 600,000. Default 30,000. Then it rejects with `TIMEOUT`. */
  readonly callTimeoutMs?: number | undefined
}
