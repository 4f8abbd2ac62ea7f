import type { Seeded } from '../session-processes/seeded.ts'

/** The items in an order that comes by chance. */
export function shuffled<T>(items: readonly T[], choices: Seeded): T[] {
  return items
    .map((item) => ({ item, place: choices.fraction() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
