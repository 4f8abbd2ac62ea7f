import { terminalColumns } from 'terminal-columns'

/** `57 h 27 min`, `3 min 30 s`, `30 s`: cut, not rounded. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const parts =
    hours > 0
      ? [`${hours} h`, minutes > 0 ? `${minutes} min` : '']
      : [minutes > 0 ? `${minutes} min` : '', seconds % 60 > 0 || minutes === 0 ? `${seconds % 60} s` : '']
  return parts.filter((part) => part !== '').join(' ')
}

/** Columns side by side; the first row holds their titles. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = (rows[0] ?? []).map(() => ({ width: 'content-width', paddingRight: 3 }) as const)
  return terminalColumns(
    rows.map((row) => [...row]),
    { stdoutColumns: Number.POSITIVE_INFINITY, columns },
  ).replaceAll(/ +$/gm, '')
}
