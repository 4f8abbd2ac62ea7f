import type { Message } from './messages.ts'
import type { Reply } from './model.ts'
import { countingFrom, gaveUpOn, type World } from './world.ts'

/** What the service makes of a reply: nothing, when it does not wait for it any more. */
export function afterReply(world: World, { call }: Message, reply: Reply): World {
  const { service, tick } = world
  if (service.phase === 'idle' || service.phase === 'down' || service.session !== call.session) return world
  switch (call.type) {
    case 'start':
      return service.phase === 'starting' && call.run === world.process
        ? afterStart(service.session, world, reply)
        : world
    case 'report':
      if (service.phase !== 'playing' || service.run !== call.run || !reply.applied) return world
      if (reply.isEnded) return { ...world, game: undefined, service: { ...service, phase: 'ending', until: tick } }
      return { ...world, service: { ...service, acknowledged: Math.max(service.acknowledged, call.tick) } }
    case 'end':
      if (service.phase !== 'ending' || service.run !== call.run || !reply.applied) return world
      return { ...world, service: { phase: 'idle' } }
    case 'continue': {
      if (service.phase !== 'continuing' || service.run !== call.run) return world
      const { session, run, since } = service
      if (!reply.applied || !reply.changed) return gaveUpOn(session, 'going on', world).world
      return { ...world, service: { phase: 'playing', ...countingFrom(since, { session, run }) } }
    }
    case 'recover':
      return world
  }
}

/** The game is launched, and its time counted from now on, once the store has let it. */
function afterStart(session: number, world: World, reply: Reply): World {
  if (!reply.applied) return { ...world, service: { phase: 'idle' } }
  if (reply.isEnded) return { ...world, service: { phase: 'idle' }, next: session + 1 }
  const { tick, process } = world
  return {
    ...{ ...world, next: session + 1, game: { session, launchedAt: tick } },
    service: { phase: 'playing', ...countingFrom(tick, { session, run: process }) },
  }
}
