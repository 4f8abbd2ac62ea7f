import { createCalendar } from '../src/calendar.ts'
import { manualClock, type ManualClock } from '../src/clock.ts'
import { PlayCounter } from '../src/play-counter.ts'
import type { Reserved, SessionRecord } from '../src/session.ts'
import type { DurationMs } from '../src/values.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const calendar = createCalendar({ timeZone: 'UTC', dayStart: '00:00' })

/** The session as the store knows it, once `durationMs` of it are booked. */
export function recordOf(durationMs: DurationMs, reserved?: Reserved): SessionRecord {
  const startedAt = new Date('2026-11-23T10:00:00Z')
  return {
    ...{ sessionId: 'session', scope: 'default', node: 'local', run: 'run', entryId: 'chess', startedAt },
    ...{ lastReportedAt: startedAt, durationMs, warningsIssuedMs: [] },
    ...(reserved === undefined ? {} : { reserved }),
  }
}

export function counterAt(start: string): { readonly clock: ManualClock; readonly counter: PlayCounter } {
  const clock = manualClock(start)
  return { clock, counter: new PlayCounter({ clock, calendar }) }
}
