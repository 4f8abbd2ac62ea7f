import { systemClock } from '@shepherd-store/core'
import type { ImportProgress } from '@shepherd-store/sqlite/rust'
import { number } from './format.ts'
import type { Output } from './io.ts'

const UPDATE_PAUSE_MS = 250
const ERASE_LINE = '\r\u001B[2K'

/** A line on a terminal that says how far an import is. Where `output` is none, nothing is written. */
export function progressLine(output: Output): { show(progress: ImportProgress): void; end(): void } {
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
