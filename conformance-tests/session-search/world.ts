import type { RunId } from '@shepherd-store/core'
import type { Ticks } from './hours.ts'
import type { Message } from './messages.ts'
import type { Rows } from './rows.ts'

/** What may happen next, and what the world is then. */
export interface Move {
  readonly label: string
  readonly world: World
}

/** All that there is at one moment of the model. Never changed: a step makes a new one. */
export interface World {
  readonly tick: number
  readonly rows: Rows
  /** The calls under way, in the order of their ids, each once. */
  readonly wire: readonly Message[]
  /** The game that runs, whether the service knows of it or not. */
  readonly game: { readonly session: number; readonly launchedAt: number } | undefined
  readonly service: Service
  /** The next session that the service is going to start. */
  readonly next: number
  /** The run of the service's process. */
  readonly process: RunId
  /** How often a call may still come twice, and the service be started again. */
  readonly copiesLeft: number
  readonly restartsLeft: number
  /** For each session: when it was played; of which of that the store was told; what somebody knew and forgot. */
  readonly played: readonly Ticks[]
  readonly told: readonly Ticks[]
  readonly forgotten: readonly Ticks[]
}

/** What the service has in memory. */
export type Service =
  | { readonly phase: 'idle' }
  /** It has asked to start the session. */
  | { readonly phase: 'starting'; readonly session: number }
  | ({ readonly phase: 'playing' } & Counting)
  /** The game has stopped: what was counted until then is to be reported with the end. */
  | ({ readonly phase: 'ending'; readonly until: number } & Counting)
  /** It was killed, and is not up again. */
  | { readonly phase: 'down' }
  /** It is up again, and has asked to go on with a session that it found. */
  | {
      readonly phase: 'continuing'
      readonly session: number
      readonly from: RunId
      readonly run: RunId
      readonly since: number
    }

export interface Counting {
  readonly session: number
  readonly run: RunId
  /** The tick at which this run began to count, and up to which the store has acknowledged it. */
  readonly since: number
  readonly acknowledged: number
  /** Its ticks that it was told of instead: those are in its reports as a part of all that the game has been running. */
  readonly toldOf: Ticks
  /** Since when the game runs, once it was told that. */
  readonly launchedAt: number | undefined
  /** The tick of its last report. */
  readonly looked: number
}

export function countingFrom(tick: number, of: Pick<Counting, 'session' | 'run'>): Counting {
  return { ...of, since: tick, acknowledged: tick, toldOf: 0, launchedAt: undefined, looked: tick }
}

/** How much may go wrong: what makes the search finite. */
export interface Bounds {
  /** Of the two that there may be; where it is one, it is the second. */
  readonly sessions: 1 | 2
  readonly callsUnderWay: number
  readonly copies: number
  readonly restarts: number
  /** Runs of the service that somebody tells of, at one time. */
  readonly runs: number
}

export function firstWorld(rows: Rows, { sessions, copies, restarts }: Bounds): World {
  return {
    ...{ tick: 0, rows, wire: [], game: undefined, service: { phase: 'idle' }, next: 2 - sessions },
    ...{ process: '0', copiesLeft: copies, restartsLeft: restarts },
    ...{ played: [0, 0], told: [0, 0], forgotten: [0, 0] },
  }
}

export function keyOf(world: World): string {
  const { tick, rows, wire, game, service, next, process, copiesLeft, restartsLeft } = world
  let key = `${tick}${next}${process}${copiesLeft}${restartsLeft}${serviceKey(service)}|${rows.id}`
  if (game !== undefined) key += `g${game.session}${game.launchedAt}`
  for (const { id } of wire) key += `,${id}`
  for (const ticks of [world.played, world.told, world.forgotten]) key += `|${ticks[0]} ${ticks[1]}`
  return key
}

function serviceKey(service: Service): string {
  switch (service.phase) {
    case 'idle':
      return 'i'
    case 'starting':
      return `s${service.session}`
    case 'playing':
      return `p${countingKey(service)}`
    case 'ending':
      return `e${countingKey(service)}${service.until}`
    case 'down':
      return 'd'
    case 'continuing':
      return `c${service.session}${service.run}${service.since}${service.from}`
  }
}

function countingKey({ session, run, since, acknowledged, toldOf, launchedAt, looked }: Counting): string {
  return `${session}${run}${since}${acknowledged} ${toldOf} ${launchedAt ?? '-'}${looked}`
}

/** The world in which the session's ticks are these besides. */
export function withTicks(world: World, of: 'played' | 'told' | 'forgotten', session: number, ticks: Ticks): World {
  if (ticks === 0) return world
  const known = world[of]
  const more = known.map((before, index) => (index === session ? before | ticks : before))
  return more[session] === known[session] ? world : { ...world, [of]: more }
}

/** The world once nobody knows any more of the session's time than what was told. */
export function withForgotten(session: number, world: World): World {
  return withTicks(world, 'forgotten', session, world.played[session] ?? 0)
}

/** The service is done with the session, whatever became of its calls. */
export function gaveUpOn(session: number, what: string, world: World): Move {
  const idle = { ...world, game: undefined, service: { phase: 'idle' } } as const
  return { label: `the service gives up ${what}`, world: withForgotten(session, idle) }
}
