import type { Day } from './day.ts'
import type { DurationMs, EntryId, NodeId, Scope } from './values.ts'

export type UsageGrouping = 'day' | 'week' | 'month' | 'entry' | 'node' | 'scope'

export interface UsageQuery {
  /** The first day. */
  readonly from: Day
  /** The day after the last one: the range is `[from, to)`. At most a hundred years. */
  readonly to: Day
  /**
   * One total for each combination that occurs. At most one of day, week and month. Default: one grand total, or none
   * when there is nothing to add up.
   */
  readonly by?: readonly UsageGrouping[] | undefined
  readonly entryId?: EntryId | undefined
  readonly node?: NodeId | undefined
  /** `'all'`: every scope's usage. Default: the store's scope. */
  readonly scope?: 'all' | undefined
}

/** A total, with those of its keys that were asked for. */
export interface UsageTotal {
  readonly day?: Day
  /** The week's Monday. */
  readonly week?: Day
  /** The month's first day. */
  readonly month?: Day
  readonly entryId?: EntryId
  readonly node?: NodeId
  readonly scope?: Scope
  readonly durationMs: DurationMs
  /**
   * In how much of it something could not be read: a row's duration, which is missing in `durationMs`, or the `day`. 0 in
   * a sound store.
   */
  readonly unreadable: number
}
