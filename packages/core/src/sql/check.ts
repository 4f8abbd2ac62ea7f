import { damageIn } from '../damage.ts'
import type { CheckPlace, CheckStep } from '../driver.ts'
import { isStoreError, StoreError } from '../errors.ts'
import type { DatabaseCheck, Found, SqlRunner } from './flavor.ts'

/** One part after the other, step by step. Damage of one does not hide the next. */
export function sqlCheck(runner: SqlRunner, parts: readonly DatabaseCheck[]) {
  return async (place?: CheckPlace): Promise<CheckStep> => {
    const index = place === undefined ? 0 : parts.findIndex(({ part }) => part === place.part)
    const check = parts[index]
    if (check === undefined) throw new StoreError('DATABASE', `there is no part ${place?.part} to check: report it`)
    const { part } = check
    const found = await runner
      .read(() => check.look(place?.after))
      .catch((error: unknown): Found => {
        const problem = damageIn(part, error)
        const after = check.past?.(place?.after)
        if (problem !== undefined) return { checked: 0, problems: [problem], blindSpots: [], after }
        if (check.past === undefined || !isStoreError(error, 'TIMEOUT')) throw error
        const blindSpot = `A step of ${part}, which took too long: ${error.message}`
        return { checked: 0, problems: [], blindSpots: [blindSpot], after }
      })
    const { checked, problems, blindSpots, after } = found
    const next = parts[index + 1]
    return {
      ...{ part, checked, problems, blindSpots },
      ...(after !== undefined ? { next: { part, after } } : next !== undefined ? { next: { part: next.part } } : {}),
    }
  }
}
