import type { Day } from '@shepherd-store/core'

/** Some days that follow each other, as they were in a place: when each began, told by hand. */
export interface CalendarPage {
  readonly days: readonly { readonly day: Day; readonly startsAt: number }[]
  /** Where the last one ends. */
  readonly endsAt: number
}

export const TIME_ZONE = 'Europe/Berlin'

export const PAGES: readonly CalendarPage[] = [
  // Nothing changes.
  pageOf(['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26'], [24, 24, 24, 24], '2026-11-23T00:00:00+01:00'),
  // The clock goes back at 3:00, and the day has 25 hours.
  pageOf(['2025-10-25', '2025-10-26', '2025-10-27', '2025-10-28'], [24, 25, 24, 24], '2025-10-25T00:00:00+02:00'),
  // The clock goes forward at 2:00, and the day has 23 hours.
  pageOf(['2026-03-28', '2026-03-29', '2026-03-30', '2026-03-31'], [24, 23, 24, 24], '2026-03-28T00:00:00+01:00'),
  // The year ends.
  pageOf(['2025-12-31', '2026-01-01', '2026-01-02', '2026-01-03'], [24, 24, 24, 24], '2025-12-31T00:00:00+01:00'),
]

function pageOf(names: readonly Day[], hours: readonly number[], start: string): CalendarPage {
  let endsAt = Date.parse(start)
  const days = names.map((day, index) => {
    const startsAt = endsAt
    endsAt += (hours[index] ?? 0) * 3_600_000
    return { day, startsAt }
  })
  return { days, endsAt }
}
