/**
 * Every limit of the store, the same on every backend. Beyond one of them a call is refused with `INVALID_ARGUMENT`
 * (a full queue: `BUSY`) before anything is written; nothing is ever clamped or cut.
 */
export const LIMITS = {
  /** Ids (entry, node, scope, session, operation, client): 1 to 256 bytes of UTF-8, well-formed, without NUL. */
  ID_BYTES_MAX: 256,
  /** Durations, limits and sums, in milliseconds: 0 to 2^53 − 1. */
  DURATION_MS_MAX: Number.MAX_SAFE_INTEGER,
  /** Instants: from 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
  INSTANT_MS_MIN: 0,
  INSTANT_MS_MAX: 253_402_300_799_999,
  /** One event or snapshot as canonical JSON, in bytes of UTF-8; an imported record's original text and a reason likewise. */
  PAYLOAD_BYTES_MAX: 65_536,
  /** Levels of objects and arrays in an event's own data. */
  PAYLOAD_DEPTH_MAX: 64,
  /** Changes in one commit. */
  CHANGES_MAX: 256,
  /** Conditions of one commit. */
  CONDITIONS_MAX: 32,
  /** Records that one `listAudits` or `getRecentAudits` returns. */
  AUDIT_PAGE_LIMIT_MAX: 1_000,
  AUDIT_PAGE_LIMIT_DEFAULT: 100,
  /** Types of events that one query asks for. */
  AUDIT_TYPES_MAX: 32,
  /** One record as a line of an export, in UTF-16 code units: of an event and its original every character may be escaped. */
  AUDIT_LINE_LENGTH_MAX: 2_097_152,
  /** Records in one file of an archive, and how many leave the log, come into it or are erased in one commit. */
  ARCHIVE_RECORDS_MAX: 100_000,
  LOG_BATCH_RECORDS: 250,
  /** Days that retention keeps: no fewer than operation ids are remembered, whose records a repetition returns. */
  RETENTION_DAYS_MIN: 30,
  RETENTION_DAYS_MAX: 18_250,
  /** How often a store looks for what others append while somebody follows the log, and tries again what failed. */
  FOLLOW_POLL_MS: 250,
  /** How long a follower waits for a database that is gone. Then it rejects, and can be resumed behind its last record. */
  FOLLOW_OUTAGE_MS_MAX: 60 * 60 * 1_000,
  /** Days in the reports of one commit: a service that was silent for longer cannot say when it was played. */
  SESSION_REPORT_DAYS_MAX: 1_000,
  /** What people call an entry, in a session's row, in bytes of UTF-8. */
  SESSION_LABEL_BYTES_MAX: 1_024,
  /** What is kept of a session beside its columns, as canonical JSON, in bytes of UTF-8. */
  SESSION_DETAIL_BYTES_MAX: 131_072,
  /** Days and runs of one session that are told apart in its row, the latest: of more, the oldest are joined. */
  SESSION_DAYS_MAX: 32,
  SESSION_RUNS_MAX: 32,
  /** Warnings of one session. */
  SESSION_WARNINGS_MAX: 256,
  /** Jumps of the clock in one report. */
  SESSION_JUMPS_MAX: 64,
  /** By how much the hands of the clock must go apart between two looks to be a jump, in milliseconds. */
  CLOCK_JUMP_MS_MIN: 1_000,
  /** Sessions that one `listSessions` returns, and nodes that one `listNodes` does. */
  SESSION_PAGE_LIMIT_MAX: 1_000,
  SESSION_PAGE_LIMIT_DEFAULT: 100,
  NODES_MAX: 10_000,
  /** Days between `from` and `to` of `listUsage`: a hundred years. */
  USAGE_RANGE_DAYS_MAX: 36_525,
  /** Totals that one `listUsage` returns. */
  USAGE_TOTALS_MAX: 100_000,
  /** Entries with usage on the day, and cooldowns of the scope, that one `getDayState` returns. */
  DAY_STATE_ENTRIES_MAX: 100_000,
  /** Writes that share one commit, the changes in them, and their size; a larger write has a commit of its own. */
  GROUP_UNITS_MAX: 256,
  GROUP_CHANGES_MAX: 512,
  GROUP_SIZE_MAX: 4_194_304,
  /**
   * Writes that wait for their commit, the changes in them, and their size: all that is text in them, in UTF-16 code units,
   * and 16 for each object. When one of these is reached, the next write is refused with `BUSY`; one write may pass it.
   */
  QUEUE_UNITS_MAX: 16_384,
  QUEUE_CHANGES_MAX: 65_536,
  QUEUE_SIZE_MAX: 33_554_432,
  /**
   * How long an applied operation id is remembered; the newest `OPERATIONS_KEPT_MIN` for ever, so that a clock which
   * jumps cannot have them forgotten. An `operationAt` before that is refused.
   */
  OPERATION_RETENTION_MS: 30 * 24 * 60 * 60 * 1_000,
  OPERATIONS_KEPT_MIN: 1_000,
  /** How long a call may take, in milliseconds: the range and the default of `callTimeoutMs`. */
  CALL_TIMEOUT_MS_MIN: 10,
  CALL_TIMEOUT_MS_MAX: 600_000,
  CALL_TIMEOUT_MS_DEFAULT: 30_000,
  /** How long `health` waits for the database. */
  HEALTH_TIMEOUT_MS: 3_000,
  /** Problems that one `check` tells; it counts them all. And rows of a table that it reads at a time. */
  CHECK_PROBLEMS_MAX: 100,
  CHECK_PAGE_ROWS: 1_000,
  /** How long a step of a check may take: the whole file of a store is one. */
  CHECK_STEP_TIMEOUT_MS: 60 * 60 * 1_000,
  /** How long `close` waits for accepted writes and running reads. */
  CLOSE_TIMEOUT_MS: 10_000,
} as const
