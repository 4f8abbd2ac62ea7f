import { isWithinLimit, type Figure, type Result } from './contest.ts'
import type { Spread } from './spread.ts'

const HEAD = ['row', 'contender', 'µs each', 'quartiles', 'ratio', 'quartiles', 'at most'] as const
/** Words stand at the left of their column, figures at the right. */
const LEFT = new Set([0, 1])

/** The results as text: for each row what it is, and a line for each contender. */
export function tableOf(results: readonly Result[]): string {
  const lines = results.map((result) => ({ title: result.title, lines: linesOf(result) }))
  const cells = [HEAD, ...lines.flatMap((row) => row.lines)]
  const widths = HEAD.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const text = (line: readonly string[]): string =>
    line
      .map((cell, column) => (LEFT.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [text(HEAD), ...lines.flatMap((row) => ['', row.title, ...row.lines.map(text)])].join('\n')
}

function linesOf(result: Result): readonly (readonly string[])[] {
  const { id, atMost, contenders, notMeasured } = result
  const limit = atMost === undefined ? '' : `${atMost}${isWithinLimit(result) ? '' : '  ← past it'}`
  if (notMeasured !== undefined) return [[id, `not measured: ${notMeasured}`, '', '', '', '', limit]]
  return contenders.map((figure, index) => lineOf(index === 0 ? id : '', figure, index === 0 ? limit : ''))
}

function lineOf(id: string, { name, us, ratio }: Figure, limit: string): readonly string[] {
  return [id, name, figure(us.median), quartiles(us), figure(ratio.median), quartiles(ratio), limit]
}

function quartiles({ firstQuartile, thirdQuartile }: Spread): string {
  return `${figure(firstQuartile)}–${figure(thirdQuartile)}`
}

/** Three digits that count, and no exponent. */
function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)
}
