import type {
  AuditHead,
  Capabilities,
  Day,
  DriverStatus,
  DurationMs,
  EntryDayState,
  HealthProblem,
  NodeId,
  SavedSnapshot,
  Scope,
  SessionRecord,
} from '@shepherd-store/core'

/** What `status --json` prints. */
export interface StatusData {
  readonly healthy: boolean
  readonly checkedAt: Date
  readonly problems: readonly StatusProblem[]
  /** The path, or the URL without its password. */
  readonly where: string
  /** Absent when the database did not answer. */
  readonly database?: DriverStatus
  /** How far the clock of this machine is ahead of the database's. Absent when that has none, or did not answer. */
  readonly clockSkewMs?: number
  readonly capabilities: Capabilities
  readonly calendar: { readonly timeZone: string; readonly dayStart: string }
  readonly node: NodeId
  readonly scope: Scope
  readonly today: Day
  /** Absent when it could not be read. */
  readonly contents?: Contents
}

/** What the health of the store tells; or what cannot be read, of which nobody knows since when. */
export type StatusProblem = Omit<HealthProblem, 'since'> & Partial<Pick<HealthProblem, 'since'>>

export interface Contents {
  /** How many records the log has, and the last one. */
  readonly records: number
  readonly head?: AuditHead & { readonly timestamp: Date }
  readonly entriesToday: number
  readonly usedTodayMs: DurationMs
  /** The entries with extra time today, in the order of their ids. */
  readonly grantedToday: readonly Pick<EntryDayState, 'entryId' | 'grantedMs' | 'usedMs'>[]
  readonly cooldownsRunning: number
  /** How many are open, in every scope, and those of them that were not heard of for 10 minutes or more. */
  readonly openSessions: number
  readonly silentSessions: readonly SessionRecord[]
  /** Of the node. Absent when there is none, or it cannot be read. */
  readonly snapshot?: SavedSnapshot
}
