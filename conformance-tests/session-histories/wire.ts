import { isStoreError, type StoreDriver, StoreError, type WriteUnit } from '@shepherd-store/core'

/** What becomes of a write on its way to the database. */
export type Fate = 'arrives' | 'is lost' | 'arrives, its reply does not' | 'comes late' | 'arrives, and once more'

/** The way from a machine to the database. What is late waits until it is let through, in any order. */
export class Wire {
  readonly driver: StoreDriver
  readonly #sound: StoreDriver
  readonly #late: (readonly WriteUnit[])[] = []
  #fate: Fate = 'arrives'

  constructor(sound: StoreDriver) {
    this.#sound = sound
    this.driver = { ...sound, write: (units) => this.#write(units) }
  }

  get lateWrites(): number {
    return this.#late.length
  }

  /** Makes the call, whose write, if it makes one, meets its fate. Returns nothing when no reply came. */
  async during<T>(fate: Fate, call: () => Promise<T>): Promise<T | undefined> {
    this.#fate = fate
    try {
      return await call()
    } catch (error) {
      if (isStoreError(error, 'UNAVAILABLE')) return undefined
      throw error
    } finally {
      this.#fate = 'arrives'
    }
  }

  /** Lets one of the late writes through. Whoever made it waits for it no more. */
  async letThrough(nth: number): Promise<void> {
    const [units] = this.#late.splice(nth % Math.max(1, this.#late.length), 1)
    if (units !== undefined) await this.#sound.write(units)
  }

  /** None of the late writes ever comes. */
  forgetLate(): void {
    this.#late.length = 0
  }

  async #write(units: readonly WriteUnit[]) {
    const fate = this.#fate
    this.#fate = 'arrives'
    switch (fate) {
      case 'arrives':
        return this.#sound.write(units)
      case 'is lost':
        throw noReply()
      case 'arrives, its reply does not':
        await this.#sound.write(units)
        throw noReply()
      case 'comes late':
        this.#late.push(units)
        throw noReply()
      case 'arrives, and once more':
        this.#late.push(units)
        return this.#sound.write(units)
    }
  }
}

function noReply(): StoreError {
  return new StoreError('UNAVAILABLE', 'no reply came, on purpose', { outcome: 'unknown' })
}
