import {
  type Change,
  isStoreError,
  type ManualClock,
  recoverSession,
  type Session,
  startSession,
  type Store,
} from '@shepherd-store/core'
import type { Told } from './journal.ts'

/**
 * The work of which every fault test asks: of several writers on one scope, numbered step by step, so that whoever comes
 * later can tell of each step whether it is there, once, and whole.
 */
export const DAY = '2026-11-23'
export const WORK_AT = '2026-11-23T10:00:00.000Z'
/** What commits add to, and what sessions play. All writers share them. */
export const WORK_ENTRY = 'work'
export const PLAY_ENTRY = 'play'
/** The name of the event that tells of a commit. */
export const STEP_EVENT = 'step'

/** One step in so many is a session, from its start to its end; the others are commits. */
const STEPS_PER_SESSION = 5

export function isSession(number: number): boolean {
  return number % STEPS_PER_SESSION === STEPS_PER_SESSION - 1
}

/** Whether the step may be repeated: a session by its id, a commit by an operation id. Every other commit has none. */
export function isRepeatable(number: number): boolean {
  return isSession(number) || number % 2 === 0
}

/** How much a step adds: unlike its neighbours', so that a sum tells which one is missing. */
export function amountMs(number: number): number {
  return 1 + (number % 97)
}

/** How long each session is played. */
const PLAYED_MS = 1_250

/** What a writer's cooldown is set to by a step. */
export function cooldownOf(number: number): Date {
  return new Date(Date.parse(WORK_AT) + number * 1_000)
}

/** A commit of four tables: the log, usage, a cooldown, and the operation id's. */
export function changesOf(writer: string, number: number): readonly Change[] {
  return [
    { type: 'append_audit', event: { type: 'other', name: STEP_EVENT, data: { writer, number } } },
    { type: 'add_usage', entryId: WORK_ENTRY, day: DAY, durationMs: amountMs(number) },
    { type: 'set_cooldown', entryId: writer, until: cooldownOf(number) },
  ]
}

export interface WorkOptions {
  readonly writer: string
  readonly from: number
  readonly steps: number
  /** How often a step that fails is tried again, if it may be. */
  readonly retries: number
  readonly clock: ManualClock
  readonly tell: (told: Told, number: number) => void
}

/** Does the steps, one after the other. Those that fail for good are left behind, in doubt or not applied. */
export async function work(store: Store, { writer, from, steps, retries, clock, tell }: WorkOptions): Promise<void> {
  for (let number = from; number < from + steps; number += 1) {
    const perform = isSession(number)
      ? playing(store, clock, sessionIdOf(writer, number))
      : committing(store, writer, number)
    for (let left = isRepeatable(number) ? retries : 0; left >= 0; left -= 1) {
      tell('begun', number)
      try {
        await perform()
        tell('acknowledged', number)
        break
      } catch (error) {
        if (!isStoreError(error)) throw error
        // Of a session's calls an earlier one may have been applied, although the last was not.
        tell(isSession(number) ? 'unknown' : error.outcome, number)
      }
    }
  }
}

function committing(store: Store, writer: string, number: number): () => Promise<unknown> {
  const options = isRepeatable(number) ? { operationId: `${writer} ${number}` } : {}
  return () => store.commit(changesOf(writer, number), options)
}

/** A session that is played to its end. Tried again, it goes on where it was; what an earlier process left is ended. */
function playing(store: Store, clock: ManualClock, sessionId: string): () => Promise<unknown> {
  let session: Session | undefined
  return async () => {
    session ??= await start(store, sessionId)
    if (session === undefined) return
    if (session.record.durationMs === 0) clock.advance(PLAYED_MS)
    await session.checkpoint()
    await session.end({ reason: { type: 'user_stop' } })
  }
}

/** `undefined` when the session has ended. */
async function start(store: Store, sessionId: string): Promise<Session | undefined> {
  const options = { entryId: PLAY_ENTRY, sessionId, run: sessionId }
  const started = await startSession(store, options)
  if (started.applied) return started.session
  await recoverSession(store)
  const again = await startSession(store, options)
  if (again.applied) return again.session
  if (again.failed.some((failed) => failed.type === 'session_is_new')) return undefined
  throw new Error(`session ${sessionId} was refused: ${JSON.stringify(again.failed)}`)
}

export function sessionIdOf(writer: string, number: number): string {
  return `${writer} ${number}`
}
