import type { OwnedStore } from '@shepherd-store/core'
import fc from 'fast-check'

export interface FollowerOptions {
  open(): Promise<OwnedStore>
  /** Ends the follower's connections from outside. */
  readonly cutOff?: () => Promise<void>
  readonly seed: number
}

/** A reader that follows the log, and is stopped, taken up again, opened anew and cut off at random. */
export class Follower {
  readonly #options: FollowerOptions
  readonly #ids: number[] = []
  readonly #turns: Iterator<Turn>
  #store: OwnedStore | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#turns = fc.sample(turn, { seed: options.seed, numRuns: TURNS }).values()
  }

  /** The ids that it saw until the service stopped, in the order in which it saw them. */
  async untilTheEnd(): Promise<readonly number[]> {
    for (;;) {
      const next = this.#turns.next().value as Turn | undefined
      const isOver = await this.#follow(next ?? LAST_TURN)
      if (isOver || next?.ending === 'open anew') await this.#close()
      if (isOver) return this.#ids
    }
  }

  async #follow({ records, limit, ending }: Turn): Promise<boolean> {
    this.#store ??= await this.#options.open()
    const stop = new AbortController()
    let left = records
    for await (const { id, event } of this.#store.readAudits({
      ...{ follow: true, after: this.#ids.at(-1) ?? 0, scope: 'all' },
      ...{ limit, signal: stop.signal },
    })) {
      this.#ids.push(id)
      if (event.type === 'service_stopped') return true
      left -= 1
      if (left !== 0) continue
      // It goes on by itself.
      if (ending === 'be cut off') await this.#options.cutOff?.()
      else if (ending === 'leave the loop') return false
      else stop.abort()
    }
    return false
  }

  async #close(): Promise<void> {
    await this.#store?.close()
    this.#store = undefined
  }
}

interface Turn {
  /** After how many records something happens. */
  readonly records: number
  /** The size of its pages. */
  readonly limit: number
  readonly ending: 'leave the loop' | 'stop' | 'open anew' | 'be cut off'
}

const TURNS = 60
const LAST_TURN: Turn = { records: Number.POSITIVE_INFINITY, limit: 1_000, ending: 'stop' }

const turn: fc.Arbitrary<Turn> = fc.record({
  records: fc.integer({ min: 1, max: 250 }),
  limit: fc.constantFrom(1, 2, 7, 100, 1_000),
  ending: fc.constantFrom('leave the loop', 'stop', 'open anew', 'be cut off', 'be cut off'),
})
