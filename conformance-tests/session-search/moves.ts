import type { Message } from './messages.ts'
import type { Model } from './model.ts'
import { afterReply } from './replies.ts'
import { openSession } from './rows.ts'
import { sent, serviceMoves } from './service-moves.ts'
import { tidied } from './tidied.ts'
import { type Move, type World, withTicks } from './world.ts'

/** Everything that may happen next. */
export function movesOf(world: World, model: Model): readonly Move[] {
  const moves = [
    ...tick(world, model),
    ...serviceMoves(world, model),
    ...recovery(world, model),
    ...snapshot(world, model),
    ...world.wire.flatMap((message) => fatesOf(message, world, model)),
  ]
  return moves.map(({ label, world: after }) => ({ label, world: tidied(after, model) }))
}

/** Played, if a game runs; idle otherwise. */
function tick(world: World, { hours }: Model): readonly Move[] {
  if (world.tick === hours.horizon) return []
  const { game } = world
  const later = { ...world, tick: world.tick + 1 }
  if (game === undefined) return [{ label: 'a tick passes, idle', world: later }]
  const played = withTicks(later, 'played', game.session, hours.between(world.tick, later.tick))
  return [{ label: 'a tick passes, played', world: played }]
}

/** Another process has looked at what is open: it may be slow to act upon it. */
function recovery(world: World, model: Model): readonly Move[] {
  const open = openSession(world.rows)
  if (open === undefined) return []
  const session = open.sessionId === 'A' ? 0 : 1
  const message = model.messageOf({ type: 'recover', session, tick: world.tick, knows: 0 })
  return sent(message, world, model)
}

function snapshot(world: World, model: Model): readonly Move[] {
  return [{ label: 'somebody saves a snapshot', world: { ...world, rows: model.saveSnapshot(world.rows) } }]
}

/** What may become of a call that is under way. */
function fatesOf(message: Message, world: World, model: Model): readonly Move[] {
  const gone = { ...world, wire: world.wire.filter((other) => other !== message) }
  const { rows, reply } = model.deliver(world.rows, message)
  const { session, knows, type } = message.call
  // A service that was not let go on with a session has told nothing of it.
  const isTold = reply.applied && (type !== 'continue' || reply.changed)
  const arrivedIn = (before: World) => withTicks({ ...before, rows }, 'told', session, isTold ? knows : 0)
  const arrived = (label: string, before: World): readonly Move[] => {
    const unheard = arrivedIn(before)
    const heard = afterReply(unheard, message, reply)
    const move = { label: `${label}: ${message.text}`, world: heard }
    // Where nobody waits for the reply it makes no difference that it is lost.
    return heard === unheard ? [move] : [move, { label: `${label}, reply lost: ${message.text}`, world: unheard }]
  }
  const once = [...arrived('arrived', gone), { label: `lost: ${message.text}`, world: gone }]
  if (world.copiesLeft === 0) return once
  return [...once, ...arrived('arrived, and will again', { ...world, copiesLeft: world.copiesLeft - 1 })]
}
