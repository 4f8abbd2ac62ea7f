export type {
  AuditBreak,
  AuditEvent,
  AuditHead,
  AuditQuery,
  AuditRecord,
  AuditVerification,
  DenialReason,
  KnownEvent,
  OriginalRecord,
  OtherEvent,
  SessionEndReason,
  UnreadableEvent,
} from './audit.ts'
export {
  type Calendar,
  type CalendarOptions,
  type CalendarSettings,
  createCalendar,
  sameCalendar,
  systemTimeZone,
} from './calendar.ts'
export { contentDigest, GENESIS_HASH, linkHash } from './chain.ts'
export type {
  Applied,
  Change,
  Condition,
  CommitOptions,
  FailedCondition,
  Refused,
  UsageAfter,
  WriteOptions,
} from './change.ts'
export { type Clock, type ManualClock, manualClock, systemClock } from './clock.ts'
export { adoptDriver, callTimeout, checkStoreOptions, createStore } from './create-store.ts'
export { addDays, type Day, isDay, parseDay, startOfMonth, startOfWeek } from './day.ts'
export type { DayState, EntryDayState } from './day-state.ts'
export {
  type CooldownKey,
  cooldownKey,
  type Decision,
  decideGroup,
  type GroupKeys,
  keysOf,
  type OperationKey,
  operationKey,
  type RecordedOperation,
  type SnapshotKey,
  snapshotKey,
  type StoredState,
  type UsageKey,
  usageKey,
} from './decide.ts'
export type {
  AuditContent,
  AuditPosition,
  AuditRange,
  AuditRequest,
  AuditRow,
  Capabilities,
  DriverChange,
  DriverCondition,
  Operation,
  ReadRequest,
  ReadResult,
  StoreDriver,
  UsageKeyPart,
  UsageRequest,
  UsageSum,
  UsageTotalAfter,
  WriteOutcome,
  WriteUnit,
} from './driver.ts'
export {
  isStoreError,
  type Outcome,
  StoreError,
  type StoreErrorCode,
  type StoreErrorOptions,
  withOutcome,
} from './errors.ts'
export { type FaultOptions, type Faults, withFaults } from './faults.ts'
export type { DriverStatus, HealthProblem, HealthReport } from './health.ts'
export { requireSupportedNode } from './node-version.ts'
export { LIMITS } from './limits.ts'
export { auditContents, outcomesOf } from './outcomes.ts'
export type { SavedSnapshot, SessionSnapshot, StateSnapshot } from './snapshot.ts'
export type { OwnedStore, Store, StoreOptions, VerifyOptions, ViewOptions } from './store.ts'
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
  type Scope,
  type SessionId,
} from './values.ts'
