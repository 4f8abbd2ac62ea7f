import type { Harness } from '@shepherd-store/core/conformance'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase, type TestDatabase } from './postgres/database.ts'

/** Each is 60 relations, and the server becomes slower with their number. A database takes as long as a place does. */
const PLACES_PER_DATABASE = 50

/** For hundreds of places, one after the other, in databases that stay small. */
export function postgresSuiteHarness(adminUrl: string): { readonly harness: Harness; close(): Promise<void> } {
  let database: Promise<TestDatabase> | undefined
  let [made, used] = [0, 0]

  async function close(): Promise<void> {
    const last = database
    database = undefined
    await (await last)?.drop()
  }

  /** Places of one case share their database. */
  async function databaseForPlace(): Promise<TestDatabase> {
    if (made >= PLACES_PER_DATABASE && used === 0) {
      await close()
      made = 0
    }
    return (database ??= createDatabase(adminUrl))
  }

  async function createPlace() {
    const { url } = await databaseForPlace()
    const place = await postgresHarness(url).createPlace()
    made += 1
    used += 1
    return {
      ...place,
      async destroy() {
        used -= 1
        await place.destroy()
      },
    }
  }

  return { harness: { name: 'postgres', createPlace }, close }
}
