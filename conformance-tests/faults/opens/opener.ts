import { type CalendarOptions, createStore, manualClock, type StoreDriver } from '@shepherd-store/core'
import type { PlaceAddress } from '@shepherd-store/core/conformance'
import { WORK_AT } from '../work.ts'
// What the places need, so that all of them are opened at one moment.
import '../../postgres-harness.ts'
import '../../sqlite-harness.ts'
import '../../sqlite-inline-harness.ts'

export interface OpenTask {
  readonly address: PlaceAddress
  readonly node: string
  /** What a new place is to keep. */
  readonly calendar: CalendarOptions
}

/** What one of those found who opened a place at the same moment. */
export interface Found {
  /** The calendar that the place keeps, in one text. */
  readonly calendar: string
  readonly auditId: number
}

/** Opens the place, appends a record, closes it, and says what it found. */
export async function perform({ address, node, calendar }: OpenTask, say: (line: string) => void): Promise<void> {
  const { openDriver } = (await import(address.module)) as {
    openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  }
  const driver = await openDriver(address.location, { calendar })
  const store = createStore(driver, { node, clock: manualClock(WORK_AT) })
  const { id } = await store.appendAudit({ type: 'service_started' })
  const { timeZone, dayStart } = store.calendar
  await store.close()
  say(JSON.stringify({ calendar: `${timeZone} ${dayStart}`, auditId: id } satisfies Found))
}
