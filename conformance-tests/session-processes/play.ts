import { type EndOptions, type ManualClock, type Session, startSession, type Store } from '@shepherd-store/core'

/** One session, as it is played: so many checkpoints, and what comes behind the last one. */
export interface Play {
  readonly entryId: string
  readonly sessionId: string
  readonly run: string
  readonly checkpoints: number
  /** Between two checkpoints. */
  readonly intervalMs: number
  /** Played behind the last checkpoint, and not reported. */
  readonly restMs: number
  /** How the session is to end. Default: it does not. */
  readonly end?: EndOptions | undefined
}

/** Plays it up to its end, which whoever asked makes. */
export async function play(store: Store, clock: ManualClock, played: Play): Promise<Session> {
  const { entryId, sessionId, run, checkpoints, intervalMs, restMs } = played
  const started = await startSession(store, { entryId, sessionId, run })
  if (!started.applied) throw new Error(`session ${sessionId} was refused: ${JSON.stringify(started.failed)}`)
  for (let count = 0; count < checkpoints; count += 1) {
    clock.advance(intervalMs)
    await started.session.checkpoint()
  }
  clock.advance(restMs)
  return started.session
}
