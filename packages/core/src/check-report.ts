import type { AuditVerification } from './audit-verification.ts'
import type { AuditHead } from './audit.ts'
import type { StoreErrorCode } from './errors.ts'
import type { StopSignal } from './stop-signal.ts'

export interface CheckOptions {
  /** A head of the log that was kept elsewhere: it must be found in its place. */
  readonly expectedHead?: AuditHead | undefined
  /** Stops it: it rejects with `ABORTED`. */
  readonly signal?: StopSignal | undefined
  /** Called now and then. */
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined
}

export interface CheckProgress {
  /** What is being looked at: `audit_log`, then whatever the backend has, by its own names. */
  readonly part: string
  /** How many rows of it were looked at. */
  readonly checked: number
}

export interface CheckReport {
  /** Whether nothing was found that is not as it was written. Of what cannot be shown, `blindSpots` tells. */
  readonly sound: boolean
  /** When it began, by the store's clock. */
  readonly checkedAt: Date
  /** What is not as it was written: the first `LIMITS.CHECK_PROBLEMS_MAX`. Empty when sound. */
  readonly problems: readonly CheckProblem[]
  /** How many there are in all. */
  readonly problemCount: number
  /** What of the log was found. Absent when it could not be read to its end. */
  readonly audits?: AuditVerification
  /** What this check cannot detect, in sentences for a person. */
  readonly blindSpots: readonly string[]
}

export interface CheckProblem {
  readonly code: StoreErrorCode
  /** Where: a table and the key of its row as JSON, `usage ["default","2026-11-23","minecraft","local"]`; or what else there is. */
  readonly part: string
  /** What is wrong, and what to do. */
  readonly message: string
}
