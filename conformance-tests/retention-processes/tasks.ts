import type { PlaceAddress } from '@shepherd-store/core/conformance'

/** What a process is to do: to archive the log once. */
export interface RetentionTask {
  readonly address: PlaceAddress
  readonly archiveTo: string
  readonly keepDays: number
  /** What its clock shows. */
  readonly now: string
  /** Before this write, counted from 1, it waits to be killed. */
  readonly holdsBeforeWrite?: number
}

/** What it says on its way. */
export type RetentionMessage =
  | { readonly type: 'reading' | 'read' }
  /** What is written, and how it ended. */
  | { readonly type: 'writing' | 'written'; readonly table: string }
  | { readonly type: 'done'; readonly records: number }
  | { readonly type: 'failed'; readonly problem: string }

export const UTC = { timeZone: 'UTC', dayStart: '00:00' }
