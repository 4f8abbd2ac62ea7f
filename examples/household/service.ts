import process from 'node:process'
import {
  addDays,
  continueSession,
  type Day,
  denialReasons,
  type DenialReason,
  type DurationMs,
  type EntryId,
  type ManualClock,
  manualClock,
  recordDenial,
  recoverSession,
  type Session,
  type SessionId,
  startSession,
  type Store,
  type StrictQuota,
} from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { type Acknowledgement, CHECKPOINT_MS, correctionAcknowledged, recordAcknowledged } from './acknowledged.ts'
import { dateAndTime, duration, when } from './words.ts'

/** What the service tells whoever started it. It says `acknowledged` only once the store has said so. */
export type ServiceMessage =
  | { readonly type: 'said'; readonly text: string }
  | ({ readonly type: 'acknowledged' } & Acknowledgement)
  /** From now on it plays this one. */
  | { readonly type: 'plays_until_killed'; readonly sessionId: SessionId }

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const COOLDOWN_MS = 10 * MINUTE_MS
const GRANT_MS = 30 * MINUTE_MS
/** For how long the service is gone when it is started again. */
const GONE_MS = 5_000

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
  acknowledge(recordAcknowledged(await store.appendAudit({ type: 'service_started' })))
  await recover(store)

  const { pausing, favourite, other } = await chooseEntries(store)
  if (pausing !== undefined) await start(store, pausing, ALLOWANCE_MS)
  const evening = { store, clock, day: store.today() }
  await playOnce(evening, favourite, other)
  await playUntilKilled(evening, favourite, other)
}

interface Evening {
  readonly store: Store
  readonly clock: ManualClock
  /** On which it begins. */
  readonly day: Day
}

/** The session that was open when the service before this one, here the old one, was last heard of. */
async function recover(store: Store): Promise<void> {
  const session = await recoverSession(store)
  if (session === undefined) return
  acknowledge({ session })
  const { entryId, startedAt, durationMs } = session
  const since = `${entryId} was left running by the old service, since ${when(startedAt, store)}`
  say(`${since}: it has ended now, and the ${duration(durationMs)} that are known of it are booked`)
  // The old service's snapshot still has the session.
  await store.saveSnapshot({ timestamp: store.clock.now() })
}

/** One session from its start to its end. */
async function playOnce(evening: Evening, entryId: EntryId, other: EntryId): Promise<void> {
  const { store, clock } = evening
  const started = await start(store, entryId, 2 * MINUTE_MS)
  if (started === undefined) return
  await play(started.session, CHECKPOINT_MS, evening)
  const session = await goOn(started, evening)
  if (session === undefined) return
  await play(session, CHECKPOINT_MS, evening)
  await start(store, other, ALLOWANCE_MS)
  acknowledge({ session: (await session.warn(MINUTE_MS)).session })
  say(`${entryId} has one minute left, and the child is told so`)
  const extended = await session.extend(MINUTE_MS)
  acknowledge({ session: extended.session })
  say(`${entryId} gets a minute more, to finish the round`)
  await play(session, 2 * MINUTE_MS, evening)

  const ended = await session.end({ reason: { type: 'expired' }, cooldownMs: COOLDOWN_MS })
  const until = new Date(store.clock.now().getTime() + COOLDOWN_MS)
  acknowledge({ session: ended.session, cooldown: { entryId, until } })
  say(`${entryId} ended after ${duration(ended.session.durationMs)}, and pauses until ${when(until, store)}`)
  clock.advance(MINUTE_MS)
  await start(store, entryId, ALLOWANCE_MS)
}

/** What a service does that was started again while the game runs: the age of the game tells what nobody has booked. */
async function goOn({ session, strict }: Started, { store, clock }: Evening): Promise<Session | undefined> {
  const { entryId, durationMs } = session.record
  clock.advance(GONE_MS)
  const continued = await continueSession(store, { activeMs: durationMs + GONE_MS, strict })
  if (continued === undefined) return undefined
  acknowledge({ session: continued.record })
  say(`The service was started again, which took ${duration(GONE_MS)}: ${entryId} has run on, and that is booked`)
  return continued
}

/** A session that a parent makes possible, and that nobody ends. */
async function playUntilKilled(evening: Evening, favourite: EntryId, entryId: EntryId): Promise<void> {
  const { store, day } = evening
  const today = store.today()
  const limitMs = await store.getUsage(entryId, today)
  await start(store, entryId, GRANT_MS, limitMs)
  const grant = { by: 'mum', why: 'the homework is done' }
  acknowledge(correctionAcknowledged(await store.grantTime(entryId, today, GRANT_MS, grant)))
  say(`${grant.by} grants ${duration(GRANT_MS)} of ${entryId} for today: ${grant.why}`)
  const started = await start(store, entryId, GRANT_MS, limitMs)
  if (started === undefined) return
  const { session } = started
  await play(session, CHECKPOINT_MS, evening)
  const correction = { by: 'dad', why: 'it was paused during dinner' }
  acknowledge(correctionAcknowledged(await store.adjustUsage(favourite, day, -MINUTE_MS, correction)))
  say(`${correction.by} takes ${duration(MINUTE_MS)} off ${favourite}: ${correction.why}`)
  tell({ type: 'plays_until_killed', sessionId: session.record.sessionId })
  await play(session, Number.POSITIVE_INFINITY, evening)
}

interface Started {
  readonly session: Session
  readonly strict: StrictQuota
}

/**
 * Starts the entry, if no other runs, it does not pause, and the day's limit leaves room: asked as it is written, with the
 * first minute booked ahead, so that no other machine can play it as well.
 */
async function start(
  store: Store,
  entryId: EntryId,
  forMs: DurationMs,
  limit?: DurationMs,
): Promise<Started | undefined> {
  const day = store.today()
  const limitMs = limit ?? (await store.getUsage(entryId, day)) + ALLOWANCE_MS
  const deadline = new Date(store.clock.now().getTime() + forMs)
  const strict: StrictQuota = { limits: [{ limitMs }], sliceMs: MINUTE_MS }
  const result = await startSession(store, { entryId, deadline, if: [{ type: 'no_cooldown', entryId }], strict })
  if (result.applied) {
    acknowledge({ session: result.session.record })
    say(`${entryId} may start, and has until ${when(deadline, store)}`)
    return { session: result.session, strict }
  }
  const { failed } = result
  acknowledge(recordAcknowledged(await recordDenial(store, { entryId, failed })))
  const reasons = denialReasons(failed).map((reason) => inWords(reason, store))
  say(`${entryId} may not start: ${reasons.join(', ')}`)
  return undefined
}

/**
 * Plays for so long, with a checkpoint every 30 s, and where what is booked ahead ends: of what is told, a crash takes
 * nothing.
 */
async function play(session: Session, forMs: number, { store, clock }: Evening): Promise<void> {
  const { entryId } = session.record
  for (let leftMs = forMs; leftMs > 0;) {
    const stepMs = Math.min(leftMs, CHECKPOINT_MS, session.playableMs ?? CHECKPOINT_MS)
    if (stepMs === 0) return
    leftMs -= stepMs
    const before = store.today()
    clock.advance(stepMs)
    const { session: record, day, usedMs } = await session.checkpoint()
    const usage = [{ entryId, day, usedMs }]
    // Over midnight it booked on the day before, too.
    if (day !== before) usage.push({ entryId, day: before, usedMs: await store.getUsage(entryId, before) })
    acknowledge({ session: record, usage })
  }
}

/** Two that may be played, the most played of the last four weeks first, and one that may not yet. */
async function chooseEntries(store: Store) {
  const day = store.today()
  const state = await store.getDayState(day)
  for (const { entryId, usedMs } of state) if (usedMs > 0) say(`${entryId} was played for ${duration(usedMs)} today`)
  const totals = await store.listUsage({ from: addDays(day, -27), to: addDays(day, 1), by: ['entry'] })
  const played = totals.toSorted((a, b) => b.durationMs - a.durationMs).map(({ entryId = '' }) => entryId)
  const isPausing = (entryId: EntryId): boolean =>
    (state.entry(entryId).cooldownUntil ?? store.clock.now()) > store.clock.now()
  const [favourite = '', other = ''] = [...new Set([...played, ...MADE_UP_ENTRIES])].filter(
    (entryId) => !isPausing(entryId) && state.entry(entryId).usedMs < DAY_MS - ALLOWANCE_MS,
  )
  return { pausing: played.find(isPausing), favourite, other }
}

function inWords(reason: DenialReason, store: Store): string {
  switch (reason.type) {
    case 'quota_exhausted':
      return reason.quotaMs === 0
        ? 'it has no time today'
        : `${duration(reason.usedMs)} of ${duration(reason.quotaMs)} are used`
    case 'cooldown_active':
      return `it pauses until ${when(reason.until, store)}`
    case 'session_active':
      return `${reason.label ?? reason.entryId} is running`
    case 'other':
      return reason.text
  }
}

function acknowledge(acknowledgement: Acknowledgement): void {
  tell({ type: 'acknowledged', ...acknowledgement })
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
