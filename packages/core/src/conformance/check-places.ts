import type { Store } from '../store.ts'
import { commitEveryKind } from './every-kind.ts'
import { type CaseContext, SUITE_CALENDAR } from './harness.ts'

const OF_MIA = { scope: 'mia' } as const
const DAY = '2026-11-23'

/** Something in every table, of two scopes. */
export async function fillEveryTable(store: Store): Promise<void> {
  await commitEveryKind(store)
  await commitEveryKind(store.view(OF_MIA))
  await store.addUsage('minecraft', DAY, 1, { operationId: 'op-1' })
}

/** Whether the place's backend tells of what is beside the log. */
export async function looksBeside({ place }: CaseContext): Promise<boolean> {
  const driver = await place.openDriver({ calendar: SUITE_CALENDAR })
  await driver.close()
  return driver.check !== undefined
}
