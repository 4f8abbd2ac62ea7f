import type { Change } from '@shepherd-store/core'
import type { PlaceAddress } from '@shepherd-store/core/conformance'
import type { MachineCounts, MachineRules } from './machine.ts'
import type { Play } from './play.ts'

export const UTC = { timeZone: 'UTC', dayStart: '00:00' }

/** What a process does with a place, as one machine, from `startAt` on. */
export type PlayerTask = {
  readonly scope: string
  readonly node: string
  readonly startAt: string
} & (
  | {
      readonly type: 'play'
      readonly play: Play
      /** Whether it stands still behind `ending`, for ever. */
      readonly holdsBeforeEnd: boolean
    }
  /** Plays by the rules until nothing may be started any more. */
  | { readonly type: 'use_up'; readonly rules: MachineRules; readonly seed: number }
)

/** What a process is told first: what it has to load. */
export interface PlayerPreparation {
  readonly address: PlaceAddress
}

/** What a process tells its parent. */
export type PlayerMessage =
  | { readonly type: 'loaded' }
  /** All of it is played, and the session is open. */
  | { readonly type: 'played' }
  /** The next thing that it does is to commit `changes`. */
  | { readonly type: 'ending'; readonly changes: readonly Change[] }
  /** Their commit was acknowledged. */
  | { readonly type: 'ended' }
  | { readonly type: 'used_up'; readonly counts: MachineCounts }
  | { readonly type: 'failed'; readonly problem: string }
