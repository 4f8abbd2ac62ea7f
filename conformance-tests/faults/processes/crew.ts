import { Resident } from './resident.ts'

/** How many processes load while others work. */
const AHEAD = 2

/** Processes for one module, of which each is given out once, loaded. */
export class Crew {
  readonly #module: URL
  readonly #waiting: Resident[] = []
  readonly #all: Resident[] = []
  #left: number

  /** @param count How many are going to be asked for. */
  constructor(module: URL, count: number) {
    this.#module = module
    this.#left = count
    for (let ahead = 0; ahead < AHEAD; ahead += 1) this.#prepare()
  }

  async next(): Promise<Resident> {
    const resident = this.#waiting.shift()
    if (resident === undefined) throw new Error('more processes are asked for than were ordered')
    this.#prepare()
    return resident.ready()
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((resident) => resident.kill()))
  }

  #prepare(): void {
    if (this.#left === 0) return
    this.#left -= 1
    const resident = new Resident(this.#module)
    this.#waiting.push(resident)
    this.#all.push(resident)
  }
}
