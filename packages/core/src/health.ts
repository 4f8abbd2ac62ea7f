import type { StoreErrorCode } from './errors.ts'

export interface HealthReport {
  /**
   * Whether every table can be read and the right to write be had now, and the last write did not meet a disk that is full,
   * failing or read-only: that shows only in a write, and is told until one succeeds.
   */
  readonly healthy: boolean
  /** By the store's clock; by the system's, where that one fails. */
  readonly checkedAt: Date
  /** What is wrong. Empty when healthy. */
  readonly problems: readonly HealthProblem[]
  /** Writes that wait for their commit. */
  readonly queuedWrites: number
  /**
   * How far the store's clock is ahead of the database's, in milliseconds (negative: behind), the way to it included.
   * Absent when the database did not answer, or has no clock of its own. Of other machines: `listNodes`.
   */
  readonly clockSkewMs?: number
  /** Absent when the database did not answer. */
  readonly database?: DriverStatus
}

export interface HealthProblem {
  readonly code: StoreErrorCode
  /** What is wrong and what to do. */
  readonly message: string
  /** When this store met it first, without a success since, by its clock. */
  readonly since: Date
}

/** What a backend tells of its database. */
export interface DriverStatus {
  /** `sqlite`, `postgres`, `memory`, or the backend's own name. */
  readonly backend: string
  /** The version of the database. */
  readonly version: string
  readonly schemaVersion: number
  readonly sizeBytes?: number
  /** What the database's own clock showed. Absent when it has none. */
  readonly time?: Date
}
