import type { Harness } from '@shepherd-store/core/conformance'
import fc from 'fast-check'
import { afterAll, inject, test } from 'vitest'
import { mapHarness } from './map-harness.ts'
import { memoryHarness } from './memory-harness.ts'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase } from './postgres/database.ts'
import { path, seed } from './seed.ts'
import { histories } from './session-histories/history.ts'
import { Households } from './session-histories/household.ts'
import { sqliteHarness } from './sqlite-harness.ts'

/** `SHEPHERD_TEST_SESSION_HISTORIES`: how many histories each backend goes through. */
const runs = Number(process.env['SHEPHERD_TEST_SESSION_HISTORIES'] ?? 150)

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

/** Histories share a place where it takes longer to make one than to live there. */
const backends: readonly { readonly harness: Harness; readonly historiesPerPlace: number }[] = [
  { harness: mapHarness, historiesPerPlace: 1 },
  { harness: memoryHarness, historiesPerPlace: 20 },
  { harness: sqliteHarness, historiesPerPlace: 50 },
  { harness: postgresHarness(url), historiesPerPlace: 200 },
]

for (const { harness, historiesPerPlace } of backends) {
  const name = `on ${harness.name}, after each of ${runs} histories over midnight, what was played is booked, once, on its day`
  test(name, { timeout: 60_000 + runs * 1_000 }, async () => {
    const households = new Households(harness, historiesPerPlace)
    try {
      const property = fc.asyncProperty(histories, (history) => households.live(history))
      await fc.assert(property, { numRuns: runs, seed, ...(path === undefined ? {} : { path }) })
    } finally {
      await households.end()
    }
  })
}
