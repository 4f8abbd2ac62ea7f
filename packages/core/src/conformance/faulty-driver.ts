import { createStore } from '../create-store.ts'
import type { StoreDriver } from '../driver.ts'
import { checkOf } from '../faults.ts'
import type { OwnedStore } from '../store.ts'
import { type CaseContext, SUITE_CALENDAR } from './harness.ts'

/** What a case puts in place of a driver's own methods. */
export type Faulty = Partial<Pick<StoreDriver, 'write' | 'read' | 'probe' | 'check'>>

/** Uses a store over a driver of which some methods are `faulty`. */
export async function useOver(
  { place, clock }: CaseContext,
  faulty: (driver: StoreDriver) => Faulty,
  use: (store: OwnedStore) => Promise<void>,
): Promise<void> {
  const driver = await place.openDriver({ calendar: SUITE_CALENDAR })
  const store = createStore(
    {
      contract: 1,
      capabilities: driver.capabilities,
      calendar: driver.calendar,
      writesBlock: driver.writesBlock,
      write: (units) => driver.write(units),
      read: (request) => driver.read(request),
      probe: () => driver.probe(),
      ...checkOf(driver, (call) => call()),
      close: () => driver.close(),
      ...faulty(driver),
    },
    { clock },
  )
  try {
    await use(store)
  } finally {
    await store.close()
  }
}
