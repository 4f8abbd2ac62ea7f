import type { RunId } from '@shepherd-store/core'
import { DAYS } from './hours.ts'
import { idsOf, type Message, NODE } from './messages.ts'
import type { Model } from './model.ts'
import { openSession, runsIn } from './rows.ts'
import { type Counting, gaveUpOn, type Move, type Service, type World, withForgotten } from './world.ts'

type In<P extends Service['phase']> = Extract<Service, { readonly phase: P }>

/** What the service may do next, and what may be done to it. */
export function serviceMoves(world: World, model: Model): readonly Move[] {
  const { service } = world
  const restart = restartMoves(world, model)
  switch (service.phase) {
    case 'idle':
      return [...restart, ...(world.next < 2 ? startMoves(world.next, world, model) : [])]
    case 'starting': {
      const gaveUp = { ...world, service: { phase: 'idle' }, next: service.session + 1 } as const
      const label = 'the service gives up starting'
      return [...restart, ...startMoves(service.session, world, model), { label, world: gaveUp }]
    }
    case 'playing':
      return [...restart, ...checkpointMoves(service, world, model), ...stopMoves(service, world, model)]
    case 'ending':
      return [...restart, ...endMoves(service, world, model), gaveUpOn(service.session, 'ending', world)]
    case 'down':
      return [...bootMoves(world, model), ...exitMoves(world)]
    case 'continuing':
      return [...restart, ...bootMoves(world, model), gaveUpOn(service.session, 'going on', world)]
  }
}

/** The call is put on the wire. One that is there already is on its way. */
export function sent(message: Message, world: World, { bounds }: Model): readonly Move[] {
  const { wire } = world
  if (wire.length >= bounds.callsUnderWay || wire.includes(message)) return []
  const more = [...wire, message].toSorted((a, b) => a.id - b.id)
  return [{ label: `sent: ${message.text}`, world: { ...world, wire: more } }]
}

function startMoves(session: number, world: World, model: Model): readonly Move[] {
  const message = model.messageOf({ type: 'start', session, tick: world.tick, knows: 0, run: world.process })
  return sent(message, { ...world, service: { phase: 'starting', session } }, model)
}

/** Only when there is something to tell. */
function checkpointMoves(service: In<'playing'>, world: World, model: Model): readonly Move[] {
  if (world.tick <= service.acknowledged) return []
  return countedWays(service, world.tick, world, model).flatMap((counting) => {
    const asking = { ...world, service: { phase: 'playing', ...counting } } as const
    return sent(model.messageOf({ type: 'report', ...reported(counting, world.tick, model) }), asking, model)
  })
}

/** The child has stopped: the game with it. */
function stopMoves(service: In<'playing'>, world: World, model: Model): readonly Move[] {
  return countedWays(service, world.tick, world, model).flatMap((counting) => {
    const ending = { phase: 'ending', ...counting, until: world.tick } as const
    return endMoves(ending, { ...world, game: undefined, service: ending }, model)
  })
}

/** Also again, when its reply does not come: it tells what was counted when the game stopped. */
function endMoves(service: In<'ending'>, world: World, model: Model): readonly Move[] {
  return sent(model.messageOf({ type: 'end', ...reported(service, service.until, model) }), world, model)
}

/** What the run may have counted at the tick: by the clock, or by how long the game has been running. */
function countedWays(counting: Counting, tick: number, { game }: World, { hours, tells }: Model): readonly Counting[] {
  const { session, run, since, acknowledged, toldOf, launchedAt, looked } = counting
  const known = { session, run, since, acknowledged, toldOf, launchedAt }
  return tells.map((told) => {
    // Where nothing is ever told, it makes no difference when it was looked.
    if (told === 'nothing') return { ...known, looked: tells.length === 1 ? looked : tick }
    return { ...known, toldOf: toldOf | hours.between(looked, tick), launchedAt: game?.launchedAt, looked: tick }
  })
}

/** What the run tells at the tick, as `PlayCounter` does: what is not acknowledged, and today's total. */
function reported({ session, run, since, acknowledged, toldOf, launchedAt }: Counting, tick: number, { hours }: Model) {
  const today = hours.dayOf(tick)
  const settled = hours.between(since, acknowledged) & ~toldOf
  const clocked = hours.between(since, tick) & ~toldOf
  const played = DAYS.filter((day) => day === today || hours.playedMs(clocked, day) > hours.playedMs(settled, day)).map(
    (day) => ({ day, playedMs: hours.playedMs(clocked, day) }),
  )
  const isTold = launchedAt !== undefined
  const active = isTold ? hours.split(launchedAt, tick) : []
  const knows = isTold ? hours.between(launchedAt, tick) : clocked
  return { session, run, tick, played, active, knows } as const
}

function restartMoves(world: World, model: Model): readonly Move[] {
  if (world.restartsLeft === 0) return []
  const { service, next, restartsLeft } = world
  const [process] = unknownRuns({ ...world, service: { phase: 'down' }, process: '' }, model)
  if (process === undefined) return []
  const down = {
    service: { phase: 'down' },
    ...{ process, restartsLeft: restartsLeft - 1 },
    next: service.phase === 'starting' ? service.session + 1 : next,
  } as const
  const isCounting = service.phase === 'playing' || service.phase === 'ending'
  const forgetful = isCounting ? withForgotten(service.session, world) : world
  return [{ label: 'the service is killed', world: { ...forgetful, ...down } }]
}

/** The game may stop while nobody looks. */
function exitMoves(world: World): readonly Move[] {
  const { game } = world
  if (game === undefined) return []
  return [{ label: 'the game stops', world: withForgotten(game.session, { ...world, game: undefined }) }]
}

/**
 * The service looks for what is open, and goes on with it if its game still runs. A game whose session is not open any
 * more is stopped; a session whose game has stopped is left to whoever recovers it.
 */
function bootMoves(world: World, model: Model): readonly Move[] {
  const { game } = world
  if (game === undefined) return [{ label: 'the service is up', world: { ...world, service: { phase: 'idle' } } }]
  const { session, launchedAt } = game
  const open = openSession(world.rows, NODE)
  if (open?.sessionId !== idsOf(session).sessionId) return [gaveUpOn(session, 'looking', world)]
  const [run] = unknownRuns(world, model)
  if (run === undefined) return []
  const from = open.run
  const service = { phase: 'continuing', session, from, run, since: world.tick } as const
  return model.retells.flatMap((told) => {
    const since = told === 'age of the game' ? launchedAt : world.tick
    const active = { active: model.hours.split(since, world.tick), knows: model.hours.between(since, world.tick) }
    const message = model.messageOf({ type: 'continue', session, tick: world.tick, from, run, ...active })
    const asking = { ...(told === 'nothing' ? withForgotten(session, world) : world), service }
    return sent(message, asking, model)
  })
}

/** Names for a run that nobody tells of: one that was told of once, and is not any more, is as good as new. */
function unknownRuns({ rows, wire, service, process }: World, { bounds }: Model): readonly RunId[] {
  const known = new Set([process, ...runsIn(rows)])
  if ('run' in service) known.add(service.run).add('from' in service ? service.from : service.run)
  for (const { call } of wire) {
    if ('run' in call) known.add(call.run)
    if ('from' in call) known.add(call.from)
  }
  return Array.from({ length: bounds.runs }, (_, index) => `${index}`).filter((run) => !known.has(run))
}
