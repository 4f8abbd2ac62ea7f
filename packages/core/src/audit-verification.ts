import type { AuditHead } from './audit.ts'
import type { StopSignal } from './stop-signal.ts'

export interface VerifyOptions {
  /** A head that was kept elsewhere: it must be found in its place. */
  readonly expectedHead?: AuditHead | undefined
  /** A head that was found good before, and kept elsewhere: what comes before it is not read again. */
  readonly from?: AuditHead | undefined
  /** It is a part of another log, imported: why it begins there, or has erasures, may be told elsewhere. Default false. */
  readonly part?: boolean | undefined
  /** Stops it: it rejects with `ABORTED`. */
  readonly signal?: StopSignal | undefined
  /** Called now and then. To go on later, pass its `head` as `from`. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined
}

export interface VerifyProgress {
  /** How many records were looked at, and how many there are to look at, as far as is known. */
  readonly checked: number
  readonly total: number
  /** The last record that was found good. */
  readonly head: AuditHead
}

export interface AuditVerification {
  /** Whether every record that was looked at is what was written, in its place. */
  readonly intact: boolean
  /** How many records were looked at. */
  readonly checked: number
  /** How many of them were erased, as their scope was to be forgotten. */
  readonly erased: number
  /** The last record that was found good. Keep it elsewhere, and pass it as `expectedHead` the next time. */
  readonly head?: AuditHead
  readonly firstBreak?: AuditBreak
  /**
   * `proven` when `expectedHead`, or `from`, was found in its place. `unproven`: a log alone cannot show that the whole
   * of it was written anew, or that its tail was cut off by somebody who knew how.
   */
  readonly tail: 'proven' | 'unproven'
  /** What this verification cannot detect, in sentences for a person. */
  readonly blindSpots: readonly string[]
}

export interface AuditBreak {
  /** The first id that is not as it was written. */
  readonly id: number
  readonly problem:
    /** Records are missing, or one stands where another belongs. */
    | 'missing'
    /** The record is not what was written. */
    | 'content_changed'
    /** Its hash does not follow from the record before. */
    | 'chain_broken'
    /** The log's own mark of its end lies elsewhere than its last record. */
    | 'tail_missing'
    /** A head that is known does not stand in its place: another record does, or none. */
    | 'head_differs'
    | 'head_missing'
    /** Records left the log, or were erased, and no record tells of it. */
    | 'cut_unrecorded'
    | 'erasure_unrecorded'
    /** Questions about its time do not find the record, which is sound. */
    | 'time_untold'
  /** A sentence for a person. */
  readonly message: string
}
