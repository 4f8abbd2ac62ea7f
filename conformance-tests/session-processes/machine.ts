import {
  type EntryId,
  type ManualClock,
  type Session,
  type SessionEndReason,
  startSession,
  type Store,
} from '@shepherd-store/core'
import type { Seeded } from './seeded.ts'

export const ENTRY: EntryId = 'minecraft'

/** The quota that machines share, and how each keeps to it. */
export interface MachineRules {
  readonly limitMs: number
  /** The most between two checkpoints; in strict mode also what each of them books ahead. */
  readonly intervalMs: number
  readonly strict: boolean
}

export interface MachineCounts {
  readonly starts: number
  readonly refusals: number
  readonly checkpoints: number
  readonly ends: number
  /** What was really played, whatever the store says. */
  readonly playedMs: number
}

/** One of so many calls, by chance, ends the session. */
const ENDS_ONE_IN = 5
const USER_STOP: SessionEndReason = { type: 'user_stop' }

/** A machine with a clock of its own, whose child plays whenever it may, and which stops when the store says so. */
export class Machine {
  readonly #store: Store
  readonly #clock: ManualClock
  readonly #rules: MachineRules
  readonly #choices: Seeded
  #session: Session | undefined
  /** How long it may play before it has to ask again. */
  #allowedMs = 0
  #isDead = false
  readonly #counts = { starts: 0, refusals: 0, checkpoints: 0, ends: 0, playedMs: 0 }

  constructor(parts: {
    readonly store: Store
    readonly clock: ManualClock
    readonly rules: MachineRules
    readonly choices: Seeded
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#rules = parts.rules
    this.#choices = parts.choices
  }

  get counts(): MachineCounts {
    return this.#counts
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** Its child plays on: for `ms`, or for a while of its choice, and never longer than it may. */
  play(ms = this.#choices.integer(1, this.#allowedMs)): void {
    if (this.#session === undefined) return
    const playedMs = Math.min(ms, this.#allowedMs)
    this.#clock.advance(playedMs)
    this.#counts.playedMs += playedMs
    this.#allowedMs -= playedMs
  }

  /** Asks to start, or to go on; ends when it may not, and at times of its choice. */
  async ask(): Promise<void> {
    if (this.#session === undefined) return this.start()
    return this.#choices.integer(1, ENDS_ONE_IN) === 1 ? this.end() : this.checkpoint()
  }

  async start(): Promise<void> {
    const { limitMs, intervalMs, strict } = this.#rules
    const run = `${this.#store.node}'s`
    const usage = { type: 'usage_below', entryId: ENTRY, day: this.#store.today(), limitMs } as const
    const quota = strict ? { strict: { limits: [{ limitMs }], sliceMs: intervalMs } } : { if: [usage] }
    const started = await startSession(this.#store, { entryId: ENTRY, run, ...quota })
    this.#counts.starts += 1
    if (!started.applied) {
      this.#counts.refusals += 1
      return
    }
    this.#session = started.session
    this.#allowedMs = strict ? (started.session.record.reserved?.durationMs ?? 0) : intervalMs
  }

  async checkpoint(): Promise<void> {
    const { limitMs, intervalMs, strict } = this.#rules
    if (this.#session === undefined) return
    const { usedMs, reservedMs } = await this.#session.checkpoint()
    this.#counts.checkpoints += 1
    this.#allowedMs = strict ? reservedMs : usedMs < limitMs ? intervalMs : 0
    if (this.#allowedMs === 0) await this.end()
  }

  async end(): Promise<void> {
    if (this.#session === undefined) return
    await this.#session.end({ reason: USER_STOP })
    this.#session = undefined
    this.#counts.ends += 1
  }

  /** The power goes, with a session open. Returns its id. */
  die(): string {
    const sessionId = this.#session?.record.sessionId
    if (sessionId === undefined) throw new Error(`${this.#store.node} plays nothing that could be lost`)
    this.#session = undefined
    this.#isDead = true
    return sessionId
  }

  /** Plays until a start is refused. Returns what it has done. */
  async useUp(): Promise<MachineCounts> {
    while (this.#counts.refusals === 0) {
      this.play()
      await this.ask()
    }
    return this.#counts
  }
}
