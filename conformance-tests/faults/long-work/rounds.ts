import type { Harness } from '@shepherd-store/core/conformance'
import { seeded } from '../../session-processes/seeded.ts'
import { difference } from '../difference.ts'
import type { Verdict } from '../judge.ts'
import { Crew } from '../processes/crew.ts'
import { openWatched, useWhere, whereOf } from '../processes/watched-store.ts'
import { Tally } from '../tally.ts'
import { contentsOf, hashesOf, whatIsLost } from './contents.ts'
import type { LongWorkTask } from './worker.ts'
import { LONG_WORKS, type LongWorkName } from './works.ts'

export interface LongWorkKills {
  readonly name: LongWorkName
  readonly harness: Harness
  readonly kills: number
  readonly seed: number
  /** The path of a file that is not there yet. */
  fresh(): string
  /** Resolves when nothing that killed processes asked a server for is under way any more. */
  settled(): Promise<void>
}

/** How often one work is killed, before it is done. */
const KILLS_PER_WORK = 2

/**
 * Kills the work before statements of it, by chance, each as likely as the others; after each kill nothing is lost, and the
 * same call, in the end, leaves what it leaves when nobody disturbs it.
 */
export async function longWorkKills(options: LongWorkKills): Promise<Tally> {
  const { name, kills, seed, settled } = options
  const tally = new Tally()
  const choices = seeded(seed)
  const crew = new Crew(new URL('./worker.ts', import.meta.url), kills)
  const run = async (task: LongWorkTask) => {
    const resident = await crew.next()
    const end = await resident.run(task)
    await resident.kill()
    return end
  }
  try {
    const source = await makeSource(options)
    const { statements, expected } = await undisturbed(options, source)

    while (tally.tries < kills) {
      const { place, where } = await prepare(options)
      const before = await hashesOf(place)
      const end = Math.min(kills, tally.tries + KILLS_PER_WORK)
      while (tally.tries < end) {
        const killAt = choices.integer(1, statements)
        tally.tried()
        if ((await run({ name, where, source, killAt })) === 'killed') tally.faults += 1
        await settled()
        const lost = await useWhere(where, async (store) => whatIsLost(store, await hashesOf(place), before))
        tally.add({ ...UNTOLD, lost }, `killed before statement ${killAt} of ${statements}`)
      }
      await useWhere(where, async (store) => {
        await LONG_WORKS[name].perform(store, source)
        const lost = await whatIsLost(store, await hashesOf(place), before)
        const left = difference(expected, await contentsOf(place, LONG_WORKS[name]))
        tally.add({ ...left, lost: [...left.lost, ...lost] }, `in the end, after ${tally.tries} kills`)
      })
      await place.destroy()
    }
  } finally {
    await crew.close()
  }
  return tally
}

/** How many statements the work is when nobody disturbs it, and what is there afterwards. */
async function undisturbed(options: LongWorkKills, source: string) {
  const { place, where } = await prepare(options)
  let statements = 0
  const store = await openWatched(where, () => (statements += 1))
  statements = 0
  await LONG_WORKS[options.name].perform(store, source)
  const counted = statements
  await store.close()
  const expected = await contentsOf(place, LONG_WORKS[options.name])
  await place.destroy()
  return { statements: counted, expected }
}

/** Of a call that was killed nobody was told anything. */
const UNTOLD: Verdict = { acknowledged: 0, inDoubt: 1, lost: [], doubled: [], untrue: [] }

/** A place as the work finds it. */
async function prepare({ name, harness }: LongWorkKills) {
  const place = await harness.createPlace()
  const where = whereOf(place)
  await useWhere(where, (store) => LONG_WORKS[name].prepare(store))
  return { place, where }
}

/** The path of what it reads. */
async function makeSource({ name, harness, fresh }: LongWorkKills): Promise<string> {
  const source = fresh()
  const place = await harness.createPlace()
  await useWhere(whereOf(place), async (other) => LONG_WORKS[name].makeSource?.(source, other))
  await place.destroy()
  return source
}
