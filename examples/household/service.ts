import { randomUUID } from 'node:crypto'
import process from 'node:process'
import {
  addDays,
  type Applied,
  type Change,
  type CommitOptions,
  type DayState,
  type DenialReason,
  type FailedCondition,
  manualClock,
  type Refused,
  type StateSnapshot,
  type Store,
} from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { type Acknowledgement, acknowledgementOf, CHECKPOINT_MS } from './acknowledged.ts'
import { dateAndTime, duration, when } from './words.ts'

/** What the service tells whoever started it. It says `acknowledged` only once the store has said so. */
export type ServiceMessage =
  | { readonly type: 'said'; readonly text: string }
  | ({ readonly type: 'acknowledged' } & Acknowledgement)

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const COOLDOWN_MS = 10 * MINUTE_MS

/** One more hour than was played so far, so that there is something to play whatever the household has done today. */
const ALLOWANCE_MS = 60 * MINUTE_MS

/** Played where the household has nothing that may be. */
const MADE_UP_ENTRIES = ['example-game', 'example-film']

/**
 * A supervising service in small: it refuses what is not allowed, and books what is played. It plays until it is
 * killed. The clock is the demonstration's own, so that an hour takes no hour.
 */
async function serve(path: string, now: string): Promise<void> {
  const clock = manualClock(now)
  const store = await openSqliteStore(path, { clock, create: false })
  say(`For this demonstration it is ${dateAndTime(clock.now(), store)}, when the old data ends.`)
  await commit(store, [{ type: 'append_audit', event: { type: 'service_started' } }])

  const today = await store.getDayState(store.today())
  for (const { entryId, usedMs } of today) if (usedMs > 0) say(`${entryId} was played for ${duration(usedMs)} today`)

  const entries = await entriesPlayedLately(store)
  const pausing = entries.find((entryId) => isPausing(store, today, entryId))
  if (pausing !== undefined) await launch(store, pausing)

  const [favourite = '', other = ''] = [...new Set([...entries, ...MADE_UP_ENTRIES])].filter(
    (entryId) => !isPausing(store, today, entryId) && today.entry(entryId).usedMs < DAY_MS - ALLOWANCE_MS,
  )
  const first = await launch(store, favourite)
  clock.advance(5 * MINUTE_MS)
  if (first !== undefined) await end(store, first, 5 * MINUTE_MS)
  clock.advance(MINUTE_MS)
  await launch(store, favourite)

  const session = await launch(store, other)
  for (let playedMs = CHECKPOINT_MS; session !== undefined; playedMs += CHECKPOINT_MS) {
    clock.advance(CHECKPOINT_MS)
    await checkpoint(store, session, playedMs)
  }
}

interface RunningSession {
  readonly id: string
  readonly entryId: string
  readonly snapshot: StateSnapshot
}

/** Starts the entry, if the day's limit and its cooldown allow it: asked and answered in the same commit. */
async function launch(store: Store, entryId: string): Promise<RunningSession | undefined> {
  const day = store.today()
  const limitMs = (await store.getUsage(entryId, day)) + ALLOWANCE_MS
  const id = randomUUID()
  const startedAt = store.clock.now()
  const deadline = new Date(startedAt.getTime() + ALLOWANCE_MS)
  const snapshot = {
    timestamp: startedAt,
    activeSession: { sessionId: id, entryId, startedAt, deadline, warningsIssuedMs: [] },
  }
  const result = await commit(
    store,
    [
      { type: 'append_audit', event: { type: 'session_started', sessionId: id, entryId, deadline } },
      { type: 'save_snapshot', snapshot },
    ],
    {
      if: [
        { type: 'usage_below', entryId, day, limitMs },
        { type: 'no_cooldown', entryId },
      ],
      operationId: id,
    },
  )
  if (result.applied) {
    say(`${entryId} may start, and has until ${when(deadline, store)}`)
    return { id, entryId, snapshot }
  }
  const event = { type: 'launch_denied', entryId, reasons: result.failed.map(reasonOf) } as const
  await commit(store, [{ type: 'append_audit', event }])
  say(`${entryId} may not start: ${result.failed.map((failed) => inWords(store, failed)).join(', ')}`)
  return undefined
}

/** Books what was played since the last one. Its id makes it safe to send again. */
async function checkpoint(store: Store, session: RunningSession, playedMs: number): Promise<void> {
  const { id, entryId, snapshot } = session
  await commit(
    store,
    [
      { type: 'add_usage', entryId, day: store.today(), durationMs: CHECKPOINT_MS },
      { type: 'save_snapshot', snapshot: { ...snapshot, timestamp: store.clock.now() } },
    ],
    { operationId: `${id}:${playedMs}` },
  )
}

/** Usage, cooldown, log and snapshot: all of it or nothing. */
async function end(store: Store, { id, entryId }: RunningSession, playedMs: number): Promise<void> {
  const now = store.clock.now()
  const until = new Date(now.getTime() + COOLDOWN_MS)
  const event = {
    type: 'session_ended',
    sessionId: id,
    entryId,
    reason: { type: 'user_stop' },
    durationMs: playedMs,
  } as const
  await commit(
    store,
    [
      { type: 'add_usage', entryId, day: store.today(), durationMs: playedMs },
      { type: 'extend_cooldown', entryId, until },
      { type: 'append_audit', event },
      { type: 'save_snapshot', snapshot: { timestamp: now } },
    ],
    { operationId: `${id}:end` },
  )
  say(`${entryId} ended after ${duration(playedMs)}, and pauses until ${when(until, store)}`)
}

/** Passes on what the store acknowledges. */
async function commit(store: Store, changes: readonly Change[], options?: CommitOptions): Promise<Applied | Refused> {
  const result = await store.commit(changes, options)
  if (result.applied) tell({ type: 'acknowledged', ...acknowledgementOf(changes, result) })
  return result
}

/** Those of the last four weeks, the most played first. */
async function entriesPlayedLately(store: Store): Promise<readonly string[]> {
  const today = store.today()
  const totals = await store.listUsage({ from: addDays(today, -27), to: addDays(today, 1), by: ['entry'] })
  return totals.toSorted((a, b) => b.durationMs - a.durationMs).map(({ entryId = '' }) => entryId)
}

function isPausing({ clock }: Store, state: DayState, entryId: string): boolean {
  const { cooldownUntil } = state.entry(entryId)
  return cooldownUntil !== undefined && cooldownUntil > clock.now()
}

function reasonOf(failed: FailedCondition): DenialReason {
  switch (failed.type) {
    case 'usage_below':
      return { type: 'quota_exhausted', usedMs: failed.usedMs, quotaMs: failed.limitMs }
    case 'no_cooldown':
      return { type: 'cooldown_active', until: failed.until }
    case 'snapshot_revision_is':
      return { type: 'other', text: `the snapshot has revision ${failed.revision}` }
  }
}

function inWords(store: Store, failed: FailedCondition): string {
  const reason = reasonOf(failed)
  switch (reason.type) {
    case 'quota_exhausted':
      return `${duration(reason.usedMs)} of ${duration(reason.quotaMs)} are used`
    case 'cooldown_active':
      return `it pauses until ${when(reason.until, store)}`
    case 'other':
      return reason.text
  }
}

function say(text: string): void {
  tell({ type: 'said', text })
}

function tell(message: ServiceMessage): void {
  process.send?.(message)
}

// Whoever started it is gone: then nobody would end it.
process.on('disconnect', () => process.exit(1))

const [path = '', now = ''] = process.argv.slice(2)
await serve(path, now)
process.disconnect()
