import { randomUUID } from 'node:crypto'
import process from 'node:process'
import {
  type Applied,
  type DenialReason,
  type FailedCondition,
  manualClock,
  type ManualClock,
  type Store,
  type StateSnapshot,
} from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { duration } from './words.ts'

/** What the service tells whoever started it. It says `acknowledged` only once the store has said so. */
export type ServiceMessage =
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'acknowledged'; readonly sessionId: string; readonly entryId: string; readonly playedMs: number }

const CHECKPOINT_MS = 30_000
const COOLDOWN_MS = 10 * 60_000
const MINUTE_MS = 60_000

/** One more hour than was played so far, so that there is something to play whatever the household has done today. */
const ALLOWANCE_MS = 60 * MINUTE_MS

/**
 * A supervising service in small: it refuses what is not allowed, and books what is played. It plays until it is
 * killed. The clock is the demonstration's own, so that an hour takes no hour.
 */
async function serve(path: string, now: string): Promise<void> {
  const clock = manualClock(now)
  const store = await openSqliteStore(path, { clock, create: false })
  await store.appendAudit({ type: 'service_started' })

  const [favourite, other] = await entriesPlayedLately(store)
  const today = await store.getDayState(store.today())
  for (const { entryId, usedMs } of today) if (usedMs > 0) say(`today so far: ${entryId} ${duration(usedMs)}`)

  if (!isCoolingDown(today.entry(favourite).cooldownUntil, clock)) {
    const session = await launch(store, favourite)
    clock.advance(5 * MINUTE_MS)
    if (session !== undefined) await end(store, session, 5 * MINUTE_MS)
  }
  clock.advance(MINUTE_MS)
  await launch(store, favourite)

  const session = await launch(store, other)
  for (let playedMs = CHECKPOINT_MS; session !== undefined; playedMs += CHECKPOINT_MS) {
    clock.advance(CHECKPOINT_MS)
    await checkpoint(store, session, playedMs)
    process.send?.({ type: 'acknowledged', sessionId: session.id, entryId: other, playedMs } satisfies ServiceMessage)
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
  const result = await store.commit(
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
    say(`${entryId} may start, and has until ${timeOf(store, deadline)}`)
    return { id, entryId, snapshot }
  }
  await store.appendAudit({ type: 'launch_denied', entryId, reasons: result.failed.map(reasonOf) })
  say(`${entryId} may not start: ${result.failed.map((failed) => inWords(store, failed)).join(', ')}`)
  return undefined
}

/** Books what was played since the last one. Its id makes it safe to send again. */
function checkpoint(store: Store, session: RunningSession, playedMs: number): Promise<Applied> {
  const { id, entryId, snapshot } = session
  return store.commit(
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
  await store.commit(
    [
      { type: 'add_usage', entryId, day: store.today(), durationMs: playedMs },
      { type: 'extend_cooldown', entryId, until },
      { type: 'append_audit', event },
      { type: 'save_snapshot', snapshot: { timestamp: now } },
    ],
    { operationId: `${id}:end` },
  )
  say(`${entryId} ended after ${duration(playedMs)}, and pauses until ${timeOf(store, until)}`)
}

/** The two entries that were played most in the last four weeks. */
async function entriesPlayedLately(store: Store): Promise<readonly [string, string]> {
  const now = store.clock.now()
  const from = store.calendar.dayOf(new Date(now.getTime() - 28 * 24 * 60 * MINUTE_MS))
  const to = store.calendar.dayOf(new Date(now.getTime() + 36 * 60 * MINUTE_MS))
  const totals = await store.listUsage({ from, to, by: ['entry'] })
  const [first = 'drawing', second = 'music'] = totals
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .map(({ entryId }) => entryId)
  return [first, second === first ? 'music' : second]
}

function isCoolingDown(until: Date | undefined, clock: ManualClock): boolean {
  return until !== undefined && until > clock.now()
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
      return `it pauses until ${timeOf(store, reason.until)}`
    case 'other':
      return reason.text
  }
}

function say(text: string): void {
  process.send?.({ type: 'said', text } satisfies ServiceMessage)
}

/** On the clocks of the household. */
function timeOf({ calendar }: Store, at: Date): string {
  return at.toLocaleTimeString('en', {
    timeZone: calendar.timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
}

const [path = '', now = ''] = process.argv.slice(2)
await serve(path, now)
