import { type Harness, type Sabotage, storeCases } from '@shepherd-store/core/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mapHarness } from './map-harness.ts'
import { memoryHarness } from './memory-harness.ts'
import { noSabotage, saboteurs } from './saboteurs/index.ts'

/** Their places are in this process: a case takes milliseconds, and those that start processes have nothing to do. */
const harnesses: readonly Harness[] = [mapHarness, memoryHarness]

for (const harness of harnesses) {
  describe(`on ${harness.name}`, () => {
    /** A case that a sound store fails catches nobody. */
    const unsound: string[] = []
    const caughtBy = new Map<string, string>()

    beforeAll(async () => {
      for await (const id of failures(harness, noSabotage)) unsound.push(id)
    }, 120_000)

    test('a sound store passes every case', () => {
      expect(unsound).toEqual([])
    })

    for (const { name, plants, sabotage } of saboteurs) {
      test(`the suite catches ${name}, a store that ${plants}`, async () => {
        for await (const id of failures(harness, sabotage, unsound)) {
          caughtBy.set(name, id)
          break
        }
        expect(caughtBy.get(name), 'the case that catches it').toBeDefined()
      })
    }

    afterAll(() => {
      const lines = saboteurs.map(({ name }) => `  ${name}: ${caughtBy.get(name) ?? 'NOT CAUGHT'}`)
      console.log([`saboteurs on ${harness.name}: ${caughtBy.size}/${saboteurs.length} caught`, ...lines].join('\n'))
    })
  })
}

/** The ids of the cases that fail, as they fail: who stops after the first runs no more. */
async function* failures(harness: Harness, sabotage: Sabotage, except: readonly string[] = []): AsyncIterable<string> {
  for (const { id, run } of storeCases(harness, sabotage)) {
    if (except.includes(id)) continue
    try {
      await run()
    } catch {
      yield id
    }
  }
}
