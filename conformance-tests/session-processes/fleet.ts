import { createStore, manualClock, type OwnedStore } from '@shepherd-store/core'
import type { Harness, Place } from '@shepherd-store/core/conformance'
import { DAY, START_AT } from './endings.ts'
import { ENTRY, Machine, type MachineCounts, type MachineRules } from './machine.ts'
import { seeded } from './seeded.ts'
import { UTC } from './tasks.ts'

/** What everybody sees who looks, with what was really played. */
export interface FleetView {
  readonly usedMs: number
  readonly reservedMs: number
  readonly playedMs: number
}

/** Several times what the longest of these games takes. */
const ROUNDS_MAX = 5_000

/** Machines that share one child's quota, and somebody who looks on: each with a handle, or a pool, of its own. */
export class Fleet {
  readonly machines: readonly Machine[]
  readonly observer: OwnedStore
  readonly #stores: readonly OwnedStore[]
  readonly #place: Place

  private constructor(place: Place, observer: OwnedStore, parts: readonly (readonly [OwnedStore, Machine])[]) {
    this.#place = place
    this.observer = observer
    this.#stores = [observer, ...parts.map(([store]) => store)]
    this.machines = parts.map(([, machine]) => machine)
  }

  static async open(
    harness: Harness,
    { machines, rules, seed }: { readonly machines: number; readonly rules: MachineRules; readonly seed: number },
  ): Promise<Fleet> {
    const place = await harness.createPlace()
    const open = async (node: string) => {
      const clock = manualClock(START_AT)
      return { store: createStore(await place.openDriver({ calendar: UTC }), { node, clock }), clock }
    }
    const { store: observer } = await open('observer')
    const parts = await Promise.all(
      Array.from({ length: machines }, async (_, index) => {
        const { store, clock } = await open(`machine-${index}`)
        return [store, new Machine({ store, clock, rules, choices: seeded(seed + index) })] as const
      }),
    )
    return new Fleet(place, observer, parts)
  }

  /** One look of the observer's, at the store and at all machines. */
  async look(): Promise<FleetView> {
    const { usedMs, reservedMs } = (await this.observer.getDayState(DAY)).entry(ENTRY)
    return { usedMs, reservedMs, playedMs: this.counts().playedMs }
  }

  /**
   * Plays until nothing may be started any more, and the machines have started and reported `calls` times. In each round
   * each machine's child plays on, then all of them ask at the same time, while the observer looks. Returns the last look.
   */
  async playOut(calls: number, check: (view: FleetView) => void): Promise<FleetView> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const living = this.machines.filter(({ isDead }) => !isDead)
      const before = this.counts().refusals
      for (const machine of living) machine.play()
      const [view] = await Promise.all([this.look(), ...living.map((machine) => machine.ask())])
      check(view)
      const { starts, refusals, checkpoints } = this.counts()
      if (refusals - before === living.length && starts + checkpoints >= calls) return this.look()
    }
    throw new Error(`the quota was not used up in ${ROUNDS_MAX} rounds: ${JSON.stringify(this.counts())}`)
  }

  /** What all machines did. */
  counts(): MachineCounts {
    const sum = (of: keyof MachineCounts) => this.machines.reduce((total, { counts }) => total + counts[of], 0)
    return {
      starts: sum('starts'),
      refusals: sum('refusals'),
      checkpoints: sum('checkpoints'),
      ends: sum('ends'),
      playedMs: sum('playedMs'),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()))
    await this.#place.destroy()
  }
}
