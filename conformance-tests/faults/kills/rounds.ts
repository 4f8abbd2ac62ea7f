import { createStore, manualClock, type OwnedStore } from '@shepherd-store/core'
import type { Harness, Place } from '@shepherd-store/core/conformance'
import { seeded } from '../../session-processes/seeded.ts'
import { UTC } from '../../session-processes/tasks.ts'
import { Journal } from '../journal.ts'
import { judge } from '../judge.ts'
import { Crew } from '../processes/crew.ts'
import { Tally } from '../tally.ts'
import { work, WORK_AT } from '../work.ts'
import { Lane } from './lane.ts'

export interface KillRounds {
  readonly harness: Harness
  /** How many processes are killed in all. */
  readonly kills: number
  readonly seed: number
  /** Resolves when nothing that killed processes asked a server for is under way any more. */
  settled(): Promise<void>
}

/** How many write at once, on one place after the other. */
const WRITERS = [1, 3] as const
/** Kills on one place, at most, before the next one is made: so that openings that make it are met, too. */
const KILLS_PER_PLACE = 40
/** Kills of each writer, before the place is judged. */
const KILLS_PER_BOUT = 2
/** What is left to each writer in the end, which nobody disturbs. */
const LAST_STEPS = 5

/** Kills writers, has others go on, and judges the place after every few kills, and in the end. */
export async function killRounds({ harness, kills, seed, settled }: KillRounds): Promise<Tally> {
  const tally = new Tally()
  const crew = new Crew(new URL('./writer.ts', import.meta.url), kills)
  const choices = seeded(seed)
  try {
    for (let places = 0; tally.tries < kills; places += 1) {
      const writers = WRITERS[places % WRITERS.length] ?? 1
      const place = await harness.createPlace()
      const journal = new Journal()
      const lanes = Array.from({ length: writers }, (_, index) => {
        return new Lane(`writer-${index}`, journal, seeded(choices.integer(0, Number.MAX_SAFE_INTEGER)))
      })
      const share = Math.min(KILLS_PER_PLACE, Math.ceil(kills / WRITERS.length))
      const end = Math.min(kills, tally.tries + share)
      while (tally.tries < end) {
        await bout({ place, lanes, crew, tally, end })
        await settled()
        const verdict = await useStore(place, (store) => judge(store, journal))
        tally.add({ ...verdict, acknowledged: 0, inDoubt: 0 }, `${writers} writers, after ${tally.tries} kills`)
      }
      await finish(place, lanes, journal)
      tally.add(
        await useStore(place, (store) => judge(store, journal)),
        `${writers} writers, in the end, after ${tally.tries} kills`,
      )
      await place.destroy()
    }
  } finally {
    await crew.close()
  }
  return tally
}

interface Bout {
  readonly place: Place
  readonly lanes: readonly Lane[]
  readonly crew: Crew
  readonly tally: Tally
  readonly end: number
}

/** Each writer is killed a few times, at once with the others. */
async function bout({ place, lanes, crew, tally, end }: Bout): Promise<void> {
  const { address } = place
  if (address === undefined) throw new Error('no other process can open the place')
  await Promise.all(
    lanes.map(async (lane) => {
      for (let lives = 0; lives < KILLS_PER_BOUT && tally.tries < end; lives += 1) {
        tally.tried()
        if ((await lane.live(address, crew)) === 'killed') tally.faults += 1
      }
    }),
  )
}

/** All that may be repeated is brought to its end. */
async function finish(place: Place, lanes: readonly Lane[], journal: Journal): Promise<void> {
  for (const lane of lanes) {
    const clock = manualClock(WORK_AT)
    const tell: Parameters<typeof work>[1]['tell'] = (told, number) => journal.note(lane.writer, number, told)
    await useStore(place, (store) => work(store, { ...lane.rest(LAST_STEPS), clock, tell }), {
      node: lane.writer,
      clock,
    })
  }
}

async function useStore<T>(
  place: Place,
  use: (store: OwnedStore) => Promise<T>,
  { node = 'judge', clock = manualClock(WORK_AT) } = {},
): Promise<T> {
  const store = createStore(await place.openDriver({ calendar: UTC }), { node, clock })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
