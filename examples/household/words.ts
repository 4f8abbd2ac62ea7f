import type { Store } from '@shepherd-store/core'
import { terminalColumns } from 'terminal-columns'

/** `57 h 27 min 43 s`, `3 min 30 s`, `0 s`: cut, not rounded. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const [h, min, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  const parts = [h > 0 ? `${h} h` : '', min > 0 ? `${min} min` : '', s > 0 || seconds === 0 ? `${s} s` : '']
  return parts.filter((part) => part !== '').join(' ')
}

/** On the household's clocks: `2026-11-28 01:25`. */
export function dateAndTime(at: Date, { calendar: { timeZone } }: Pick<Store, 'calendar'>): string {
  return at.toLocaleString('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' })
}

/** The same, without the date where that is today's. */
export function when(at: Date, store: Pick<Store, 'calendar' | 'clock'>): string {
  const [date, time] = dateAndTime(at, store).split(' ')
  const [today] = dateAndTime(store.clock.now(), store).split(' ')
  return date === today ? `${time}` : `${date} ${time}`
}

export function records(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'record' : 'records'}`
}

/** Columns side by side; the first row holds their titles. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = (rows[0] ?? []).map(() => ({ width: 'content-width', paddingRight: 3 }) as const)
  return terminalColumns(
    rows.map((row) => [...row]),
    { stdoutColumns: Number.POSITIVE_INFINITY, columns },
  ).replaceAll(/ +$/gm, '')
}
