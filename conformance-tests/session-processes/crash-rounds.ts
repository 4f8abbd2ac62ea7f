import assert from 'node:assert/strict'
import { type Change, isStoreError, manualClock, type StoreErrorCode } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'
import { announced } from './announced.ts'
import { type Effects, effectsQuery } from './effects.ts'
import { allOrNone, endAgain, endingPlay, RESTARTED_AT, START_AT } from './endings.ts'
import { play } from './play.ts'
import { seeded } from './seeded.ts'

export interface CrashOutcomes {
  none: number
  all: number
}

/** What a database that goes away says, if anything. */
const CODES: readonly StoreErrorCode[] = ['UNAVAILABLE', 'TIMEOUT', 'IO', 'DATABASE', 'DISK_FULL']

/** As kills of a process, where nothing outlives one: the end fails, its store is let go of, and another opens the data. */
export async function crashRounds(rounds: number, seed: number): Promise<CrashOutcomes> {
  const outcomes: CrashOutcomes = { none: 0, all: 0 }
  const choices = seeded(seed)
  const data = createMemoryData()
  for (let round = 0; round < rounds; round += 1) {
    const scope = `child-${round}`
    const clock = manualClock(START_AT)
    const lost = createMemoryStore({ data, scope, clock })
    let told: readonly Change[] = []
    const { end, ...played } = endingPlay(`s-${round}`)
    const telling = announced(lost, async (changes) => {
      told = changes
    })
    const session = await play(telling, clock, played)
    const code = CODES[choices.integer(0, CODES.length - 1)] ?? 'IO'
    const applied = choices.integer(0, 1) === 1
    lost.faults.failNext('write', code, { applied })
    assert.ok(end !== undefined)
    await assert.rejects(session.end(end), (error) => isStoreError(error, code))

    const left = allOrNone(databaseOf(data).prepare(effectsQuery(scope, 'main')).get() as Effects)
    assert.equal(left, applied ? 'all' : 'none')
    const store = createMemoryStore({ data, scope, clock: manualClock(RESTARTED_AT) })
    assert.equal(await endAgain(store, told), !applied)
    const { intact, firstBreak } = await store.verifyAudits()
    assert.ok(intact, firstBreak?.message)
    outcomes[left] += 1
  }
  return outcomes
}
