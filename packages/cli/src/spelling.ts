const EDITS_MAX = 2

/** Whether one may be misspelt for the other. */
export function isNear(a: string, b: string): boolean {
  return edits(a, b) <= EDITS_MAX
}

/** How many letters must be put in, left out, replaced or swapped with the next one to make `b` of `a`. */
function edits(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > EDITS_MAX) return Infinity
  let [beforeLast, last]: [readonly number[], readonly number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, j) => j),
  ]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          (last[j] ?? Infinity) + 1,
          (row[j - 1] ?? Infinity) + 1,
          (last[j - 1] ?? Infinity) + same,
          swapped ? (beforeLast[j - 2] ?? Infinity) + 1 : Infinity,
        ),
      )
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? Infinity
}
