import { type Change, createStore, type Store } from '@shepherd-store/core'
import { type Harness, type Place, type PlaceAddress, runWorkers } from '@shepherd-store/core/conformance'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase } from './postgres/database.ts'
import { sqliteHarness } from './sqlite-harness.ts'

/** The suite's process cases, at the size of a fleet. */
const PROCESSES = 8
const WORKERS_TIMEOUT_MS = 240_000
const TEST_TIMEOUT_MS = 300_000

const UTC = { timeZone: 'UTC', dayStart: '00:00' }
const DAY = '2026-11-23'
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 7 }
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

for (const harness of [sqliteHarness, postgresHarness(url)]) {
  describe(`${PROCESSES} processes on one ${harness.name} store`, { timeout: TEST_TIMEOUT_MS }, () => {
    test('add 1,000 times each, and the sum is exact', async () => {
      await usePlace(harness, async (place, address) => {
        const job = { changes: [ADD], times: 1_000, atOnce: 25 }
        await runWorkers(address, { processes: PROCESSES, job, timeoutMs: WORKERS_TIMEOUT_MS })
        const usedMs = await useStore(place, (store) => store.getUsage('minecraft', DAY))
        expect(usedMs).toBe(56_000)
      })
    })

    test('append 500 records each, which take every id once in an intact chain', async () => {
      await usePlace(harness, async (place, address) => {
        const job = { changes: [APPEND], times: 500, atOnce: 25 }
        const reports = await runWorkers(address, { processes: PROCESSES, job, timeoutMs: WORKERS_TIMEOUT_MS })
        const ids = reports.flatMap(({ auditIds }) => auditIds).toSorted((a, b) => a - b)
        expect(ids).toEqual(Array.from({ length: 4_000 }, (_, index) => index + 1))
        const verified = await useStore(place, (store) => store.verifyAudits())
        expect(verified).toMatchObject({ intact: true, checked: 4_000 })
      })
    })
  })
}

async function usePlace(harness: Harness, use: (place: Place, address: PlaceAddress) => Promise<void>): Promise<void> {
  const place = await harness.createPlace()
  try {
    if (place.address === undefined) throw new Error(`no other process can open a place of ${harness.name}`)
    await use(place, place.address)
  } finally {
    await place.destroy()
  }
}

async function useStore<T>(place: Place, use: (store: Store) => Promise<T>): Promise<T> {
  const store = createStore(await place.openDriver({ calendar: UTC }))
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
