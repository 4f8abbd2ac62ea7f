import type { AuditEvent, Day, DurationMs, EntryId } from '@shepherd-store/core'
import { listed, type RustComparison, type UsageDifference } from './report.ts'
import type { SessionsSoFar } from './session.ts'

/** Sets what the usage table says beside what the log says, entry by entry and day by day. */
export class Comparison {
  readonly #days = new Map<string, EntryDay>()

  /** `day` is the local day on which the session ended. */
  ended({ entryId, durationMs }: Extract<AuditEvent, { type: 'session_ended' }>, day: Day): void {
    const of = this.#of(entryId, day)
    of.sessions += 1
    of.endedMs += durationMs
    of.wholeSecondsMs += Math.floor(durationMs / 1_000) * 1_000
  }

  booked(entryId: EntryId, day: Day, ms: DurationMs): void {
    this.#of(entryId, day).bookedMs += ms
  }

  report(sessions: SessionsSoFar): RustComparison {
    const days = [...this.#days.values()]
    const sum = (part: (day: EntryDay) => number): number => days.reduce((total, day) => total + part(day), 0)
    const differing = days.filter((day) => day.bookedMs !== day.endedMs)
    return {
      endedMs: sum((day) => day.endedMs),
      bookedMs: sum((day) => day.bookedMs),
      cutMs: sum((day) => day.endedMs - day.wholeSecondsMs),
      notBookedMs: sum((day) => Math.max(0, day.wholeSecondsMs - day.bookedMs)),
      overbookedMs: sum((day) => Math.max(0, day.bookedMs - day.wholeSecondsMs)),
      differences: listed(differing.toSorted(byWeight).map(difference)),
      sessionsWithoutEnd: listed(
        sessions.withoutEnd().map(({ startedAt, ...session }) => ({ ...session, startedAt: startedAt.toISOString() })),
      ),
    }
  }

  #of(entryId: EntryId, day: Day): EntryDay {
    const key = JSON.stringify([entryId, day])
    const known = this.#days.get(key)
    if (known !== undefined) return known
    const fresh = { entryId, day, sessions: 0, endedMs: 0, wholeSecondsMs: 0, bookedMs: 0 }
    this.#days.set(key, fresh)
    return fresh
  }
}

interface EntryDay {
  readonly entryId: EntryId
  readonly day: Day
  sessions: number
  endedMs: number
  /** What the crate should have booked: each session cut to whole seconds. */
  wholeSecondsMs: number
  bookedMs: number
}

function difference({ entryId, day, sessions, endedMs, wholeSecondsMs, bookedMs }: EntryDay): UsageDifference {
  const unexplainedMs = wholeSecondsMs - bookedMs
  const problem = unexplainedMs === 0 ? 'cut_to_seconds' : unexplainedMs > 0 ? 'not_booked' : 'overbooked'
  return { entryId, day, sessions, endedMs, bookedMs, problem }
}

function byWeight(a: EntryDay, b: EntryDay): number {
  const unexplained = Math.abs(b.wholeSecondsMs - b.bookedMs) - Math.abs(a.wholeSecondsMs - a.bookedMs)
  return unexplained || b.endedMs - b.bookedMs - (a.endedMs - a.bookedMs)
}
