import type { DriverReservation } from './driver-changes.ts'
import type { SessionRow } from './effects.ts'
import { invalidArgument } from './errors.ts'
import { dayTotal, type GroupState } from './group-state.ts'
import { LIMITS } from './limits.ts'
import { spanOf } from './period.ts'
import { lastMsOf, totalOf } from './played.ts'
import { readableGrant, readableReserved, readableUsage } from './readable.ts'
import {
  accountOf,
  missingOf,
  totalPlayedMs,
  withAccount,
  withActive,
  withBooked,
  withCounted,
} from './session-account.ts'
import { detailOf } from './session-rows.ts'
import type { DayPlayed } from './session.ts'
import type { DurationMs, RunId } from './values.ts'
import { describe } from './values.ts'
import { encodeSessionDetail, type SessionAccount } from './wire.ts'

/** Books what exceeds the totals that `run` has reported of the session so far. Returns how much that is. */
export function bookCounted(played: readonly DayPlayed[], run: RunId, row: SessionRow, draft: GroupState): DurationMs {
  const { scope, sessionId } = row
  const more: DayPlayed[] = []
  for (const { day, playedMs } of played) {
    const moreMs = playedMs - draft.played({ scope, sessionId, run, day })
    if (moreMs <= 0) continue
    draft.apply({ table: 'played', scope, sessionId, run, day, playedMs })
    more.push({ day, playedMs: moreMs })
  }
  return book(more, (account) => withCounted(account, run, totalOf(more)), row, draft)
}

/** Books what is missing in all of the time that the session was active while `run` owned it. Returns how much that is. */
export function bookActive(active: readonly DayPlayed[], run: RunId, row: SessionRow, draft: GroupState): DurationMs {
  const missing = missingOf(accountOf(rowOf(row, draft)), active)
  return book(missing, (account) => withActive(account, run, totalOf(active)), row, draft)
}

/** Books what the session was played where it came from. */
export function bookUnbooked(row: SessionRow, draft: GroupState): DurationMs {
  const { unbooked = [], ...detail } = detailOf(row)
  if (unbooked.length === 0) return 0
  put({ ...rowOf(row, draft), text: encodeSessionDetail(detail) }, draft)
  return book(unbooked, (account) => withCounted(account, undefined, totalOf(unbooked)), row, draft)
}

/** Books by how much more the session is played by the account that is told of: the latest of the parts. */
function book(
  parts: readonly DayPlayed[],
  told: (account: SessionAccount) => SessionAccount,
  row: SessionRow,
  draft: GroupState,
): DurationMs {
  if (parts.length === 0) return 0
  const { scope, entryId, node } = row
  const before = rowOf(row, draft)
  const known = accountOf(before)
  const account = told(known)
  const bookedMs = totalPlayedMs(account) - totalPlayedMs(known)
  const booked = lastMsOf(parts, bookedMs)
  for (const { day, playedMs: addMs } of booked) {
    draft.apply({ table: 'usage', scope, entryId, day, node, addMs })
    dayTotal({ scope, entryId, day }, draft)
  }
  const durationMs = before.durationMs + bookedMs
  if (durationMs > LIMITS.DURATION_MS_MAX) {
    throw invalidArgument(`the time of session ${describe(row.sessionId)} would pass 2^53 - 1 ms`)
  }
  put(withAccount({ ...before, durationMs }, withBooked(account, booked)), draft)
  return bookedMs
}

/** The row with as much booked ahead as every limit leaves room for. It holds nothing reserved before. */
export function withReservation(
  row: SessionRow,
  reserve: DriverReservation | undefined,
  draft: GroupState,
): SessionRow {
  if (reserve === undefined) return row
  const { scope, entryId } = row
  const key = { scope, entryId, day: reserve.day }
  const rooms = reserve.limits.map(({ period, limitMs }) => {
    const span = { scope, entryId, ...spanOf(reserve.day, period) }
    const takenMs = readableUsage(key, draft.usage(span)) + readableReserved(key, draft.reserved(span))
    return limitMs + readableGrant(key, draft.granted(span)) - takenMs
  })
  const durationMs = Math.max(0, Math.min(reserve.upToMs, ...rooms))
  return durationMs === 0 ? row : { ...row, reserved: { day: reserve.day, durationMs } }
}

/** The session as the effects so far have made it. */
export function rowOf(row: SessionRow, draft: GroupState): SessionRow {
  return draft.session(row) ?? row
}

export function put(row: SessionRow, draft: GroupState): void {
  draft.apply({ table: 'session', row })
}
