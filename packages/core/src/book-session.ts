import type { DriverReservation } from './driver-changes.ts'
import type { SessionRow } from './effects.ts'
import { invalidArgument } from './errors.ts'
import type { GroupState } from './group-state.ts'
import { LIMITS } from './limits.ts'
import { spanOf } from './period.ts'
import { readableGrant, readableReserved, readableUsage } from './readable.ts'
import { detailOf } from './session-rows.ts'
import type { DayPlayed } from './session.ts'
import { describe } from './values.ts'
import { encodeSessionDetail } from './wire.ts'

/** Books what exceeds the totals that `run` has reported of the session so far. Returns how much that is. */
export function book(played: readonly DayPlayed[], run: string, row: SessionRow, draft: GroupState): number {
  const { scope, sessionId } = row
  let bookedMs = 0
  for (const { day, playedMs } of played) {
    const moreMs = playedMs - draft.played({ scope, sessionId, run, day })
    if (moreMs <= 0) continue
    draft.apply({ table: 'played', scope, sessionId, run, day, playedMs })
    addUsage({ day, playedMs: moreMs }, row, draft)
    bookedMs += moreMs
  }
  return bookedMs
}

/** Books what the session was played where it came from. */
export function bookUnbooked(row: SessionRow, draft: GroupState): number {
  const { unbooked: given = [], ...detail } = detailOf(row)
  const unbooked = given.filter(({ playedMs }) => playedMs > 0)
  if (given.length === 0) return 0
  put({ ...rowOf(row, draft), text: encodeSessionDetail(detail) }, draft)
  for (const day of unbooked) addUsage(day, row, draft)
  return unbooked.reduce((sum, { playedMs }) => sum + playedMs, 0)
}

function addUsage({ day, playedMs }: DayPlayed, row: SessionRow, draft: GroupState): void {
  const { scope, entryId, node } = row
  draft.apply({ table: 'usage', scope, entryId, day, node, addMs: playedMs })
  const before = rowOf(row, draft)
  const durationMs = before.durationMs + playedMs
  if (durationMs > LIMITS.DURATION_MS_MAX) {
    throw invalidArgument(`the time of session ${describe(row.sessionId)} would pass 2^53 - 1 ms`)
  }
  put({ ...before, durationMs }, draft)
}

/** The last `ms` of what was played. */
export function latest(played: readonly DayPlayed[], ms: number): readonly DayPlayed[] {
  let left = Math.max(0, ms)
  return played
    .toReversed()
    .map(({ day, playedMs }) => {
      const part = Math.min(left, playedMs)
      left -= part
      return { day, playedMs: part }
    })
    .toReversed()
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
