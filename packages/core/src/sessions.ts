import { randomUUID } from 'node:crypto'
import type { Condition, Refused, SessionChange } from './change.ts'
import { fromArguments } from './errors.ts'
import { LIMITS } from './limits.ts'
import { PlayCounter } from './play-counter.ts'
import { splitByDay } from './played.ts'
import { only, OpenSession, type Session } from './session-handle.ts'
import { openSessionFailure } from './session-records.ts'
import type { SessionRecord } from './session.ts'
import type { Store } from './store.ts'
import { checkStrict, reservationAt, STRICT_LIMITS_MAX, type StrictQuota } from './strict-quota.ts'
import type { DurationMs, EntryId, RunId, SessionId } from './values.ts'
import { checkFields, checkList } from './values.ts'

/** Conditions beside the limits of strict mode, and the one that is always asked. */
const MAX_CONDITIONS = LIMITS.CONDITIONS_MAX - STRICT_LIMITS_MAX - 1
/** This process, among all that ever run a service. */
const PROCESS_RUN: RunId = randomUUID()

export interface StartOptions {
  readonly entryId: EntryId
  /** Default: a new UUID. To try a start again whose reply was lost, give the same one. */
  readonly sessionId?: SessionId | undefined
  /** What people call the entry. */
  readonly label?: string | undefined
  /** When it has to end. Default: never. The store does not end it: the service does. */
  readonly deadline?: Date | undefined
  /** What must hold besides: that no session is open on this node is always asked. At most 15. Default none. */
  readonly if?: readonly Condition[] | undefined
  /** Books time ahead, so that several machines together never pass a limit. Default: time is booked as reported. */
  readonly strict?: StrictQuota | undefined
  /** The run of the service that owns the session. Default: this process. */
  readonly run?: RunId | undefined
}

export interface Started {
  readonly applied: true
  /** An earlier try had got through. */
  readonly repeated: boolean
  readonly session: Session
}

/**
 * Starts a session, if its conditions hold: asked, and written with its `session_started`, in one commit. While another
 * one is open in the store's scope on its node it is refused with `no_open_session`, which names that one.
 * Safe to repeat with the same `sessionId`: it is started once. When it has ended since, the repetition is refused with
 * `session_is_new`; when it is being played, with `no_open_session`, which names itself.
 * @throws StoreError `OPERATION_MISMATCH` when the id is that of another entry's or another node's session.
 */
export async function startSession(store: Store, options: StartOptions): Promise<Started | Refused> {
  const { change, conditions, strict, counter } = fromArguments(() => startOf(store, options))
  const result = await store.commit([change], { if: conditions })
  if (!result.applied) return result
  const { repeated } = result
  const { session: record } = only(result)
  const { sessionId, entryId, node, startedAt, endedAt, run } = record
  if (endedAt !== undefined) {
    return { applied: false, failed: [{ type: 'session_is_new', sessionId, entryId, node, startedAt, endedAt }] }
  }
  if (run !== change.run || record.durationMs > 0) {
    // It is played already, by an earlier process or in this one: it goes on there, or by `continueSession`.
    return { applied: false, failed: [openSessionFailure(record)] }
  }
  // Of an earlier try: others take it for silent once that slice is over.
  const sliceAgeMs = repeated ? Math.max(0, counter.wallMs - record.lastReportedAt.getTime()) : 0
  return { applied: true, repeated, session: new OpenSession(store, { record, run, counter, strict, sliceAgeMs }) }
}

export interface ContinueOptions {
  /** Default: the one that is open in the store's scope on its node. */
  readonly sessionId?: SessionId | undefined
  /**
   * How long the entry was active in this session, in all, by what the service can still tell: the age of its process,
   * say. What is booked counts where it is more, and what a run before reports late where it goes beyond. Default: what
   * is booked, so that nothing is counted for the time since the last report.
   */
  readonly activeMs?: DurationMs | undefined
  readonly strict?: StrictQuota | undefined
  /**
   * Default, and where the given one owns the session already: a new UUID. So what a service that is always called the
   * same has counted before is kept apart from what it counts now. One that owned the session earlier is refused.
   */
  readonly run?: RunId | undefined
}

/**
 * Goes on with a session whose entry runs on after the service was started again. What was booked stays; the reports of
 * the run before may still come, late. That run has to be gone: one that lives counts on until it hears of this.
 * Returns `undefined` when no such session is open, or another run has gone on with it at the same moment; then
 * `activeMs` is not booked.
 * Each call that gets through is a continuation, one that is tried again after a lost reply as well.
 * @throws StoreError `INVALID_ARGUMENT` for a session of another node, which can only be recovered, and for a run that has
 * owned the session before.
 */
export async function continueSession(store: Store, options: ContinueOptions = {}): Promise<Session | undefined> {
  const { sessionId, asked, counter, strict, active, reserve } = fromArguments(() => continuationOf(store, options))
  const found = await findOpen(store, sessionId)
  if (found === undefined) return undefined
  const { entryId, run: from } = found
  const run = asked === undefined || asked === from ? randomUUID() : asked
  const ids = { sessionId: found.sessionId, entryId, from, run }
  const { session: record, changed } = only(await store.commit([{ type: 'continue_session', ...ids, active, reserve }]))
  return changed ? new OpenSession(store, { record, run, counter, strict }) : undefined
}

function continuationOf(store: Store, options: ContinueOptions) {
  const known = ['sessionId', 'activeMs', 'strict', 'run'] as const
  const { sessionId, activeMs, strict, run: asked } = checkFields(options, known, 'options')
  const counter = new PlayCounter(store)
  const now = store.clock.now()
  const quota = checkStrict(strict)
  return {
    ...{ sessionId, asked, counter, strict: quota },
    active: activeMs === undefined ? undefined : splitByDay(store.calendar, now, activeMs),
    reserve: quota && reservationAt(now, store.calendar, quota),
  }
}

export interface RecoverOptions {
  /** Default: the one that is open in the store's scope on its node. */
  readonly sessionId?: SessionId | undefined
  /**
   * Leaves alone one that was heard of within this time, by the clocks of the two nodes. Default 0. One of another node,
   * in strict mode, is left alone in any case until, by these, the slice is over that its machine may still play.
   */
  readonly silentForMs?: DurationMs | undefined
  /** From its last report on. Default: no cooldown. */
  readonly cooldownMs?: DurationMs | undefined
}

/**
 * Ends a session whose owner is gone: with what is booked, as of its last report, by the record of any node. Each is
 * recovered once, however many try. If its owner lives after all, what that reports is booked still.
 * Returns the session as it has ended; `undefined` when there was none to recover. Safe to repeat.
 */
export async function recoverSession(store: Store, options: RecoverOptions = {}): Promise<SessionRecord | undefined> {
  const { sessionId, silentForMs, cooldownMs } = fromArguments(() => ({
    ...checkFields(options, ['sessionId', 'silentForMs', 'cooldownMs'], 'options'),
  }))
  const found = await findOpen(store, sessionId)
  if (found === undefined) return undefined
  const { entryId } = found
  const change: SessionChange = {
    type: 'recover_session',
    sessionId: found.sessionId,
    entryId,
    silentForMs,
    cooldownMs,
  }
  const { session, changed } = only(await store.commit([change]))
  return changed ? session : undefined
}

function startOf(store: Store, options: StartOptions) {
  const {
    entryId,
    sessionId = randomUUID(),
    label,
    deadline,
    if: asked,
    strict,
    run = PROCESS_RUN,
  } = checkFields(options, ['entryId', 'sessionId', 'label', 'deadline', 'if', 'strict', 'run'], 'options')
  const quota = checkStrict(strict)
  const counter = new PlayCounter(store)
  const now = store.clock.now()
  const day = store.calendar.dayOf(now)
  const limits = (quota?.limits ?? []).map((limit) => ({ type: 'usage_below', entryId, day, ...limit }) as const)
  const given = asked === undefined ? [] : checkList(asked, 'if', 0, MAX_CONDITIONS)
  return {
    change: {
      type: 'start_session',
      ...{ sessionId, entryId, run, label, deadline },
      ...(quota === undefined ? {} : { reserve: reservationAt(now, store.calendar, quota) }),
    } as const,
    conditions: [...given, ...limits, { type: 'no_open_session' } as const],
    ...{ strict: quota, counter },
  }
}

/** The session that is open: with this id, or on the store's node. */
async function findOpen(store: Store, sessionId: SessionId | undefined): Promise<SessionRecord | undefined> {
  const named = sessionId === undefined ? { node: store.node } : { sessionId }
  return (await store.listSessions({ open: true, ...named, limit: 1 }))[0]
}
