import type { ManualClock, Store } from '@shepherd-store/core'
import { within } from '../postgres/deadline.ts'
import { Journal } from './journal.ts'
import { work } from './work.ts'

/** How long nobody may be acknowledged: a restart and the pauses of those who try again, on a loaded machine. */
const STANDSTILL_MS_MAX = 40_000
/** Steps between two looks whether it is enough: one of them is a session. */
const STEPS_AT_ONCE = 5

export interface LoadOptions {
  /** What the writers' names begin with: another load on the same data needs another one. Default `writer`. */
  readonly name?: string
  readonly clock: ManualClock
  /** Writers that share each store, each as a node of its own. */
  readonly writersPerStore: number
  /** How often a step that fails is tried again, if it may be. */
  readonly retries: number
}

/** Writers at work in this process, until they are stopped, and what they heard. */
export class Load {
  readonly journal = new Journal()
  readonly #options: LoadOptions
  readonly #writers: readonly Promise<void>[]
  readonly #waiting = new Set<() => void>()
  #acknowledged = 0
  #stopped = false

  constructor(stores: readonly Store[], options: LoadOptions) {
    const { name = 'writer' } = options
    this.#options = options
    this.#writers = stores.flatMap((store, index) =>
      Array.from({ length: options.writersPerStore }, (_, place) => this.#write(store, `${name}-${index}-${place}`)),
    )
  }

  /** Resolves when so many more steps were acknowledged; rejects when a writer meets what it must not. */
  async progress(steps: number): Promise<void> {
    const due = this.#acknowledged + steps
    while (this.#acknowledged < due) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      this.#waiting.add(() => resolve(undefined))
      const next = Promise.race([promise, ...this.#writers])
      await within(next, STANDSTILL_MS_MAX, `nothing was acknowledged for ${STANDSTILL_MS_MAX} ms`)
    }
  }

  /** Resolves when every writer has finished what it was at. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#writers)
  }

  async #write(store: Store, writer: string): Promise<void> {
    const { clock, retries } = this.#options
    const view = store.view({ node: writer })
    for (let from = 0; !this.#stopped; from += STEPS_AT_ONCE) {
      await work(view, {
        ...{ writer, from, steps: STEPS_AT_ONCE, retries, clock },
        tell: (told, number) => {
          this.journal.note(writer, number, told)
          if (told !== 'acknowledged') return
          this.#acknowledged += 1
          for (const wake of this.#waiting) wake()
          this.#waiting.clear()
        },
      })
    }
  }
}
