import { AssertionError } from 'node:assert'
import { isStoreError } from '@shepherd-store/core'
import { type Harness, type Sabotage, type StoreCase, storeCases } from '@shepherd-store/core/conformance'
import { afterAll, describe, expect, test } from 'vitest'
import { mapHarness } from './map-harness.ts'
import { memoryHarness } from './memory-harness.ts'
import { noSabotage, type Saboteur, saboteurs } from './saboteurs/index.ts'

/** Their places are in this process: a case takes milliseconds. */
const harnesses: readonly Harness[] = [mapHarness, memoryHarness]

const catchers = new Set(saboteurs.map(({ caughtBy }) => caughtBy))
const ids = storeCases(mapHarness).map(({ id }) => id)

test('no two saboteurs have one name, and no two cases one id', () => {
  expect(repeatedOf(saboteurs.map(({ name }) => name))).toEqual([])
  expect(repeatedOf(ids)).toEqual([])
})

test('the case that is there to catch a saboteur exists', () => {
  expect([...catchers].filter((id) => !ids.includes(id))).toEqual([])
})

for (const harness of harnesses) {
  describe(`on ${harness.name}`, () => {
    const caught: string[] = []

    // A case that a sound store fails catches nobody.
    test.each([...catchers])('a sound store passes %s', async (id) => {
      await caseOf(harness, noSabotage, id).run()
    })

    for (const saboteur of saboteurs) {
      const { name, plants, caughtBy, sabotage } = saboteur
      test(`${caughtBy} catches ${name}, a store that ${plants}`, async () => {
        const error = await errorOf(caseOf(harness, sabotage, caughtBy))
        expect(error, 'what the case fails with').toSatisfy(isOf(saboteur))
        caught.push(name)
      })
    }

    afterAll(() => {
      console.log(`saboteurs on ${harness.name}: ${caught.length}/${saboteurs.length} caught`)
    })
  })
}

/** Whether a case failed of the defect: by an assertion, or with the error that the defect shows as. Not by accident. */
function isOf({ throws }: Saboteur): (error: unknown) => boolean {
  return (error) => (throws === undefined ? error instanceof AssertionError : isStoreError(error, throws))
}

function caseOf(harness: Harness, sabotage: Sabotage, id: string): StoreCase {
  const found = storeCases(harness, sabotage).find((each) => each.id === id)
  if (found === undefined) throw new Error(`the suite has no case ${id}`)
  return found
}

/** What the case fails with; nothing if it passes. */
async function errorOf({ run }: StoreCase): Promise<unknown> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error
  }
}

function repeatedOf(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) < index)
}
