import type { Harness } from '@shepherd-store/core/conformance'
import { randomSequences } from '@shepherd-store/core/conformance/random'
import { afterAll, inject, test } from 'vitest'
import { mapHarness } from './map-harness.ts'
import { memoryHarness } from './memory-harness.ts'
import { postgresSuiteHarness } from './postgres-suite-harness.ts'
import { path, seed } from './seed.ts'
import { sqliteHarness } from './sqlite-harness.ts'

const runs = Number(process.env['SHEPHERD_TEST_RANDOM_SEQUENCES'] ?? 60)
/** A long run is made of rounds, each with a seed of its own: it tells how far it is, and goes on from there by that seed. */
const RUNS_PER_ROUND = 1_000

const postgres = postgresSuiteHarness(inject('postgresUrl'))
afterAll(postgres.close)

/** Sequences share a place where it takes longer to make one than to play there. */
const backends: readonly { readonly harness: Harness; readonly sequencesPerPlace: number }[] = [
  { harness: mapHarness, sequencesPerPlace: 1 },
  { harness: memoryHarness, sequencesPerPlace: 1 },
  { harness: sqliteHarness, sequencesPerPlace: 10 },
  { harness: postgres.harness, sequencesPerPlace: 25 },
]

for (const { harness, sequencesPerPlace } of backends) {
  test(
    `${harness.name} answers ${runs} random sequences as the model does`,
    { timeout: 60_000 + runs * 1_000 },
    async () => {
      let [sequences, calls] = [0, 0]
      for (let [left, roundSeed] = [runs, seed]; left > 0; left -= RUNS_PER_ROUND, roundSeed += 1) {
        const round = { runs: Math.min(left, RUNS_PER_ROUND), seed: roundSeed, path, sequencesPerPlace }
        const played = await randomSequences(harness, round)
        sequences += played.sequences
        calls += played.calls
        console.log(
          `random calls on ${harness.name}, seeds ${seed} to ${roundSeed}: ${sequences.toLocaleString('en')} sequences, ${calls.toLocaleString('en')} calls, 0 differences`,
        )
      }
    },
  )
}
