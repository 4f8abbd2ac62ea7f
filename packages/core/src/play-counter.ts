import type { Calendar } from './calendar.ts'
import type { Clock } from './clock.ts'
import type { Day } from './day.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import { endMsOf, joinDays, latestDays, splitByDay, totalOf } from './played.ts'
import type { ClockJump, DayPlayed, Reserved, SessionRecord } from './session.ts'
import type { DurationMs } from './values.ts'
import { checkDuration, checkInstant } from './values.ts'

/** What one run of a service has counted of a session, and what of it is not known to be stored. */
export interface CountedReport {
  readonly report: number
  /** Where the hands stood. */
  readonly now: Date
  readonly monotonicMs: number
  readonly day: Day
  readonly played: readonly DayPlayed[]
  /** All of the session's time, once another measure than the clock's has told it. */
  readonly active: readonly DayPlayed[]
  readonly jumps: readonly ClockJump[]
}

/**
 * Counts how long a session is played: by the hand of the clock that only goes forward, so that a clock which is set
 * changes no total; or, where `count` is told it, by another measure. On which day time lies is told by the wall clock
 * when it is counted.
 */
export class PlayCounter {
  readonly #clock: Clock
  readonly #calendar: Calendar
  /** What is booked of the session beside what this counter has counted. */
  #othersMs = 0
  readonly #played = new Map<Day, DurationMs>()
  readonly #acknowledged = new Map<Day, DurationMs>()
  #active: readonly DayPlayed[] = []
  #report = 0
  #jumps: ClockJump[] = []
  /** What is booked ahead, and not used up: time that it covers lies on its day, whatever the wall clock shows. */
  #covered: Reserved | undefined
  #isStopped = false
  /** Where the hands stood at the last look. */
  #wallMs: number
  #monotonicMs: number
  /** How far the time since the last look, or a part of it, is counted: fractions are kept for the next. */
  #countedUpToMs: number

  constructor({ clock, calendar }: { readonly clock: Clock; readonly calendar: Calendar }) {
    this.#clock = clock
    this.#calendar = calendar
    this.#wallMs = checkInstant(clock.now(), 'the time of the clock').getTime()
    this.#monotonicMs = clock.monotonicMs()
    this.#countedUpToMs = this.#monotonicMs
  }

  /** From now on nothing is counted, until `resume`: the entry has ended. */
  stop(): void {
    this.#isStopped = true
  }

  /** The entry runs after all, and has since it was stopped. */
  resume(): void {
    this.#isStopped = false
  }

  /** How much time has passed since `count` returned `counted`, by the hand that only goes forward. */
  elapsedSince({ monotonicMs }: Pick<CountedReport, 'monotonicMs'>): DurationMs {
    return Math.max(0, Math.ceil(this.#clock.monotonicMs() - monotonicMs))
  }

  /** What the wall clock showed at the last look. */
  get wallMs(): number {
    return this.#wallMs
  }

  /** Where the hand stands that only goes forward, as of the last look. */
  get monotonicMs(): number {
    return this.#monotonicMs
  }

  /**
   * Counts up to now, and returns what is to be reported: each day's total that was not acknowledged, and today's.
   * @param activeMs How long the session was active, in all, by another measure than the clock's.
   * @throws StoreError `INVALID_ARGUMENT`; then nothing is counted.
   */
  count(activeMs: DurationMs | undefined): CountedReport {
    const now = checkInstant(this.#clock.now(), 'the time of the clock')
    const monotonicMs = this.#clock.monotonicMs()
    if (!this.#isStopped) this.#countUpTo(now, monotonicMs, activeMs)
    this.#report += 1
    if (!this.#isStopped) this.#see(now, monotonicMs)
    return {
      ...{ report: this.#report, now, monotonicMs, day: this.#calendar.dayOf(now) },
      ...{ played: this.#open(now), active: this.#active, jumps: [...this.#jumps] },
    }
  }

  /** What was reported is stored, and the session then looked like `record`. */
  acknowledge({ report, played }: CountedReport, record: SessionRecord): void {
    for (const { day, playedMs } of played) {
      this.#acknowledged.set(day, Math.max(playedMs, this.#acknowledged.get(day) ?? 0))
    }
    this.#active = latestDays(this.#active)
    this.#jumps = this.#jumps.filter((jump) => jump.report > report)
    this.accept(record)
  }

  /** What is booked, and booked ahead, by the store's word. */
  accept({ durationMs, reserved }: SessionRecord): void {
    this.#othersMs = durationMs - [...this.#acknowledged.values()].reduce((sum, ms) => sum + ms, 0)
    this.#covered = reserved && this.#stillCovered(reserved)
  }

  /** A slice that an earlier try of this call has booked may belong to a day that was over when this one began. */
  #stillCovered({ day, durationMs }: Reserved): Reserved {
    const restMs = endMsOf(this.#calendar, day) - this.#wallMs
    return { day, durationMs: Math.min(durationMs, Math.max(0, restMs)) }
  }

  #countUpTo(now: Date, monotonicMs: number, activeMs: DurationMs | undefined): void {
    const elapsedMs = Math.max(0, Math.floor(monotonicMs - this.#countedUpToMs))
    if (activeMs !== undefined) {
      this.#countActive(now, checkDuration(activeMs, 'activeMs'), elapsedMs)
      this.#countedUpToMs = monotonicMs
      return
    }
    const parts = this.#placed(now, elapsedMs, elapsedMs)
    for (const { day, playedMs } of parts) this.#played.set(day, (this.#played.get(day) ?? 0) + playedMs)
    if (this.#active.length > 0) this.#active = joinDays([...this.#active, ...parts])
    this.#countedUpToMs += elapsedMs
  }

  /** All of the time was told. How much of it this run has played nobody can tell: some may be of one before. */
  #countActive(now: Date, activeMs: DurationMs, elapsedMs: DurationMs): void {
    const toldMs = totalOf(this.#active)
    const knownMs = Math.max(toldMs, this.#othersMs + [...this.#played.values()].reduce((sum, ms) => sum + ms, 0))
    const newMs = Math.min(elapsedMs, Math.max(0, activeMs - knownMs))
    const parts = this.#placed(now, Math.max(0, activeMs - toldMs), newMs)
    this.#active = joinDays([...this.#active, ...parts])
  }

  /**
   * On which days the last `ms` lie. Of those the last `newMs` have passed since the last look, and the first of these are
   * what is booked ahead: they lie on that day, whatever the wall clock shows.
   */
  #placed(now: Date, ms: DurationMs, newMs: DurationMs): readonly DayPlayed[] {
    const covered = this.#covered
    const coveredMs = Math.min(newMs, covered?.durationMs ?? 0)
    const newFrom = new Date(Math.max(0, now.getTime() - newMs))
    const placed = [
      ...splitByDay(this.#calendar, newFrom, ms - newMs),
      ...(covered === undefined ? [] : [{ day: covered.day, playedMs: coveredMs }]),
      ...splitByDay(this.#calendar, now, newMs - coveredMs),
    ].filter(({ playedMs }) => playedMs > 0)
    const told = [...this.#open(now), ...this.#active, ...placed]
    if (new Set(told.map(({ day }) => day)).size > LIMITS.SESSION_REPORT_DAYS_MAX) {
      throw invalidArgument(`more than ${LIMITS.SESSION_REPORT_DAYS_MAX} days are to be reported; report earlier`)
    }
    if (covered !== undefined) this.#covered = { ...covered, durationMs: covered.durationMs - coveredMs }
    return placed
  }

  #see(now: Date, monotonicMs: number): void {
    this.#seeJump(now.getTime() - this.#wallMs, monotonicMs - this.#monotonicMs)
    this.#wallMs = now.getTime()
    this.#monotonicMs = monotonicMs
  }

  #open(now: Date): readonly DayPlayed[] {
    const today = this.#calendar.dayOf(now)
    const open = new Map([...this.#played].filter(([day, ms]) => ms > (this.#acknowledged.get(day) ?? 0)))
    open.set(today, this.#played.get(today) ?? 0)
    return [...open].map(([day, playedMs]) => ({ day, playedMs }))
  }

  #seeJump(wallMs: number, elapsedMs: number): void {
    const monotonicMs = Math.max(0, Math.round(elapsedMs))
    if (Math.abs(wallMs - monotonicMs) < LIMITS.CLOCK_JUMP_MS_MIN) return
    this.#jumps.push({ report: this.#report, wallMs, monotonicMs })
    // While nothing is acknowledged, the newest are kept apart, and the oldest told as one.
    if (this.#jumps.length <= LIMITS.SESSION_JUMPS_MAX) return
    const [first, second, ...others] = this.#jumps
    if (first === undefined || second === undefined) return
    this.#jumps = [
      {
        report: second.report,
        wallMs: first.wallMs + second.wallMs,
        monotonicMs: first.monotonicMs + second.monotonicMs,
      },
      ...others,
    ]
  }
}
