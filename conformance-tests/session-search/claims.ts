import { DAYS } from './hours.ts'
import { idsOf } from './messages.ts'
import type { Model } from './model.ts'
import type { World } from './world.ts'

/** What is not true of the world, though it always has to be. */
export function brokenClaim(world: World, model: Model): string | undefined {
  const open = [...world.rows.sessions.values()].filter(({ endedAt }) => endedAt === undefined)
  if (open.length > 1) return 'two sessions are open on one machine'
  return brokenOf(0, world, model) ?? brokenOf(1, world, model)
}

/** What is not true of one of the sessions. */
export function brokenOf(session: number, world: World, model: Model): string | undefined {
  const broken = brokenTime(session, world, model) ?? brokenLog(session, world)
  return broken ?? (isOver(session, world) ? brokenRest(session, world) : undefined)
}

/** It is not open, nobody plays it or will, and no call that concerns it is under way. */
export function isOver(session: number, { wire, service, game, rows, next }: World): boolean {
  if (next <= session || game?.session === session) return false
  if ('session' in service && service.session === session) return false
  if (wire.some(({ call }) => call.session === session)) return false
  const row = rows.sessions.get(idsOf(session).sessionId)
  return row === undefined || row.endedAt !== undefined
}

function brokenTime(session: number, { rows, played, told }: World, { hours }: Model): string | undefined {
  const { sessionId, entryId } = idsOf(session)
  let sumMs = 0
  for (const day of DAYS) {
    const bookedMs = rows.usage.get(entryId)?.get(day) ?? 0
    if (bookedMs > hours.playedMs(played[session] ?? 0, day)) return 'more is booked of a day than was played'
    if (bookedMs !== hours.playedMs(told[session] ?? 0, day)) return 'what the store was told is not what is booked'
    sumMs += bookedMs
  }
  return (rows.sessions.get(sessionId)?.durationMs ?? 0) === sumMs
    ? undefined
    : 'the session has another total than its days'
}

function brokenLog(session: number, { rows }: World): string | undefined {
  const lines = rows.log.filter(({ sessionId }) => sessionId === idsOf(session).sessionId).map(({ type }) => type)
  if (lines[0] === 'session_ended') return 'a session has ended that was not started'
  if (lines.filter((type) => type === 'session_started').length > 1) return 'a session was started twice'
  return lines.filter((type) => type === 'session_ended').length > 1 ? 'a session has ended twice' : undefined
}

/** When all is quiet. */
function brokenRest(session: number, { rows, played, told, forgotten }: World): string | undefined {
  const [playedTicks = 0, toldTicks = 0, forgottenTicks = 0] = [played[session], told[session], forgotten[session]]
  if ((playedTicks & ~toldTicks & ~forgottenTicks) !== 0) return 'time is not booked that nobody has forgotten'
  const lines = rows.log.filter(({ sessionId }) => sessionId === idsOf(session).sessionId)
  const isKnown = rows.sessions.has(idsOf(session).sessionId)
  return lines.length === (isKnown ? 2 : 0) ? undefined : 'a session that is over has not one start and one end'
}
