import type { Verdict } from './judge.ts'

/** What a fault test did, and what came of it: one line, which tells a reader how much the claim rests on. */
export class Tally {
  /** How often the whole was tried: an image, a process, a run. */
  tries = 0
  /** How many faults were really met. */
  faults = 0
  acknowledged = 0
  inDoubt = 0
  /** What was acknowledged and is not there; what is there and counted for less than it is. */
  lost = 0
  /** What is there twice; what counts for more than it is. */
  doubled = 0
  /** What is there although an error said that it was not applied, or although nobody asked for it. */
  untrue = 0
  readonly #problems: string[] = []

  /** Once more. A long run says now and then how far it is. */
  tried(): void {
    this.tries += 1
    if (this.tries % TRIES_PER_LINE === 0) console.log(`so far ${this.toString()}`)
  }

  /** A try whose outcome is asserted beside it. */
  met({ faults, acknowledged = 0, inDoubt = 0 }: Met): void {
    this.tried()
    this.faults += faults
    this.acknowledged += acknowledged
    this.inDoubt += inDoubt
  }

  add({ acknowledged, inDoubt, lost, doubled, untrue }: Verdict, where: string): void {
    this.acknowledged += acknowledged
    this.inDoubt += inDoubt
    this.lost += lost.length
    this.doubled += doubled.length
    this.untrue += untrue.length
    const room = PROBLEMS_MAX - this.#problems.length
    if (room > 0)
      this.#problems.push(...[...lost, ...doubled, ...untrue].slice(0, room).map((text) => `${where}: ${text}`))
  }

  /** The first of what was lost, doubled or untrue, and where. */
  get problems(): readonly string[] {
    return this.#problems
  }

  toString(): string {
    const { tries, faults, acknowledged, inDoubt, lost, doubled, untrue } = this
    const counts = { tries, faults, acknowledged, 'in doubt': inDoubt, lost, doubled, untrue }
    return Object.entries(counts)
      .map(([what, count]) => `${count.toLocaleString('en')} ${what}`)
      .join(', ')
  }

  /** For whoever reads the run's output. */
  print(what: string): void {
    console.log(`${what}: ${this.toString()}`)
  }
}

export interface Met {
  readonly faults: number
  readonly acknowledged?: number
  readonly inDoubt?: number
}

/** How often a long run tells how far it is. */
const TRIES_PER_LINE = 1_000
/** Problems that are told. */
const PROBLEMS_MAX = 20
