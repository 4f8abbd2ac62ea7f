/** The median of a contender's rounds, and the middle half of them. */
export interface Spread {
  readonly median: number
  readonly firstQuartile: number
  readonly thirdQuartile: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: at(sorted, 0.5), firstQuartile: at(sorted, 0.25), thirdQuartile: at(sorted, 0.75) }
}

/** Between two values, in proportion. */
function at(sorted: readonly number[], fraction: number): number {
  const place = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
