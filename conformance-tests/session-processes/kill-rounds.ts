import assert from 'node:assert/strict'
import { type Change, systemClock } from '@shepherd-store/core'
import { allOrNone, endAgain, endingPlay, START_AT } from './endings.ts'
import type { SharedPlace } from './places.ts'
import { type Player, Players } from './player.ts'
import { seeded } from './seeded.ts'
import { holdsHalfACommit } from './write-ahead-log.ts'

/** How the kills met their ends. */
export interface KillOutcomes {
  /** Nothing had happened. */
  before: number
  /** A part of the commit was in the file, and counted for nothing. */
  halfWritten: number
  /** Nothing was to be seen yet, and the server did it all the same. */
  underWay: number
  /** All had happened, and nobody was told. */
  unheard: number
  /** All had happened, and was acknowledged. */
  after: number
}

const NODE = 'machine'
/** Rounds that do not kill by chance: one before the commit, and two behind it, which tell how long an end takes. */
const FIXED_ROUNDS = 3
/** Later kills come up to so much of the length of an end behind its beginning. */
const LENGTHS_MAX = 2

/** Kills a process in each round, around the end of its session, and looks at what is left of that. */
export async function killRounds(shared: SharedPlace, rounds: number, seed: number): Promise<KillOutcomes> {
  const outcomes: KillOutcomes = { before: 0, halfWritten: 0, underWay: 0, unheard: 0, after: 0 }
  const choices = seeded(seed)
  const players = new Players(shared.address, rounds)
  let endMs = Number.POSITIVE_INFINITY
  try {
    for (let round = 0; round < rounds; round += 1) {
      const scope = `child-${round}`
      const player = await players.next()
      const play = endingPlay(`s-${round}`)
      player.start({ type: 'play', scope, node: NODE, startAt: START_AT, play, holdsBeforeEnd: round === 0 })
      const { changes } = await player.heard('ending')
      if (round > 0 && round < FIXED_ROUNDS) endMs = Math.min(endMs, await lengthOfEnd(player))
      const delayMs = round < FIXED_ROUNDS ? 0 : choices.fraction() * LENGTHS_MAX * endMs
      const outcome = await outcomeOf(shared, { scope, changes, player, gone: player.kill(delayMs) })
      outcomes[outcome] += 1
    }
  } finally {
    await players.close()
  }
  return outcomes
}

async function lengthOfEnd(player: Player): Promise<number> {
  const beganAtMs = systemClock.monotonicMs()
  await player.heard('ended')
  return systemClock.monotonicMs() - beganAtMs
}

/** What is left of the end is looked at before the process is gone, where a server may still be at it. */
async function outcomeOf(shared: SharedPlace, killed: Killed): Promise<keyof KillOutcomes> {
  const { path, look, afterwards } = shared
  const { scope, changes, player, gone } = killed
  if (path !== undefined) await gone
  const isHalf = path !== undefined && holdsHalfACommit(path)
  const [left, endedNow] = await afterwards({ scope, node: NODE }, async (store) => {
    const found = allOrNone(await look(scope))
    const ended = await endAgain(store, changes)
    const { intact, firstBreak } = await store.verifyAudits()
    assert.ok(intact, firstBreak?.message)
    return [found, ended]
  })
  await gone
  if (left === 'none') return isHalf ? 'halfWritten' : endedNow ? 'before' : 'underWay'
  assert.ok(!endedNow, 'what had ended was ended once more')
  return player.hasSaid('ended') ? 'after' : 'unheard'
}

interface Killed {
  readonly scope: string
  /** Of the commit that ends its session. */
  readonly changes: readonly Change[]
  readonly player: Player
  /** Resolves when it has ended. */
  readonly gone: Promise<void>
}
