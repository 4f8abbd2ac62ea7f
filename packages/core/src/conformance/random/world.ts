import { manualClock, type ManualClock } from '../../clock.ts'
import { createStore } from '../../create-store.ts'
import type { OwnedStore } from '../../store.ts'
import { type Harness, type Place, type Sabotage, SUITE_CALENDAR } from '../harness.ts'
import { Model } from '../model.ts'
import { HashLedger } from './answers.ts'

/** A place, two handles on it, and the model that knows all that was ever written there. */
export class World {
  readonly clock: ManualClock
  readonly model: Model
  readonly hashes = new HashLedger()
  /** How many sequences have been run here. */
  sequences = 0
  readonly #place: Place
  readonly #sabotage: Sabotage
  readonly #handles: OwnedStore[] = []

  static async create(harness: Harness, start: string, sabotage: Sabotage): Promise<World> {
    const world = new World(await harness.createPlace(), manualClock(start), sabotage)
    await world.reopen(0)
    await world.reopen(1)
    return world
  }

  private constructor(place: Place, clock: ManualClock, sabotage: Sabotage) {
    this.#place = place
    this.#sabotage = sabotage
    this.clock = clock
    this.model = new Model(clock)
  }

  handle(index: 0 | 1): OwnedStore {
    const handle = this.#handles[index]
    if (handle !== undefined) return handle
    throw new Error(`handle ${index} is not open`)
  }

  async reopen(index: 0 | 1): Promise<void> {
    await this.#handles[index]?.close()
    const driver = await this.#place.openDriver({ calendar: SUITE_CALENDAR })
    const store = createStore(this.#sabotage.driver?.(driver) ?? driver, { clock: this.clock, node: 'lab-1' })
    this.#handles[index] = this.#sabotage.store?.(store) ?? store
  }

  async destroy(): Promise<void> {
    await Promise.allSettled(this.#handles.map((handle) => handle.close()))
    await this.#place.destroy()
  }
}
