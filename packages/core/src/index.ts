export type {
  AuditEvent,
  AuditHead,
  AuditQuery,
  AuditRecord,
  Correction,
  DenialReason,
  ErasedEvent,
  KnownEvent,
  LogEvent,
  MaybeCorrection,
  OriginalRecord,
  OtherEvent,
  ReadAuditsOptions,
  SessionEndReason,
  UnreadableEvent,
} from './audit.ts'
export type { AuditBreak, AuditVerification, VerifyOptions, VerifyProgress } from './audit-verification.ts'
export {
  type Calendar,
  type CalendarOptions,
  type CalendarSettings,
  createCalendar,
  sameCalendar,
  systemTimeZone,
} from './calendar.ts'
export { contentDigest, GENESIS_HASH, linkHash, recordDigest } from './chain.ts'
export type {
  Applied,
  Change,
  Condition,
  CommitOptions,
  FailedCondition,
  Refused,
  SessionChange,
  UsageAfter,
  WriteOptions,
} from './change.ts'
export type { CheckOptions, CheckProblem, CheckProgress, CheckReport } from './check-report.ts'
export { type Clock, type ManualClock, manualClock, systemClock } from './clock.ts'
export { adoptDriver, callTimeout, checkStoreOptions, createStore } from './create-store.ts'
export { denialReasons, recordDenial } from './denial.ts'
export { addDays, type Day, isDay, parseDay, startOfMonth, startOfWeek } from './day.ts'
export type { DayState, DayStatePart, EntryDayState } from './day-state.ts'
export { type Decision, decideGroup } from './decide.ts'
export type {
  AuditRange,
  AuditRequest,
  Capabilities,
  CheckPlace,
  CheckStep,
  DriverCondition,
  EntrySum,
  LogEnds,
  Operation,
  ReadRequest,
  ReadResult,
  SessionOutcome,
  SessionRequest,
  StoreDriver,
  Sum,
  UsageKeyPart,
  UsageRequest,
  UsageSum,
  UsageTotalAfter,
  WriteOutcome,
  WriteUnit,
} from './driver.ts'
export type {
  DriverChange,
  Corrected,
  DriverReport,
  LogChange,
  DriverReservation,
  SessionCommand,
} from './driver-changes.ts'
export {
  type AuditContent,
  type AuditPosition,
  type AuditRow,
  type Effect,
  ERASED_TEXT,
  type SessionRow,
} from './effects.ts'
export {
  isStoreError,
  type Outcome,
  StoreError,
  type StoreErrorCode,
  type StoreErrorOptions,
  withOutcome,
} from './errors.ts'
export {
  type CooldownKey,
  cooldownKey,
  type GroupKeys,
  keysOf,
  type NodeKey,
  nodeKey,
  type OperationKey,
  operationKey,
  type PlayedKey,
  playedKey,
  type SessionKey,
  sessionKey,
  type UsageKey,
  usageKey,
  type UsageSpan,
} from './group-keys.ts'
export type { RecordedOperation, StoredState } from './group-state.ts'
export { type FaultOptions, type Faults, type FaultyMethod, type HeldCall, withFaults } from './faults.ts'
export type { DriverStatus, HealthProblem, HealthReport } from './health.ts'
export type { ArchiveManifest } from './archive.ts'
export type { ExportAuditsOptions } from './export-audits.ts'
export type { ForgetOptions, ForgetProgress, ForgetResult } from './forget-scope.ts'
export type { AuditSource, ImportAuditsOptions, ImportAuditsResult } from './import-audits.ts'
export type { RetentionOptions, RetentionProgress, RetentionResult } from './retention.ts'
export { requireSupportedNode } from './node-version.ts'
export { LIMITS } from './limits.ts'
export { auditContents, outcomesOf } from './outcomes.ts'
export { isWithin, type Period, type PeriodOptions, type Span } from './period.ts'
export { splitByDay } from './played.ts'
export { type CheckedTable, problemOfRow } from './row-forms.ts'
export type {
  ClockJump,
  DayPlayed,
  NodeRecord,
  QuotaLimit,
  Reservation,
  Reserved,
  SessionAfter,
  SessionQuery,
  SessionRecord,
} from './session.ts'
export type { Checkpoint, EndOptions, Session } from './session-handle.ts'
export {
  continueSession,
  type ContinueOptions,
  recoverSession,
  type RecoverOptions,
  type Started,
  type StartOptions,
  startSession,
} from './sessions.ts'
export type { StrictQuota } from './strict-quota.ts'
export type { SavedSnapshot, SessionSnapshot, StateSnapshot } from './snapshot.ts'
export type { OwnedStore, Store, StoreOptions, ViewOptions } from './store.ts'
export type { UsageGrouping, UsageQuery, UsageTotal } from './usage.ts'
export {
  checkBoolean,
  checkFields,
  checkInteger,
  compareText,
  describe,
  type DurationMs,
  type EntryId,
  type JsonObject,
  type JsonValue,
  type NodeId,
  type OperationId,
  parseInstant,
  type RunId,
  type Scope,
  type SessionId,
} from './values.ts'
export type { StopSignal } from './stop-signal.ts'
