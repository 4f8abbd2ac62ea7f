import { expect, test } from 'vitest'
import { brokenClaim, isOver } from './session-search/claims.ts'
import { idsOf } from './session-search/messages.ts'
import { Model, type ModelOptions } from './session-search/model.ts'
import { movesOf } from './session-search/moves.ts'
import { type Found, searchAll } from './session-search/search.ts'
import { type Bounds, firstWorld, keyOf, type World } from './session-search/world.ts'
import { wrongRules } from './session-search/wrong-rules.ts'

/*
 * A world of one service and two sessions, and all that can happen in it: ticks pass, played or not, and a midnight with
 * them; each call of the service is under way until it arrives, before or behind others, once or twice, with or without
 * its reply, or is lost; the service tries again, or gives up; it is killed, and goes on with what it finds; another
 * process recovers what it believes dead; anybody saves a snapshot. The rules are the store's own. Breadth first, every
 * state is looked at, until no new one appears.
 */

/**
 * How many ticks there are: `SHEPHERD_TEST_SESSION_SEARCH`. One more takes three times as long: 4 take a minute and 1 GB
 * of memory.
 */
const horizon = Number(process.env['SHEPHERD_TEST_SESSION_SEARCH'] ?? 3)
const TIMEOUT_MS = 3_600_000

/** One service that is killed once; two calls under way, one of which may come twice. */
const BOUNDS: Bounds = { sessions: 2, callsUnderWay: 2, copies: 1, restarts: 1, runs: 3 }
const WHOLE: ModelOptions = {
  ...{ midnight: Math.ceil(horizon / 2), horizon, bounds: BOUNDS },
  ...{ retells: ['age of the game'], tells: ['nothing'], putsAway: true },
}
const EITHER = ['age of the game', 'nothing'] as const
const SHORTER = Math.max(2, horizon - 1)
const SHORT: ModelOptions = { ...WHOLE, midnight: Math.ceil(SHORTER / 2), horizon: SHORTER }

/** What is seen at least once, or the search has not been where it should. */
const sights: Readonly<Record<string, (world: World) => boolean>> = {
  'time booked on both days': ({ rows }) => [...rows.usage.values()].some((days) => days.size > 1),
  'a call that comes when its session is over': (world) =>
    world.wire.some(({ call }) => world.rows.sessions.get(idsOf(call.session).sessionId)?.endedAt !== undefined),
  'calls of two runs under way': ({ wire }) =>
    new Set(wire.map(({ call }) => ('run' in call ? call.run : ''))).size > 1,
  'a session that the next run goes on with': ({ service }) => service.phase === 'playing' && service.run !== '0',
  'an owner that plays on with what was recovered': ({ service, rows }) =>
    service.phase === 'playing' && rows.sessions.get(idsOf(service.session).sessionId)?.endedAt !== undefined,
  'both sessions over': (world) => isOver(0, world) && isOver(1, world),
}

function search(name: string, options: ModelOptions): { readonly found: Found; readonly seen: readonly string[] } {
  const model = new Model(options)
  const seen = new Set<string>()
  const found = searchAll<World>({
    first: firstWorld(model.rows.none, options.bounds),
    keyOf,
    movesOf: (world) => movesOf(world, model),
    look(world) {
      for (const [sight, isSeen] of Object.entries(sights)) if (!seen.has(sight) && isSeen(world)) seen.add(sight)
      return brokenClaim(world, model)
    },
  })
  const { states, moves, depth } = found
  console.log(`${name}: ${states} states, ${moves} moves, ${depth} deep`)
  return { found, seen: [...seen] }
}

test.each<readonly [string, ModelOptions]>([
  [`${horizon} ticks`, WHOLE],
  [`${SHORTER} ticks, a third call under way`, { ...SHORT, bounds: { ...BOUNDS, callsUnderWay: 3, copies: 0 } }],
  [`${SHORTER} ticks, a restart of which nothing is told`, { ...SHORT, retells: ['nothing'] }],
  [
    `${SHORTER} ticks of one session, killed twice, ages told or not`,
    { ...SHORT, retells: EITHER, tells: EITHER, bounds: { ...BOUNDS, sessions: 1, copies: 0, restarts: 2, runs: 4 } },
  ],
  [
    '2 ticks, nothing put away',
    { ...SHORT, midnight: 1, horizon: 2, bounds: { ...BOUNDS, copies: 0 }, putsAway: false },
  ],
])(
  'in all that can happen in %s, all that is told is booked, once, on its day',
  { timeout: TIMEOUT_MS },
  (name, options) => {
    const { found, seen } = search(name, options)
    expect(found.broken).toBeUndefined()
    expect(seen.toSorted()).toEqual(Object.keys(sights).toSorted())
  },
)

test.each(wrongRules)('the search finds a store that $plants, in $steps steps', ({ plants, breaks, steps, rules }) => {
  const { broken } = search(plants, { ...WHOLE, midnight: 2, horizon: 3, rules }).found
  expect(broken?.claim).toBe(breaks)
  expect(broken?.trace).toHaveLength(steps)
})
