import { terminalColumns } from 'terminal-columns'

export interface Column {
  /** Empty: the table has no line of titles. */
  readonly title: string
  /** Default `left`. */
  readonly align?: 'left' | 'right' | undefined
}

const GAP = 2

/**
 * Rows under each other, columns side by side, without lines. Nothing is cut off: a last column of text is wrapped
 * within its place where the row is wider than `width`.
 */
export function layOut(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const text = terminalColumns(
    rows.map((row) => [...row]),
    {
      stdoutColumns: width,
      columns: columns.map(({ align = 'left' }, index) => {
        const last = index === columns.length - 1
        return { align, width: last && align === 'left' ? 'auto' : 'content-width', paddingRight: last ? 0 : GAP }
      }),
    },
  )
  return text.replaceAll(/ +$/gm, '')
}
