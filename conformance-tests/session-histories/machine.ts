import assert from 'node:assert/strict'
import {
  continueSession,
  type EntryId,
  type ManualClock,
  type NodeId,
  recoverSession,
  type RunId,
  type Session,
  type SessionId,
  startSession,
  type Store,
  type StrictQuota,
} from '@shepherd-store/core'
import { PlayedSession } from './truth.ts'
import type { Fate, Wire } from './wire.ts'

type Service =
  | { readonly phase: 'idle' }
  /** It got no reply to a start, and may try it again. */
  | { readonly phase: 'starting'; readonly sessionId: SessionId; readonly entryId: EntryId }
  | { readonly phase: 'playing' | 'ending'; readonly handle: Session; readonly played: PlayedSession }
  /** It was killed. Its game runs on. */
  | { readonly phase: 'down'; readonly played: PlayedSession }

const REASON = { type: 'user_stop' } as const

/** A machine with its service, which is killed now and then, and the games that run on it. */
export class Machine {
  readonly node: NodeId
  readonly clock: ManualClock
  readonly wire: Wire
  readonly store: Store
  /** Whatever was played on it, in this history. */
  readonly sessions: PlayedSession[] = []
  /** The ids of all starts that were tried. */
  readonly startIds: SessionId[] = []
  /** What all services of a history book ahead. */
  readonly #strict: StrictQuota | undefined
  #service: Service = { phase: 'idle' }
  #ended: Session | undefined
  #run = 0

  constructor(parts: Pick<Machine, 'node' | 'clock' | 'wire' | 'store'>, strict: StrictQuota | undefined) {
    this.node = parts.node
    this.clock = parts.clock
    this.wire = parts.wire
    this.store = parts.store
    this.#strict = strict
  }

  /** With the same id when an earlier start got no reply. */
  async start(entry: EntryId, fate: Fate, again: Again, now: number): Promise<void> {
    const service = this.#service
    if (service.phase !== 'idle' && service.phase !== 'starting') return
    const isFirst = service.phase === 'idle'
    const { sessionId, entryId } = isFirst ? { sessionId: this.#newId(), entryId: entry } : service
    const options = { entryId, sessionId, run: this.#runId, strict: this.#strict }
    const started = await this.#try(fate, again, () => startSession(this.store, options))
    if (started === undefined) this.#service = { phase: 'starting', sessionId, entryId }
    else if (!started.applied) this.#service = { phase: 'idle' }
    else {
      const played = new PlayedSession({ sessionId, entryId, node: this.node }, now)
      this.sessions.push(played)
      this.#service = { phase: 'playing', handle: started.session, played }
    }
  }

  async checkpoint(isAgeTold: boolean, fate: Fate, now: number): Promise<void> {
    if (this.#service.phase !== 'playing') return
    const { handle, played } = this.#service
    played.count(isAgeTold)
    if (fate !== 'is lost') played.tellTo(now)
    await this.wire.during(fate, () => handle.checkpoint(ageOf(played, isAgeTold, now)))
  }

  /** The child stops. A service that gets no reply tries again at once, or later, or never. */
  async end(isAgeTold: boolean, fate: Fate, again: Again, now: number): Promise<void> {
    const service = this.#service
    if (service.phase !== 'playing' && service.phase !== 'ending') return
    const { handle, played } = service
    if (service.phase === 'playing') played.count(isAgeTold)
    played.stoppedAt ??= now
    if (fate !== 'is lost' || again === 'at once') played.tellTo(played.stoppedAt)
    const age = ageOf(played, isAgeTold, played.stoppedAt)
    const ended = await this.#try(fate, again, () => handle.end({ reason: REASON, ...age }))
    this.#service = ended === undefined ? { phase: 'ending', handle, played } : { phase: 'idle' }
    if (ended !== undefined) this.#ended = handle
  }

  /** Ends what has ended once more. */
  async endAgain(fate: Fate): Promise<void> {
    const handle = this.#ended
    if (handle === undefined) return
    const ended = await this.wire.during(fate, () => handle.end({ reason: REASON }))
    if (ended === undefined) return
    assert.equal(ended.changed, false, `a second end of ${handle.record.sessionId} has an effect`)
    assert.equal(ended.bookedMs, 0, `a second end of ${handle.record.sessionId} books`)
  }

  /** The service is killed. What it had in memory is gone. */
  kill(): void {
    const service = this.#service
    this.#run += 1
    this.#ended = undefined
    if (service.phase === 'down') return
    if ('played' in service) service.played.forget()
    this.#service = service.phase === 'playing' ? { phase: 'down', played: service.played } : { phase: 'idle' }
  }

  /** The game stops while its service is down. */
  exit(now: number): void {
    if (this.#service.phase !== 'down') return
    this.#service.played.stoppedAt = now
    this.#service = { phase: 'idle' }
  }

  /** The service is started again, and goes on with the session of the game that runs, if it is open. */
  async restart(isAgeTold: boolean, fate: Fate, now: number): Promise<void> {
    if (this.#service.phase !== 'down') return
    const { played } = this.#service
    const options = { sessionId: played.sessionId, strict: this.#strict, ...ageOf(played, isAgeTold, now) }
    const handle = await this.#try(fate, 'at once', () => continueSession(this.store, options))
    if (handle === undefined) {
      this.exit(now)
      return
    }
    played.countOn(now, isAgeTold)
    this.#service = { phase: 'playing', handle, played }
  }

  /** Ends one of the sessions that are open anywhere, as somebody does who believes that it is dead. */
  async recover(nth: number, fate: Fate): Promise<void> {
    const open = await this.store.listSessions({ open: true })
    const session = open[nth % Math.max(1, open.length)]
    if (session === undefined) return
    const { sessionId } = session
    await this.wire.during(fate, () => recoverSession(this.store, { sessionId }))
  }

  async recoverOwn(): Promise<void> {
    await recoverSession(this.store)
  }

  /** All that the service still knows is told. */
  async finish(isAgeTold: boolean, now: number): Promise<void> {
    await this.restart(isAgeTold, 'arrives', now)
    await this.end(isAgeTold, 'arrives', 'at once', now)
  }

  #newId(): SessionId {
    const sessionId = `${this.node} ${this.startIds.length}`
    this.startIds.push(sessionId)
    return sessionId
  }

  get #runId(): RunId {
    return `${this.node} run ${this.#run}`
  }

  async #try<T>(fate: Fate, again: Again, call: () => Promise<T>): Promise<T | undefined> {
    let answer = await this.wire.during(fate, async () => ({ value: await call() }))
    if (answer === undefined && again === 'at once') {
      answer = await this.wire.during('arrives', async () => ({ value: await call() }))
    }
    return answer?.value
  }
}

/** What a service does that gets no reply. */
export type Again = 'at once' | 'later or never'

/** How long the session was active, where the service can tell. */
function ageOf({ startedAt }: PlayedSession, isTold: boolean, now: number): { readonly activeMs?: number } {
  return isTold ? { activeMs: now - startedAt } : {}
}
