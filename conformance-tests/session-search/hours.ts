import { createCalendar, type Day, type DayPlayed, splitByDay } from '@shepherd-store/core'

/** How long a tick of the model's clock is. */
export const TICK_MS = 60_000
const MIDNIGHT = Date.parse('2026-11-24T00:00:00Z')
const calendar = createCalendar({ timeZone: 'UTC', dayStart: '00:00' })

/** The two days that the model knows. */
export const DAYS: readonly Day[] = ['2026-11-23', '2026-11-24']

/** A set of ticks, as bits: which of them were played, or which somebody knows of. */
export type Ticks = number

/** The time of the model: ticks from 0 to its horizon, with a midnight among them. */
export class Hours {
  readonly horizon: number
  readonly #midnight: number
  readonly #splits = new Map<number, readonly DayPlayed[]>()

  constructor({ midnight, horizon }: { readonly midnight: number; readonly horizon: number }) {
    this.horizon = horizon
    this.#midnight = midnight
  }

  instant(tick: number): Date {
    return new Date(MIDNIGHT + (tick - this.#midnight) * TICK_MS)
  }

  dayOf(tick: number): Day {
    return calendar.dayOf(this.instant(tick))
  }

  /** The days of the ticks in `[from, to)`. */
  split(from: number, to: number): readonly DayPlayed[] {
    const key = from * (this.horizon + 1) + to
    const known = this.#splits.get(key) ?? splitByDay(calendar, this.instant(to), (to - from) * TICK_MS)
    this.#splits.set(key, known)
    return known
  }

  /** The ticks in `[from, to)`. */
  between(from: number, to: number): Ticks {
    return (1 << to) - (1 << from)
  }

  /** How long the ticks of the set are on a day, in milliseconds. */
  playedMs(ticks: Ticks, day: Day): number {
    const firstTicks = (1 << this.#midnight) - 1
    return countOf(day === DAYS[0] ? ticks & firstTicks : ticks & ~firstTicks) * TICK_MS
  }
}

function countOf(ticks: Ticks): number {
  let count = 0
  for (let left = ticks; left !== 0; left &= left - 1) count += 1
  return count
}
