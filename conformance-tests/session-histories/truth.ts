import type { Day, EntryId, NodeId, SessionId } from '@shepherd-store/core'
import type { CalendarPage } from './calendar-page.ts'

/** `[from, to)` of the time that really passed, in milliseconds since 1970. */
interface Stretch {
  readonly from: number
  readonly to: number
}

/** What is true of a session that was played, whatever the store knows of it. */
export class PlayedSession {
  readonly sessionId: SessionId
  readonly entryId: EntryId
  readonly node: NodeId
  readonly startedAt: number
  /** Undefined while it is played. */
  stoppedAt: number | undefined
  /** Whether the service that runs was told how long the game had been running: then its reports tell of all of it. */
  #isAgeKnown = false
  /** Since when the service that runs counts it, and up to when it has told what it counted, in calls that arrive in the end. */
  #countedFrom: number
  #toldTo: number
  /** What was told by services that run no more. */
  readonly #told: Stretch[] = []

  constructor(ids: Pick<PlayedSession, 'sessionId' | 'entryId' | 'node'>, startedAt: number) {
    this.sessionId = ids.sessionId
    this.entryId = ids.entryId
    this.node = ids.node
    this.startedAt = startedAt
    this.#countedFrom = startedAt
    this.#toldTo = startedAt
  }

  /** The service that runs looks at its clock, and, if it is told, at how long the game has been running. */
  count(isAgeTold: boolean): void {
    this.#isAgeKnown ||= isAgeTold
  }

  tellTo(now: number): void {
    if (this.#isAgeKnown) this.#countedFrom = this.startedAt
    this.#toldTo = now
  }

  /** The service that counted is gone: what it has not told nobody knows. */
  forget(): void {
    this.#told.push({ from: this.#countedFrom, to: this.#toldTo })
    this.#countedFrom = this.#toldTo
    this.#isAgeKnown = false
  }

  /** Another service counts on, and has told when the session began, if it could. */
  countOn(now: number, isAgeTold: boolean): void {
    if (isAgeTold) this.#told.push({ from: this.startedAt, to: now })
    this.#countedFrom = now
    this.#toldTo = now
    this.#isAgeKnown = false
  }

  /** What the store is to have booked when everything has arrived: the stretches, without their overlaps. */
  told(): readonly Stretch[] {
    const stretches = [...this.#told, { from: this.#countedFrom, to: this.#toldTo }]
    const joined: Stretch[] = []
    for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
      const begin = Math.max(from, joined.at(-1)?.to ?? 0)
      if (to > begin) joined.push({ from: begin, to })
    }
    return joined
  }

  playedMs(now: number): number {
    return (this.stoppedAt ?? now) - this.startedAt
  }
}

export function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** How much of the stretches lies on each day, where any does. */
export function byDay(stretches: readonly Stretch[], page: CalendarPage): ReadonlyMap<Day, number> {
  const days = page.days.map(({ day, startsAt }, index) => {
    const endsAt = page.days[index + 1]?.startsAt ?? page.endsAt
    const parts = stretches.map(({ from, to }) => Math.max(0, Math.min(to, endsAt) - Math.max(from, startsAt)))
    return [day, parts.reduce((sum, ms) => sum + ms, 0)] as const
  })
  return new Map(days.filter(([, ms]) => ms > 0))
}
