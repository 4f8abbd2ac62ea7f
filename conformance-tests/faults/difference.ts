import type { Verdict } from './judge.ts'

/** What of the lines is not there, or is there and should not be, or not as often. */
export function difference(expected: readonly string[], found: readonly string[]): Verdict {
  const [due, counts] = [countsOf(expected), countsOf(found)]
  const dueOf = (line: string) => due.get(line) ?? 0
  return {
    acknowledged: expected.length,
    inDoubt: 0,
    lost: [...due].filter(([line, count]) => (counts.get(line) ?? 0) < count).map(([line]) => `${line} is gone`),
    doubled: [...counts]
      .filter(([line, count]) => dueOf(line) > 0 && count > dueOf(line))
      .map(([line, count]) => `${line} is there ${count} times, not ${dueOf(line)}`),
    untrue: [...counts.keys()].filter((line) => dueOf(line) === 0).map((line) => `nobody wrote ${line}`),
  }
}

function countsOf(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}
