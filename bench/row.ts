import type { Place } from './place.ts'

/** What is measured: one piece of work, done by the store, by its yardstick, and by others beside them. */
export interface Row {
  /** What `--only` takes. */
  readonly id: string
  readonly title: string
  /** The largest ratio of the store to its yardstick. Absent: it is shown, and nothing is asked of it. */
  readonly atMost?: number
  /** How often the work is done in one run of a contender. */
  readonly operations: number
  readonly rounds: number
  /** Whether each contender runs once before the first round, untimed. Default true. */
  readonly warmUp?: boolean
  /** The store, its yardstick, and then any number of others. */
  readonly contenders: readonly [Contender, Contender, ...Contender[]]
}

export interface Contender {
  readonly name: string
  /** Default: the row's. One that is much faster does more, so that its run is long enough to be timed. */
  readonly operations?: number
  /** Called once. */
  start(place: Place): Promise<Running> | Running
}

export interface Running {
  /** Called before each run, untimed. As the others, it is waited for when it returns a promise. */
  prepare?(): unknown
  /**
   * Does the work, all of the row's operations. Timed from its call until what it returns is settled; one that returns a
   * number of microseconds has taken the time itself, of all operations.
   */
  run(): unknown
  close(): unknown
}

/** Why a row has no figures on this machine. */
export class NotMeasured extends Error {
  override readonly name = 'NotMeasured'
}
