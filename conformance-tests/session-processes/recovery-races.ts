import assert from 'node:assert/strict'
import { createStore, manualClock, type OwnedStore, recoverSession } from '@shepherd-store/core'
import type { Harness } from '@shepherd-store/core/conformance'
import { withMethods } from '../saboteurs/saboteur.ts'
import { DAY, START_AT } from './endings.ts'
import { ENTRY } from './machine.ts'
import { play } from './play.ts'
import { UTC } from './tasks.ts'

const INTERVAL_MS = 30_000
const RESCUERS = ['rescuer-0', 'rescuer-1'] as const

/**
 * Loses a session in each round, and lets two nodes recover it, each by a handle of its own, once both have found it
 * open. Returns how often each was the one.
 */
export async function recoveryRaces(harness: Harness, rounds: number): Promise<readonly number[]> {
  const place = await harness.createPlace()
  const clock = manualClock(START_AT)
  const stores: OwnedStore[] = []
  const open = async (node: string) => {
    const store = createStore(await place.openDriver({ calendar: UTC }), { node, clock })
    stores.push(store)
    return store
  }
  try {
    const owner = await open('lost-machine')
    const rescuers = [await open(RESCUERS[0]), await open(RESCUERS[1])]
    const wins = [0, 0]
    for (let round = 0; round < rounds; round += 1) {
      const sessionId = `s-${round}`
      const run = `the run of ${sessionId}`
      await play(owner, clock, {
        entryId: ENTRY,
        sessionId,
        run,
        checkpoints: 1,
        intervalMs: INTERVAL_MS,
        restMs: 5_000,
      })
      const meet = meeting(rescuers.length)
      const recover = (store: OwnedStore) => recoverSession(foundBeforeOthersGoOn(store, meet), { sessionId })
      // Where all is done in one thread, the first to ask is the one.
      const inTurn = round % 2 === 0 ? rescuers : rescuers.toReversed()
      const asked = inTurn.map(async (store) => [store, await recover(store)] as const)
      const recoveredBy = new Map(await Promise.all(asked))
      const recovered = rescuers.map((store) => recoveredBy.get(store))
      const winner = recovered.findIndex((record) => record !== undefined)
      assert.equal(recovered[winner]?.durationMs, INTERVAL_MS)
      assert.equal(recovered[1 - winner], undefined, `both recovered ${sessionId}`)
      wins[winner] = (wins[winner] ?? 0) + 1
      await checkEndedOnce(owner, round)
    }
    assert.equal(await owner.getUsage(ENTRY, DAY), rounds * INTERVAL_MS)
    const { intact, checked } = await owner.verifyAudits()
    assert.deepEqual([intact, checked], [true, 2 * rounds])
    return wins
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await place.destroy()
  }
}

async function checkEndedOnce(store: OwnedStore, round: number): Promise<void> {
  const records = await store.listAudits({ after: 2 * round })
  assert.deepEqual(
    records.map(({ event }) => [event.type, 'sessionId' in event ? event.sessionId : undefined]),
    [
      ['session_started', `s-${round}`],
      ['session_ended', `s-${round}`],
    ],
  )
  assert.deepEqual(await store.listSessions({ open: true }), [])
}

/** The store, whose user goes on with the sessions that it found when the others have found theirs. */
function foundBeforeOthersGoOn(store: OwnedStore, meet: () => Promise<void>): OwnedStore {
  return withMethods(store, {
    async listSessions(query) {
      const found = await store.listSessions(query)
      assert.equal(found.length, 1)
      await meet()
      return found
    },
  })
}

/** Lets everybody on when so many have come. */
function meeting(count: number): () => Promise<void> {
  const all = Promise.withResolvers<undefined>()
  let come = 0
  return async () => {
    come += 1
    if (come === count) all.resolve(undefined)
    await all.promise
  }
}
