import fc from 'fast-check'
import type { Harness, Sabotage } from './harness.ts'
import { commandSequences } from './random/commands.ts'
import type { Command } from './random/perform.ts'
import { describeSequence } from './random/report.ts'
import { playSequence } from './random/sequence.ts'
import { SEQUENCE_START } from './random/values.ts'
import { World } from './random/world.ts'

export interface RandomSequencesOptions {
  /** How many sequences. */
  readonly runs: number
  /** The same seed makes the same sequences. */
  readonly seed: number
  /** Where in the run of this seed to begin, as a failure names it: replays that failure alone. */
  readonly path?: string | undefined
  /** The length of the longest sequence. Default 30. */
  readonly maxCommands?: number | undefined
  /**
   * How many sequences share a place, each in scopes of its own, where making a place is slow. Default 1. While a
   * failure is shrunk, every attempt has a new place: one that needs the sequences before it is told as it was found.
   */
  readonly sequencesPerPlace?: number | undefined
  /** A defect to plant. Default none. */
  readonly sabotage?: Sabotage | undefined
}

/** How much was played, and answered as the model does. */
export interface RandomSequencesPlayed {
  readonly sequences: number
  /** Calls of the store whose answers were compared. */
  readonly calls: number
}

/**
 * Plays random sequences of commands on a store and on the model, and compares every answer, error codes included.
 * @throws Error that tells the shortest sequence found on which they differ, and how to replay it.
 */
export async function randomSequences(
  harness: Harness,
  options: RandomSequencesOptions,
): Promise<RandomSequencesPlayed> {
  const { runs, seed, path, maxCommands = 30 } = options
  const worlds = new Worlds(harness, options)
  try {
    const property = fc.asyncProperty(commandSequences(maxCommands), (commands) => worlds.play(commands))
    const { counterexample, counterexamplePath, errorInstance } = await fc.check(property, {
      numRuns: runs,
      seed,
      ...(path === undefined ? {} : { path }),
    })
    if (counterexample === null) return worlds.played
    const replay = `{ seed: ${seed}, path: '${counterexamplePath}' }`
    throw new Error(describeSequence(harness.name, counterexample[0], errorInstance, replay), { cause: errorInstance })
  } finally {
    await worlds.end()
  }
}

/** Gives every sequence a world that no failure has touched. */
class Worlds {
  readonly #harness: Harness
  readonly #sequencesPerPlace: number
  readonly #sabotage: Sabotage
  #world: World | undefined
  #failed = false
  #sequences = 0
  #calls = 0

  constructor(harness: Harness, { sequencesPerPlace = 1, sabotage = {} }: RandomSequencesOptions) {
    this.#harness = harness
    this.#sequencesPerPlace = sequencesPerPlace
    this.#sabotage = sabotage
  }

  get played(): RandomSequencesPlayed {
    return { sequences: this.#sequences, calls: this.#calls }
  }

  async play(commands: readonly Command[]): Promise<void> {
    this.#world ??= await World.create(this.#harness, SEQUENCE_START, this.#sabotage)
    const world = this.#world
    try {
      this.#calls += await playSequence(world, commands)
      this.#sequences += 1
    } catch (error) {
      this.#failed = true
      throw error
    } finally {
      if (this.#failed || world.sequences >= this.#sequencesPerPlace) await this.end()
    }
  }

  async end(): Promise<void> {
    await this.#world?.destroy()
    this.#world = undefined
  }
}
