import type { SessionRow } from './effects.ts'
import { LIMITS } from './limits.ts'
import { latestDays } from './played.ts'
import { lookAtDetail } from './session-rows.ts'
import type { DayPlayed } from './session.ts'
import type { DurationMs, RunId } from './values.ts'
import { encodeSessionDetail, type RunAccount, type SessionAccount } from './wire.ts'

/** Of a row that cannot be read it is what is booked: time that is played counts, whatever became of the row. */
export function accountOf({ run, durationMs, text }: SessionRow): SessionAccount {
  const { account } = lookAtDetail(text).detail
  return account ?? { runs: [{ run, countedMs: durationMs, activeMs: 0 }], days: [] }
}

export function withAccount(row: SessionRow, account: SessionAccount): SessionRow {
  const { detail, problem } = lookAtDetail(row.text)
  return problem === undefined ? { ...row, text: encodeSessionDetail({ ...detail, account }) } : row
}

export function totalPlayedMs({ runs }: Pick<SessionAccount, 'runs'>): DurationMs {
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
  return { runs: [{ countedMs, activeMs: totalPlayedMs({ runs: oldest }) }, ...all.slice(2)], days }
}

export function withBooked({ runs, days }: SessionAccount, booked: readonly DayPlayed[]): SessionAccount {
  return { runs, days: latestDays([...days, ...booked]) }
}

/** What is not booked of the time that the session was active, on each day of it. */
export function missingOf({ days }: SessionAccount, active: readonly DayPlayed[]): readonly DayPlayed[] {
  const booked = new Map(days.map((part) => [part.day, part.playedMs]))
  return active.map((part) => ({ day: part.day, playedMs: Math.max(0, part.playedMs - (booked.get(part.day) ?? 0)) }))
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
