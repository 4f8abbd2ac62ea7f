import { createHash } from 'node:crypto'

/** A stream of choices that its seed alone determines. */
export interface Seeded {
  /** From 0 up to 1, which is left out. */
  fraction(): number
  /** A whole number, `[from, to]`. */
  integer(from: number, to: number): number
}

const BYTES = 6

/** Each choice is a digest of the seed and of its place in the stream. */
export function seeded(seed: number): Seeded {
  let place = 0
  const fraction = (): number => {
    place += 1
    return createHash('sha256').update(`${seed} ${place}`).digest().readUIntBE(0, BYTES) / 256 ** BYTES
  }
  return { fraction, integer: (from, to) => from + Math.floor(fraction() * (to - from + 1)) }
}
