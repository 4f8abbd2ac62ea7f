import type { CalendarOptions } from '../calendar.ts'
import { manualClock, type ManualClock } from '../clock.ts'
import { adoptDriver } from '../create-store.ts'
import type { Day } from '../day.ts'
import type { StoreDriver } from '../driver.ts'
import { type Faults, withFaults } from '../faults.ts'
import type { OwnedStore, StoreOptions } from '../store.ts'

/** What a backend gives the suite: places to keep data in. */
export interface Harness {
  readonly name: string
  /** A new, empty place that no other case uses. */
  createPlace(): Promise<Place>
}

/** One store's data, which can be opened more than once: by a second handle, after a crash, by another process. */
export interface Place {
  /** Opens the data, and makes it when it is opened first, with this calendar (the suite's default is UTC, 00:00). */
  openDriver(options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  /** How another process opens the place. Exactly when `capabilities.sharing` is not `process`. */
  readonly address?: PlaceAddress
  /** A look at the rows from outside, and a way to spoil them. The store is not its own witness. */
  readonly raw: RawAccess
  /** Removes the place. Whatever the suite opened is closed by then. */
  destroy(): Promise<void>
}

/** `module` is the URL of a module that exports `openDriver(location, { calendar }): Promise<StoreDriver>`. */
export interface PlaceAddress {
  readonly module: string
  readonly location: string
}

export interface RawAccess {
  /** In the order of their ids. */
  audits(): Promise<readonly RawAudit[]>
  /** In any order. */
  usage(): Promise<readonly RawUsage[]>
  /** In any order. */
  sessions(): Promise<readonly RawSession[]>
  /** Spoils what is stored, round every guard, so that it cannot be read as what it should be. */
  spoil(row: SpoiledRow): Promise<void>
}

export interface RawAudit {
  readonly id: number
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string
  readonly scope: string
  readonly node: string
  readonly type: string
  /** The event's JSON text, byte for byte. */
  readonly text: string
  readonly salt: string | null
  readonly digest: string
  readonly hash: string
}

export interface RawUsage {
  readonly scope: string
  readonly day: string
  readonly entryId: string
  readonly node: string
  readonly durationMs: number
}

export interface RawSession {
  readonly scope: string
  readonly sessionId: string
  readonly node: string
  readonly entryId: string
  /** ISO 8601, UTC, milliseconds; null while it is open. */
  readonly endedAt: string | null
  readonly durationMs: number
}

export type SpoiledRow =
  /** Its duration becomes negative. The row exists. */
  | {
      readonly table: 'usage'
      readonly scope: string
      readonly day: Day
      readonly entryId: string
      readonly node: string
    }
  /** Its end becomes something that is no instant from 1970 to 9999. The row exists. */
  | { readonly table: 'cooldown'; readonly scope: string; readonly entryId: string }
  /** Its last report becomes something that is no instant, its detail `{"label":7}`. The row exists. */
  | { readonly table: 'session'; readonly scope: string; readonly sessionId: string }
  /** Its extra time becomes negative. The row exists. */
  | { readonly table: 'grant'; readonly scope: string; readonly day: Day; readonly entryId: string }
  /** Its text becomes `{"timestamp":7}`. The row exists. */
  | { readonly table: 'snapshot'; readonly scope: string; readonly node: string }
  /** Its text becomes `{"type":"session_ended"}`, without the fields; digest and hash stay. The record exists. */
  | { readonly table: 'audit'; readonly id: number }

/** One claim about every store. `id` is stable: waivers and reports name it. */
export interface StoreCase {
  readonly id: string
  /** What would go wrong in production if a store failed this. */
  readonly prevents: string
  run(): Promise<void>
}

/** A case as it is written: what it needs, it asks of `t`. */
export interface CaseDefinition {
  readonly id: string
  readonly prevents: string
  run(t: CaseContext): Promise<void>
}

export interface CaseContext {
  readonly place: Place
  /** The clock of every store that the case opens, unless it gives another. 2026-11-23T10:00:00.000Z at first. */
  readonly clock: ManualClock
  /** Opens the place; closed after the case. */
  open(options?: StoreOptions): Promise<OwnedStore>
  /** Opens the place with faults at the driver's seam. */
  openWithFaults(options?: StoreOptions): Promise<{ readonly store: OwnedStore; readonly faults: Faults }>
  /** Opens another place, which is empty, and goes with the case. */
  openElsewhere(options?: StoreOptions): Promise<OwnedStore>
}

export const SUITE_CALENDAR = { timeZone: 'UTC', dayStart: '00:00' }
/** Long enough for a loaded machine; a case that waits for it has failed. */
const CASE_CALL_TIMEOUT_MS = 20_000

/** What saboteurs put between the suite and a sound store. */
export interface Sabotage {
  readonly driver?: (driver: StoreDriver) => StoreDriver
  readonly store?: (store: OwnedStore) => OwnedStore
}

/** The case, bound to a backend: it makes its own place, and leaves nothing behind. */
export function bindCase(definition: CaseDefinition, harness: Harness, sabotage: Sabotage = {}): StoreCase {
  const { id, prevents } = definition
  return {
    id,
    prevents,
    async run() {
      const place = await harness.createPlace()
      const places = [place]
      const opened: OwnedStore[] = []
      const clock = manualClock('2026-11-23T10:00:00.000Z')
      const openPlace = async (where: Place, options: StoreOptions = {}) => {
        const calendar = { ...SUITE_CALENDAR, ...options.calendar }
        const { driver, faults } = withFaults(await where.openDriver({ calendar }))
        const sabotaged = sabotage.driver?.(driver) ?? driver
        const store = await adoptDriver(sabotaged, { clock, callTimeoutMs: CASE_CALL_TIMEOUT_MS, ...options })
        opened.push(store)
        return { store: sabotage.store?.(store) ?? store, faults }
      }
      try {
        await definition.run({
          place,
          clock,
          openWithFaults: (options) => openPlace(place, options),
          open: async (options) => (await openPlace(place, options)).store,
          async openElsewhere(options) {
            const other = await harness.createPlace()
            places.push(other)
            return (await openPlace(other, options)).store
          },
        })
      } finally {
        await Promise.allSettled(opened.map((store) => store.close()))
        await Promise.all(places.map((each) => each.destroy()))
      }
    },
  }
}
