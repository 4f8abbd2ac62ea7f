/** A stream of choices that its seed alone determines. */
export interface Seeded {
  /** From 0 up to 1, which is left out. */
  fraction(): number
  /** A whole number, `[from, to]`. */
  integer(from: number, to: number): number
}

/** mulberry32, by Tommy Ettinger, in the public domain. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { fraction, integer: (from, to) => from + Math.floor(fraction() * (to - from + 1)) }
}
