import { systemClock } from '@shepherd-store/core'
import { number } from './format.ts'
import type { Output } from './io.ts'

const UPDATE_PAUSE_MS = 250
const ERASE_LINE = '\r\u001B[2K'

export interface Progress {
  /** What is done: `audits`, `checked`. */
  readonly phase: string
  readonly done: number
  readonly total: number
}

/** A line on a terminal that says how far a long work is. Where `output` is none, nothing is written. */
export function progressLine(output: Output): { show(progress: Progress): void; end(): void } {
  let shownAtMs = Number.NEGATIVE_INFINITY
  return {
    show({ phase, done, total }) {
      const nowMs = systemClock.monotonicMs()
      if (output.isTTY !== true || nowMs - shownAtMs < UPDATE_PAUSE_MS) return
      shownAtMs = nowMs
      output.write(`${ERASE_LINE}${phase}: ${number(done)} of ${number(total)}`)
    },
    end() {
      if (shownAtMs !== Number.NEGATIVE_INFINITY) output.write(ERASE_LINE)
    },
  }
}
