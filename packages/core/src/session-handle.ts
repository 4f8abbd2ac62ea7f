import type { SessionEndReason } from './audit.ts'
import type { Applied, SessionChange, UsageAfter } from './change.ts'
import type { Day } from './day.ts'
import { fromArguments, invalidArgument, isStoreError, StoreError } from './errors.ts'
import type { CountedReport, PlayCounter } from './play-counter.ts'
import type { SessionAfter, SessionRecord } from './session.ts'
import type { Store } from './store.ts'
import { reservationAt, type StrictQuota } from './strict-quota.ts'
import type { DurationMs, RunId } from './values.ts'
import { checkDuration, checkFields, checkInstant, describe } from './values.ts'
import { checkEndReason } from './wire.ts'

export interface Checkpoint extends SessionAfter {
  /** The day that it is. */
  readonly day: Day
  /** The entry's total on that day, over all machines. */
  readonly usedMs: DurationMs
  /** Its totals on every day that the checkpoint told of: where midnight lies in it, also on the day before. */
  readonly usage: readonly UsageAfter[]
  /** The slice that is booked ahead from this call on, in strict mode; 0: nothing is left, and it has to end. */
  readonly reservedMs: DurationMs
}

export interface EndOptions {
  readonly reason: SessionEndReason
  /** For how long the entry has to rest from now. Default: no cooldown. A later one stays. */
  readonly cooldownMs?: DurationMs | undefined
  /** As in `checkpoint`. The first call counts it: after that the time stands still. */
  readonly activeMs?: DurationMs | undefined
}

/**
 * A session that this process runs. Time is taken from the store's clock, by the hand that only goes forward; every
 * method counts when it is called. After a failure, whatever its `outcome`, the same call may be made again, or the next
 * one: what was not stored is told again, and nothing is booked twice.
 */
export interface Session {
  /** As the store last told it. */
  readonly record: SessionRecord
  /**
   * How much longer it may be played before the next checkpoint, in strict mode: what is left of the slice, which counts
   * from the call that booked it. At 0 it has to stop. `undefined` when the quota is not strict.
   */
  readonly playableMs: DurationMs | undefined
  /**
   * Books what was played since the last one. To be called every so often: the time between two is the most that a crash
   * loses, and the most by which each machine that plays can pass a limit that is not strict.
   * With `activeMs` (the session's active time in all, from 0, never less than before) that counts, not the clock.
   */
  checkpoint(options?: { readonly activeMs?: DurationMs | undefined }): Promise<Checkpoint>
  /**
   * Notes that the child was warned `thresholdMs` before the deadline: once for each threshold, and once more when an
   * extension has put the deadline further away again. @throws StoreError `INVALID_ARGUMENT` for an unlimited session.
   */
  warn(thresholdMs: DurationMs): Promise<SessionAfter>
  /** Puts the deadline later. @throws StoreError `INVALID_ARGUMENT` for an unlimited session. */
  extend(byMs: DurationMs): Promise<SessionAfter>
  /**
   * Ends it: usage, cooldown, `session_ended` and the session in one commit. `changed` is false when it had ended before:
   * by an earlier call, which counted the last of the time, or by a recovery; then what was played until this call is
   * booked all the same. After it the time stands still, unless a checkpoint shows that the entry runs on.
   */
  end(options: EndOptions): Promise<SessionAfter>
}

/** A session over a store. What it does is in commits; what it counts is its own. */
export class OpenSession implements Session {
  readonly #store: Store
  readonly #run: RunId
  readonly #counter: PlayCounter
  readonly #strict: StrictQuota | undefined
  #record: SessionRecord
  /** What is booked ahead, from where the hand of the clock stood when it was asked for. */
  #slice: { readonly durationMs: DurationMs; readonly monotonicMs: number }
  /** The last `extend`: each begins where the one before has put the deadline. */
  #extending: Promise<unknown> = Promise.resolve()
  /** An extension of which nobody knows whether it was made. The same one is that once more, whatever was told since. */
  #unanswered: { readonly byMs: DurationMs; readonly deadline: Date } | undefined

  constructor(
    store: Store,
    parts: {
      readonly record: SessionRecord
      readonly run: RunId
      readonly counter: PlayCounter
      readonly strict: StrictQuota | undefined
      /** How long ago it was that the slice was booked. Default 0: just now. */
      readonly sliceAgeMs?: DurationMs
    },
  ) {
    this.#store = store
    this.#run = parts.run
    this.#counter = parts.counter
    this.#strict = parts.strict
    this.#record = parts.record
    this.#counter.accept(parts.record)
    const durationMs = Math.max(0, (parts.record.reserved?.durationMs ?? 0) - (parts.sliceAgeMs ?? 0))
    this.#slice = { durationMs, monotonicMs: parts.counter.monotonicMs }
  }

  get record(): SessionRecord {
    return this.#record
  }

  get playableMs(): DurationMs | undefined {
    if (this.#strict === undefined) return undefined
    return Math.max(0, this.#slice.durationMs - this.#counter.elapsedSince(this.#slice))
  }

  async checkpoint(options: { readonly activeMs?: DurationMs | undefined } = {}): Promise<Checkpoint> {
    const { counted, reserve } = fromArguments(() => {
      const { activeMs } = checkFields(options, ['activeMs'], 'options')
      if (this.#record.endedAt === undefined && this.#record.run === this.#run) this.#counter.resume()
      const report = this.#counter.count(activeMs)
      const { calendar } = this.#store
      return { counted: report, reserve: this.#strict && reservationAt(report.now, calendar, this.#strict) }
    })
    const { day } = counted
    const { after, usage } = await this.#report(counted, { type: 'report_session', ...this.#of(counted), reserve })
    const usedMs = usage.find((total) => total.day === day)?.usedMs
    if (usedMs === undefined)
      throw new StoreError('DATABASE', `the total of ${day} did not come back: report this defect`)
    const reservedMs = after.changed ? (after.session.reserved?.durationMs ?? 0) : 0
    this.#slice = { durationMs: reservedMs, monotonicMs: counted.monotonicMs }
    return { ...after, day, usedMs, usage, reservedMs }
  }

  async warn(thresholdMs: DurationMs): Promise<SessionAfter> {
    fromArguments(() => this.#deadline('to warn of'))
    const { sessionId, entryId } = this.#record
    const change = { type: 'warn_session', sessionId, entryId, run: this.#run, thresholdMs } as const
    return this.#see(only(await this.#store.commit([change])))
  }

  async extend(byMs: DurationMs): Promise<SessionAfter> {
    const ms = fromArguments(() => {
      this.#deadline('to extend')
      return checkDuration(byMs, 'byMs')
    })
    // One that is not applied leaves the next one nothing to build on.
    const extended = this.#extending.then(() => this.#extend(ms))
    this.#extending = extended.catch(() => undefined)
    return extended
  }

  async #extend(byMs: DurationMs): Promise<SessionAfter> {
    const { sessionId, entryId } = this.#record
    const standing = this.#deadline('to extend')
    const unanswered = this.#unanswered?.byMs === byMs ? this.#unanswered.deadline : undefined
    const deadline = unanswered ?? checkInstant(new Date(standing.getTime() + byMs), 'the deadline')
    const change = { type: 'extend_session', sessionId, entryId, run: this.#run, deadline } as const
    try {
      const after = only(await this.#store.commit([change]))
      this.#unanswered = undefined
      return this.#see(after)
    } catch (error) {
      if (isStoreError(error) && error.outcome === 'unknown') this.#unanswered = { byMs, deadline }
      throw error
    }
  }

  async end(options: EndOptions): Promise<SessionAfter> {
    const { reason, cooldownMs, counted } = fromArguments(() => {
      const { reason, cooldownMs, activeMs } = checkFields(options, ['reason', 'cooldownMs', 'activeMs'], 'options')
      // Checked before anything is counted: a call that is refused is none.
      const asked = { reason: checkEndReason(reason), cooldownMs }
      if (cooldownMs !== undefined) {
        const until = this.#store.clock.now().getTime() + checkDuration(cooldownMs, 'cooldownMs')
        checkInstant(new Date(until), 'the end of the cooldown')
      }
      return { ...asked, counted: this.#counter.count(activeMs) }
    })
    // Whoever calls it again does so because of the reply, not because the entry ran on.
    this.#counter.stop()
    return (await this.#report(counted, { type: 'end_session', ...this.#of(counted), reason, cooldownMs })).after
  }

  #deadline(what: string): Date {
    const { sessionId, deadline } = this.#record
    if (deadline !== undefined) return deadline
    throw invalidArgument(`session ${describe(sessionId)} is unlimited: it has no deadline ${what}`)
  }

  #of({ report, played, active, jumps }: CountedReport) {
    const { sessionId, entryId } = this.#record
    return { sessionId, entryId, run: this.#run, report, played, active, jumps }
  }

  async #report(
    counted: CountedReport,
    change: SessionChange,
  ): Promise<{ readonly after: SessionAfter; readonly usage: Applied['usage'] }> {
    const applied = await this.#store.commit([change])
    const after = only(applied)
    this.#counter.acknowledge(counted, after.session)
    return { after: this.#see(after), usage: applied.usage }
  }

  #see(after: SessionAfter): SessionAfter {
    this.#record = after.session
    // What another run plays, that one counts.
    if (after.session.run !== this.#run) this.#counter.stop()
    return after
  }
}

/** What became of the one session that a commit concerns. */
export function only({ sessions }: Applied): SessionAfter {
  const after = sessions[0]
  if (after !== undefined) return after
  throw new StoreError('DATABASE', 'the store did not say what became of the session: a defect, report it', {
    outcome: 'unknown',
  })
}
