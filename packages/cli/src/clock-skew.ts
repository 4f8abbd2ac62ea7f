import { duration } from './format.ts'
import type { Cell } from './output.ts'

/** From here on the difference between two clocks is told: less of it may be the way to the database. */
const SKEW_MS_MIN = 1_000

export function isSkewed(skewMs: number): boolean {
  return Math.abs(skewMs) >= SKEW_MS_MIN
}

/** How far a clock is ahead of the database's. */
export function skewText(skewMs: number): string {
  return skewMs === 0 ? 'exact' : `${duration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`
}

export function skewCell(skewMs: number): Cell {
  const text = skewText(skewMs)
  return isSkewed(skewMs) ? { text, style: 'yellow' } : text
}
