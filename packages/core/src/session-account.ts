import type { SessionRow } from './effects.ts'
import { LIMITS } from './limits.ts'
import { latestDays } from './played.ts'
import { lookAtDetail } from './session-rows.ts'
import type { DayPlayed } from './session.ts'
import type { DurationMs, RunId } from './values.ts'
import { encodeSessionDetail } from './wire.ts'

/**
 * How much of a session is played, by what its runs have counted and what services have told. Run after run it is what
 * was played before and what the run has counted, but not less than what it was told to be in all: so what a run before
 * reports late counts only where it goes beyond what was told since, in whatever order the two come.
 */
export interface SessionAccount {
  /** The runs that have owned the session, in their order. What another one reports is taken for the first one's. */
  readonly runs: readonly RunAccount[]
  /** What is booked, as `latestDays` tells it. */
  readonly days: readonly DayPlayed[]
}

interface RunAccount {
  /** Absent when it stands for several, the oldest ones. */
  readonly run?: RunId | undefined
  /** What it has counted, over all days. */
  readonly countedMs: DurationMs
  /** For how long the session was active, in all, until some moment at which this run owned it: the most that was told. */
  readonly activeMs: DurationMs
}

/** Of a row that cannot be read it is what is booked: time that is played counts, whatever became of the row. */
export function accountOf({ run, durationMs, text }: SessionRow): SessionAccount {
  const { account } = lookAtDetail(text).detail
  return account ?? { runs: [{ run, countedMs: durationMs, activeMs: 0 }], days: [] }
}

export function withAccount(row: SessionRow, account: SessionAccount): SessionRow {
  const { detail, problem } = lookAtDetail(row.text)
  return problem === undefined ? { ...row, text: encodeSessionDetail({ ...detail, account }) } : row
}

export function playedMs({ runs }: Pick<SessionAccount, 'runs'>): DurationMs {
  return runs.reduce((beforeMs, { countedMs, activeMs }) => Math.max(beforeMs + countedMs, activeMs), 0)
}

/** The run has counted so much more; without one: it was played before the session came here. */
export function withCounted(account: SessionAccount, run: RunId | undefined, moreMs: DurationMs): SessionAccount {
  return withRun(account, run, (known) => ({ ...known, countedMs: known.countedMs + moreMs }))
}

/** While the run owned it, the session was found to have been active for so long, in all. */
export function withActive(account: SessionAccount, run: RunId, activeMs: DurationMs): SessionAccount {
  return withRun(account, run, (known) => ({ ...known, activeMs: Math.max(known.activeMs, activeMs) }))
}

/** From now on `run` owns it. Of more runs than are told apart, the first two stand as one. */
export function withOwner({ runs, days }: SessionAccount, run: RunId): SessionAccount {
  const all = [...runs, { run, countedMs: 0, activeMs: 0 }]
  if (all.length <= LIMITS.SESSION_RUNS_MAX) return { runs: all, days }
  const oldest = all.slice(0, 2)
  const countedMs = oldest.reduce((sum, known) => sum + known.countedMs, 0)
  return { runs: [{ countedMs, activeMs: playedMs({ runs: oldest }) }, ...all.slice(2)], days }
}

export function withBooked({ runs, days }: SessionAccount, booked: readonly DayPlayed[]): SessionAccount {
  return { runs, days: latestDays([...days, ...booked]) }
}

/** What is not booked of the time that the session was active, on each day of it. */
export function missingOf({ days }: SessionAccount, active: readonly DayPlayed[]): readonly DayPlayed[] {
  const booked = new Map(days.map((part) => [part.day, part.playedMs]))
  return active.map((part) => ({ day: part.day, playedMs: Math.max(0, part.playedMs - (booked.get(part.day) ?? 0)) }))
}

/** The last `ms` of what was played; where that is less, the rest lies on its last day. */
export function latestOf(played: readonly DayPlayed[], ms: DurationMs): readonly DayPlayed[] {
  let left = ms
  const parts = played
    .toReversed()
    .map(({ day, playedMs: dayMs }) => {
      const part = Math.min(left, dayMs)
      left -= part
      return { day, playedMs: part }
    })
    .toReversed()
  const last = parts.at(-1)
  if (last !== undefined && left > 0) parts.push({ day: last.day, playedMs: left })
  return parts.filter((part) => part.playedMs > 0)
}

function withRun(
  { runs, days }: SessionAccount,
  run: RunId | undefined,
  change: (known: RunAccount) => RunAccount,
): SessionAccount {
  const found = run === undefined ? -1 : runs.findLastIndex((known) => known.run === run)
  const at = Math.max(0, found)
  return { runs: runs.map((known, index) => (index === at ? change(known) : known)), days }
}
