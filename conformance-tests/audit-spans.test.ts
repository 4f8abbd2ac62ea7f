import assert from 'node:assert/strict'
import { type Change, LIMITS, manualClock, type OwnedStore } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { createDatabase } from './postgres/database.ts'

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)
const admin = new pg.Client({ connectionString: url, options: '-c search_path=spans' })
await admin.connect()
afterAll(() => admin.end())

/** Two spans are full, of 1,024 records each, and the first has records of two days. */
const RECORDS = 2_100
const NEXT_DAY_FROM = 500

/** A store whose table of times can be changed with SQL. */
interface Place {
  readonly store: OwnedStore
  exec(sql: string): Promise<void>
}

const PLACES: readonly { readonly name: string; createPlace(): Promise<Place> }[] = [
  {
    name: 'memory',
    async createPlace() {
      const data = createMemoryData()
      const clock = manualClock('2026-11-23T10:00:00.000Z')
      const store = createMemoryStore({ clock, data })
      await fill(store, () => clock.set('2026-11-24T10:00:00.000Z'))
      const database = databaseOf(data)
      const triggers = database.prepare<[], string>(`select name from sqlite_schema where type = 'trigger'`).pluck()
      for (const name of triggers.all()) if (name.startsWith('audit_spans')) database.exec(`drop trigger ${name}`)
      return {
        store,
        async exec(sql) {
          database.exec(sql)
        },
      }
    },
  },
  {
    name: 'postgres',
    async createPlace() {
      const clock = manualClock('2026-11-23T10:00:00.000Z')
      const store = await openPostgresStore(url, { node: 'hub', schema: 'spans', clock })
      await fill(store, () => clock.set('2026-11-24T10:00:00.000Z'))
      await admin.query('alter table audit_spans disable trigger all')
      return {
        store,
        async exec(sql) {
          await admin.query(sql)
        },
      }
    },
  },
]

async function fill(store: OwnedStore, passDay: () => void): Promise<void> {
  const append: Change = { type: 'append_audit', event: { type: 'service_started' } }
  for (let count = 0; count < RECORDS;) {
    if (count === NEXT_DAY_FROM) passDay()
    const end = count < NEXT_DAY_FROM ? NEXT_DAY_FROM : RECORDS
    const changes = Array.from({ length: Math.min(LIMITS.CHANGES_MAX, end - count) }, () => append)
    await store.commit(changes)
    count += changes.length
  }
}

describe.each(PLACES)('what is told of the times of records, on $name', ({ createPlace }) => {
  let place: Place
  beforeAll(async () => {
    place = await createPlace()
    await place.exec('create temp table kept as select * from audit_spans')
  })
  afterAll(() => place.store.close())

  test.each([
    ['a row that is removed', `delete from audit_spans where last_id = 1024 and day = '2026-11-23'`, 1],
    ['a later day that is removed', `delete from audit_spans where last_id = 1024 and day = '2026-11-24'`, 501],
    ['another day', `update audit_spans set day = '2026-11-22' where last_id = 2048`, 1_025],
    ['another span', `update audit_spans set last_id = 4096 where last_id = 2048`, 1_025],
    ['an earlier end', `update audit_spans set last_at = '2026-11-23T09:00:00.000Z' where last_id = 2048`, 1_025],
    ['a later beginning', `update audit_spans set first_at = '2026-11-25T00:00:00.000Z' where last_id = 2048`, 1_025],
    ['no rows at all', 'delete from audit_spans', 1],
  ])('is proven with the log: %s', async (_, sql, id) => {
    const { store, exec } = place
    await exec(sql)
    const { intact, firstBreak, head } = await store.verifyAudits()
    assert.deepEqual([intact, firstBreak?.problem, firstBreak?.id, head?.id], [false, 'time_untold', id, id])
    assert.match(firstBreak?.message ?? '', /questions about 2026-11-2.* pass over it/)
    await exec('delete from audit_spans; insert into audit_spans select * from kept')
    const whole = await store.verifyAudits()
    assert.deepEqual([whole.intact, whole.checked], [true, RECORDS])
  })
})
