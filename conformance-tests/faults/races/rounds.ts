import { mkdirSync, readdirSync } from 'node:fs'
import { createMemoryStore } from '@shepherd-store/memory'
import { withMethods } from '../../saboteurs/saboteur.ts'
import { seeded } from '../../session-processes/seeded.ts'
import { Journal } from '../journal.ts'
import { judge, type Verdict } from '../judge.ts'
import type { Resident } from '../processes/resident.ts'
import { useWhere, type Where } from '../processes/watched-store.ts'
import { shuffled } from '../shuffled.ts'
import { Tally } from '../tally.ts'
import { freeze } from '../upgrades/frozen.ts'
import type { RaceTask, Turn } from './racer.ts'

export interface Races {
  /** Processes that are there already. */
  readonly residents: readonly Resident[]
  readonly rounds: number
  readonly seed: number
  /** Names a place where there is none yet. */
  fresh(): Where
  /** The path of a directory that is not there yet. */
  freshDirectory(): string
}

/** What each process does, in an order of its own. */
export const TURNS: readonly Turn[] = ['write', 'write', 'write', 'prune', 'prune', 'verify', 'follow', 'compact']

/** All processes at once on one place after the other, which begins as a database of version 1, and is judged in the end. */
export async function races({ residents, rounds, seed, fresh, freshDirectory }: Races): Promise<{
  readonly tally: Tally
  /** How often each turn was done, and how often another one was in its way. */
  readonly turns: Readonly<Record<string, number>>
}> {
  const tally = new Tally()
  const turns: Record<string, number> = {}
  const choices = seeded(seed)
  while (tally.tries < rounds) {
    const where = fresh()
    await freeze(where, 1)
    const archiveTo = freshDirectory()
    mkdirSync(archiveTo)
    const journal = new Journal()
    const hear = (line: string) => {
      if (!/^(did|passed) /.test(line)) return journal.noteLine(line)
      turns[line] = (turns[line] ?? 0) + 1
      tally.faults += 1
    }
    const run = async (resident: Resident, index: number) => {
      const through = index % 2 === 0 ? 'thread' : 'inline'
      const task = { where, writer: `racer-${index}`, through, turns: shuffled(TURNS, choices), archiveTo } as const
      await resident.run(task satisfies RaceTask, { hear })
    }
    await Promise.all(residents.map(run))
    tally.tried()
    tally.add(await judgeWhole(where, archiveTo, journal), `round ${tally.tries}`)
  }
  return { tally, turns }
}

/** What left the log is in archives: the judge reads them, and then what is still there, as one log. */
function judgeWhole(where: Where, archiveTo: string, journal: Journal): Promise<Verdict> {
  return useWhere(where, async (store) => {
    const whole = createMemoryStore()
    if (readdirSync(archiveTo).length > 0) await whole.importAudits(archiveTo)
    await whole.importAudits(store.exportAudits({ format: 'jsonl', scope: 'all' }))
    const { intact, firstBreak } = await whole.verifyAudits({ expectedHead: await store.auditHead() })
    // Of the scope that the work is in: what the database of version 1 held is of others.
    const judged = withMethods(store, { readAudits: () => whole.readAudits() })
    const verdict = await judge(judged, journal)
    await whole.close()
    return intact ? verdict : { ...verdict, lost: [...verdict.lost, `the whole log is broken: ${firstBreak?.message}`] }
  })
}
