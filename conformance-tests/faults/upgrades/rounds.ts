import { isStoreError } from '@shepherd-store/core'
import pg from 'pg'
import { seeded } from '../../session-processes/seeded.ts'
import { difference } from '../difference.ts'
import { Crew } from '../processes/crew.ts'
import { openWatched, useWhere, type Where } from '../processes/watched-store.ts'
import { shuffled } from '../shuffled.ts'
import { Tally } from '../tally.ts'
import { dump, linesOf } from './dump.ts'
import { freeze } from './frozen.ts'
import type { UpgradeTask } from './opener.ts'
import type { Undisturbed } from './undisturbed.ts'

export interface UpgradeFaults {
  readonly opened: readonly Undisturbed[]
  /** How many faults: each statement of each version is met before one is met twice. */
  readonly faults: number
  readonly seed: number
  /** Names a place where there is none yet. */
  fresh(): Where
}

/** Kills a process before statements of an opening. Whoever opens the database next finds what an undisturbed one leaves. */
export async function killedOpenings(options: UpgradeFaults): Promise<Tally> {
  const crew = new Crew(new URL('./opener.ts', import.meta.url), options.faults)
  try {
    return await atStatements(options, async (where, killAt) => {
      const resident = await crew.next()
      const end = await resident.run({ where, killAt } satisfies UpgradeTask)
      await resident.kill()
      return end === 'killed'
    })
  } finally {
    await crew.close()
  }
}

/** Has the server end the connection before statements of an opening, which then tries again by itself, or tells of it. */
export function cutOffOpenings(options: UpgradeFaults): Promise<Tally> {
  return atStatements(options, async (where, cutAt) => {
    let statements = 0
    const cutOff = (client?: pg.Client) => {
      statements += 1
      if (statements === cutAt && client !== undefined) endBackend(client)
    }
    try {
      const store = await openWatched(where, cutOff)
      await store.close()
    } catch (error) {
      if (!isStoreError(error) || !error.retryable) throw error
    }
    return statements >= cutAt
  })
}

/** As a statement of the connection itself, in front of the next one. */
function endBackend(client: pg.Client): void {
  const query = pg.Client.prototype.query as (this: pg.Client, text: string) => Promise<unknown>
  query.call(client, 'select pg_terminate_backend(pg_backend_pid())').catch(() => {})
}

/** `fault` opens the place, and meets the statement; whether it did. */
async function atStatements(
  { opened, faults, seed, fresh }: UpgradeFaults,
  fault: (where: Where, statement: number) => Promise<boolean>,
): Promise<Tally> {
  const tally = new Tally()
  const points = opened.flatMap((of) => Array.from({ length: of.statements }, (_, index) => ({ of, at: index + 1 })))
  const choices = seeded(seed)
  let left: typeof points = []
  while (tally.tries < faults) {
    if (left.length === 0) left = shuffled(points, choices)
    const point = left.pop()
    if (point === undefined) throw new Error('an opening takes no statements')
    const { of, at } = point
    const where = fresh()
    await freeze(where, of.version)
    tally.tried()
    tally.inDoubt += 1
    if (await fault(where, at)) tally.faults += 1
    await useWhere(where, async (store) => {
      const { intact, firstBreak } = await store.verifyAudits()
      const left = difference(of.after, linesOf(await dump(where)))
      const lost = intact ? left.lost : [...left.lost, `the log is broken: ${firstBreak?.message}`]
      tally.add({ ...left, lost }, `version ${of.version}, before statement ${at} of ${of.statements}`)
    })
  }
  return tally
}
