import type { PlaceAddress } from '@shepherd-store/core/conformance'
import type { Held } from './held.ts'

/** What a process is to do with a place: operations of every kind, and a look at what it holds before and after. */
export interface SteadyTask {
  /** Absent: a store in memory, which no other process can open. */
  readonly address?: PlaceAddress
  readonly seed: number
  /** How many operations come before the first look: everything is loaded, compiled and connected by then. */
  readonly before: number
  /** How many operations lie between the two looks. */
  readonly operations: number
}

export type SteadyMessage =
  | {
      readonly type: 'done'
      readonly early: Held
      readonly late: Held
      readonly counts: Readonly<Record<string, number>>
    }
  | { readonly type: 'failed'; readonly problem: string }
