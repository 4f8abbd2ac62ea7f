import { setImmediate } from 'node:timers/promises'
import {
  type Applied,
  type AuditContent,
  type AuditRecord,
  type Change,
  type Clock,
  type CommitOptions,
  type Condition,
  recordDigest,
  type DriverChange,
  type OwnedStore,
  type ReadRequest,
  type ReadResult,
  type Refused,
  type StoreDriver,
  type StoreErrorCode,
  type WriteOptions,
  type WriteOutcome,
  type WriteUnit,
} from '@shepherd-store/core'
import type { Sabotage } from '@shepherd-store/core/conformance'

/** A store with one planted defect, which the suite must catch. */
export interface Saboteur {
  readonly name: string
  /** What the store does wrong, in a sentence. */
  readonly plants: string
  /** The id of the case that is there to catch it. */
  readonly caughtBy: string
  /** The error that fails that case, where the defect shows as a throw. Otherwise an assertion of the case fails. */
  readonly throws?: StoreErrorCode
  readonly sabotage: Sabotage
}

/** A driver that is sound but for the methods that `defect` gives. */
export function onDriver(defect: (sound: StoreDriver) => Partial<StoreDriver>): Sabotage {
  return { driver: (driver) => ({ ...driver, ...defect(driver) }) }
}

/** A store, and all its views, that is sound but for the methods that `defect` gives. */
export function onStore(defect: (sound: OwnedStore) => Partial<OwnedStore>): Sabotage {
  return { store: (store) => sabotaged(store, defect) }
}

function sabotaged(sound: OwnedStore, defect: (sound: OwnedStore) => Partial<OwnedStore>): OwnedStore {
  const view: OwnedStore['view'] = (as) => sabotaged(sound.view(as) as OwnedStore, defect)
  return withMethods(sound, { view, ...defect(sound) })
}

/** The store with other methods in place of some of its own. A view has no `close`, and gets none. */
export function withMethods(sound: OwnedStore, methods: Partial<OwnedStore>): OwnedStore {
  return new Proxy(sound, {
    get(target, key) {
      const value: unknown = Reflect.get(key in target && key in methods ? methods : target, key)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
}

/**
 * Every page of the log is changed before it is returned. Only those that are asked for one by one: a reader that goes
 * from page to page might never come to an end.
 */
export function onPages(defect: (page: Page, order: 'asc' | 'desc') => Page): Sabotage {
  return onStore((sound) => ({
    getRecentAudits: async (limit) => defect(await sound.getRecentAudits(limit), 'desc'),
    listAudits: async (query) => defect(await sound.listAudits(query), query?.order ?? 'asc'),
  }))
}
type Page = readonly AuditRecord[]

/** Every `commit` is another one. */
export function onCommit(defect: (commit: Commit, clock: Clock) => Commit): Sabotage {
  return onStore((sound) => ({
    commit: defect(
      (changes, options) => sound.commit(changes, options as CommitOptions),
      sound.clock,
    ) as OwnedStore['commit'],
  }))
}

/** `commit` without its overloads: whether it can refuse is not known. */
type Commit = (
  changes: readonly Change[],
  options?: WriteOptions & { readonly if?: readonly Condition[] | undefined },
) => Promise<Applied | Refused>

/** Every unit is changed before it is written. */
export function onUnits(defect: (unit: WriteUnit) => WriteUnit): Sabotage {
  return onDriver((sound) => ({ write: (units) => sound.write(units.map(defect)) }))
}

/** Every change is replaced before it is written: by another one, by several, by none. */
export function onChanges(defect: (change: DriverChange) => DriverChange | readonly DriverChange[]): Sabotage {
  return onUnits((unit) => ({ ...unit, changes: unit.changes.flatMap(defect) }))
}

/** The content of every record is changed before it is written, as if it had been given so. */
export function onContents(defect: (content: AuditContent) => AuditContent): Sabotage {
  return onChanges((change) => {
    if (change.table !== 'audit') return change
    const content = defect(change.content)
    return { ...change, content: { ...content, digest: recordDigest(content) } }
  })
}

/** Every outcome is changed before it is reported. */
export function onOutcomes(defect: (outcome: WriteOutcome, unit: WriteUnit) => WriteOutcome): Sabotage {
  return onDriver((sound) => ({
    async write(units) {
      const outcomes = await sound.write(units)
      return units.map((unit, index) => defect(at(outcomes, index), unit))
    },
  }))
}

/** Every request is changed before it is read. */
export function onRequests(defect: (request: ReadRequest) => ReadRequest): Sabotage {
  return onDriver((sound) => ({ read: (request) => sound.read(defect(request)) }))
}

/** Everything that was read is changed before it is handed over. */
export function onResults(defect: (result: ReadResult, request: ReadRequest) => ReadResult): Sabotage {
  return onDriver((sound) => ({ read: async (request) => defect(await sound.read(request), request) }))
}

/** One defect that shows in two places of the driver. */
export function bothOf(first: Sabotage, second: Sabotage): Sabotage {
  const same = (driver: StoreDriver): StoreDriver => driver
  return { driver: (sound) => (second.driver ?? same)((first.driver ?? same)(sound)) }
}

/** Units that `concerns` names are written alone, by `write`. A group without any is written as it is. */
export function onEachUnit(
  concerns: (unit: WriteUnit) => boolean,
  write: (sound: StoreDriver, unit: WriteUnit) => Promise<WriteOutcome>,
): Sabotage {
  return onDriver((sound) => ({
    async write(units) {
      if (!units.some(concerns)) return sound.write(units)
      const outcomes: WriteOutcome[] = []
      for (const unit of units) outcomes.push(await (concerns(unit) ? write : writeOne)(sound, unit))
      return outcomes
    },
  }))
}

/** Whether a unit depends on its conditions alone: an operation that is known is repeated whatever they say. */
export function isConditional({ operation, conditions }: WriteUnit): boolean {
  return operation === undefined && conditions.length > 0
}

/** The one outcome of one unit. */
export async function writeOne(driver: StoreDriver, unit: WriteUnit): Promise<WriteOutcome> {
  return at(await driver.write([unit]), 0)
}

export function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new Error(`there is no item ${index}`)
  return item
}

/** As long as a round trip takes: others get their turn. */
export async function roundTrip(): Promise<void> {
  await setImmediate()
}
