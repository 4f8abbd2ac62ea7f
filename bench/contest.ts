import { systemClock } from '@shepherd-store/core'
import type { Place } from './place.ts'
import { NotMeasured, type Contender, type Row, type Running } from './row.ts'
import { type Spread, spreadOf } from './spread.ts'

export interface Result {
  readonly id: string
  readonly title: string
  readonly atMost?: number
  /** Why there are no figures; `contenders` is empty then. */
  readonly notMeasured?: string
  /** In the order of the row: the store, its yardstick, others. */
  readonly contenders: readonly Figure[]
}

export interface Figure {
  readonly name: string
  /** Of one operation, in microseconds. */
  readonly us: Spread
  /** To the yardstick, of each round by itself: so a disk that grows slower meanwhile takes nothing from either. */
  readonly ratio: Spread
}

/**
 * Runs the contenders of a row side by side: each once in every round, in an order that turns from round to round. All are
 * started before the first round, in the order of the row, and closed after the last.
 */
export async function contest(row: Row, place: Place): Promise<Result> {
  const { id, title, atMost, contenders, rounds, warmUp = true } = row
  const about = { id, title, ...(atMost === undefined ? {} : { atMost }) }
  const running: Running[] = []
  try {
    for (const contender of contenders) running.push(await contender.start(place))
    if (warmUp) for (const contender of running) await once(contender)
    const figures = contenders.map((): number[] => [])
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < running.length; turn += 1) {
        const index = (turn + round) % running.length
        const [entry, contender] = [contenders[index], running[index]]
        if (entry === undefined || contender === undefined) continue
        figures[index]?.push((await once(contender)) / operationsOf(entry, row))
      }
    }
    return { ...about, contenders: figuresOf(contenders, figures) }
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    return { ...about, notMeasured: error.message, contenders: [] }
  } finally {
    for (const contender of running) await contender.close()
  }
}

/** Returns how long one run took, in microseconds. */
async function once(contender: Running): Promise<number> {
  await contender.prepare?.()
  const startedMs = systemClock.monotonicMs()
  const own = await contender.run()
  const tookMs = systemClock.monotonicMs() - startedMs
  return typeof own === 'number' ? own : tookMs * 1_000
}

function operationsOf(contender: Contender, row: Row): number {
  return contender.operations ?? row.operations
}

function figuresOf(contenders: readonly Contender[], figures: readonly (readonly number[])[]): readonly Figure[] {
  const yardstick = figures[1] ?? []
  return contenders.map(({ name }, index) => {
    const own = figures[index] ?? []
    return { name, us: spreadOf(own), ratio: spreadOf(own.map((us, round) => us / (yardstick[round] ?? Number.NaN))) }
  })
}

/** Whether the store is within what is asked of it. A row that was not measured is not. */
export function isWithinLimit({ atMost, contenders: [ours] }: Result): boolean {
  return atMost === undefined || (ours !== undefined && ours.ratio.median <= atMost)
}
