import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Change, LIMITS, type ManualClock, manualClock, type OwnedStore } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, describe, inject, onTestFinished, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'

const { fresh } = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

/** Two spans are full, of 1,024 records each; the first has records of two days. Behind them the clock is set back. */
const RECORDS = 2_100
const PARTS = [
  [500, '2026-11-23T10:00:00.000Z'],
  [2_048, '2026-11-24T10:00:00.000Z'],
  [RECORDS, '2026-11-23T11:00:00.000Z'],
] as const

/** A store whose table of times can be changed with SQL. */
interface Place {
  readonly store: OwnedStore
  readonly clock: ManualClock
  exec(sql: string): Promise<void>
  /** How many rows the table has. */
  count(): Promise<number>
}

const PLACES: readonly { readonly name: string; createPlace(): Promise<Place> }[] = [
  {
    name: 'memory',
    async createPlace() {
      const data = createMemoryData()
      const clock = manualClock(PARTS[0][1])
      const store = createMemoryStore({ clock, data })
      onTestFinished(() => store.close())
      const database = databaseOf(data)
      return {
        store,
        clock,
        async exec(sql) {
          database.exec(sql)
        },
        count: async () => database.prepare('select * from audit_spans').all().length,
      }
    },
  },
  {
    name: 'postgres',
    async createPlace() {
      const clock = manualClock(PARTS[0][1])
      const schema = `spans_${(schemas += 1)}`
      const store = await openPostgresStore(url, { node: 'hub', schema, clock })
      const admin = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` })
      await admin.connect()
      onTestFinished(async () => {
        await admin.end()
        await store.close()
      })
      return {
        store,
        clock,
        async exec(sql) {
          await admin.query(sql)
        },
        count: async () => (await admin.query('select from audit_spans')).rowCount ?? 0,
      }
    },
  },
]
let schemas = 0

async function append(store: OwnedStore, count: number): Promise<void> {
  const change: Change = { type: 'append_audit', event: { type: 'service_started' } }
  for (let left = count; left > 0; left -= LIMITS.CHANGES_MAX) {
    await store.commit(Array.from({ length: Math.min(left, LIMITS.CHANGES_MAX) }, () => change))
  }
}

async function fill({ store, clock, exec }: Place): Promise<void> {
  let count = 0
  for (const [end, time] of PARTS) {
    clock.set(time)
    await append(store, end - count)
    count = end
  }
  await exec('create temp table kept as select * from audit_spans')
}

/** What guards the table is taken away. */
const UNGUARD: Readonly<Record<string, string>> = {
  memory: ['update', 'delete', 'insert'].map((what) => `drop trigger audit_spans_no_${what}`).join('; '),
  postgres: 'alter table audit_spans disable trigger all',
}

describe.each(PLACES)('what is told of the times of records, on $name', ({ name, createPlace }) => {
  const unguard = UNGUARD[name] ?? ''

  test('is proven with the log', async () => {
    const place = await createPlace()
    const { store, exec } = place
    await fill(place)
    await exec(unguard)
    const changes = [
      ['a row that is removed', `delete from audit_spans where last_id = 1024 and day = '2026-11-23'`, 1],
      ['a later day that is removed', `delete from audit_spans where last_id = 1024 and day = '2026-11-24'`, 501],
      ['another day', `update audit_spans set day = '2026-11-22' where last_id = 2048`, 1_025],
      ['another span', `update audit_spans set last_id = 4096 where last_id = 2048`, 1_025],
      ['an earlier end', `update audit_spans set last_at = '2026-11-23T09:00:00.000Z' where last_id = 2048`, 1_025],
      ['a later beginning', `update audit_spans set first_at = '2026-11-25T00:00:00.000Z' where last_id = 2048`, 1_025],
      ['no rows at all', 'delete from audit_spans', 1],
    ] as const
    for (const [what, sql, id] of changes) {
      await exec(sql)
      const { intact, firstBreak, head } = await store.verifyAudits()
      assert.deepEqual([intact, firstBreak?.problem, firstBreak?.id, head?.id], [false, 'time_untold', id, id], what)
      assert.match(firstBreak?.message ?? '', /questions about 2026-11-2.* pass over it/)
      await exec('delete from audit_spans; insert into audit_spans select * from kept')
      const whole = await store.verifyAudits()
      assert.deepEqual([whole.intact, whole.checked], [true, RECORDS], what)
    }
  })

  test('does not make a record leave the log that is not old', async () => {
    const place = await createPlace()
    const { store, clock, exec } = place
    await fill(place)
    await exec(`${unguard}; delete from audit_spans where day = '2026-11-24'`)
    clock.set('2026-12-24T12:00:00.000Z')
    const archiveTo = fresh()
    await assert.rejects(store.applyRetention({ keepDays: 30, archiveTo }), /record 501 is not old/)
    assert.deepEqual(readdirSync(archiveTo), [])
    assert.equal((await store.listAudits({ limit: 1 }))[0]?.id, 1)
  })

  test('makes no record come twice, and keeps none out, when rows are forged', async () => {
    const place = await createPlace()
    const { store, clock, exec } = place
    await fill(place)
    await exec(unguard)
    const [from, limit] = [new Date('2026-11-24T00:00:00.000Z'), 1_000]
    const ids = async (order: 'asc' | 'desc') => {
      const records: number[] = []
      for await (const { id } of store.readAudits({ from, limit, order })) records.push(id)
      return records
    }
    const due = [await ids('asc'), await ids('desc')]
    for (const lastId of [1, 1_500, 2_049, 3_072, 4_096]) {
      await exec(`insert into audit_spans select day, ${lastId}, first_at, last_at from kept where last_id = 2048`)
    }
    assert.deepEqual([await ids('asc'), await ids('desc')], due)
    clock.set('2026-11-24T10:00:00.000Z')
    await append(store, 1_000)
    assert.equal((await ids('asc')).length, (due[0]?.length ?? 0) + 1_000)
  })

  test('goes with the records that are removed', async () => {
    const place = await createPlace()
    const { store, clock, count } = place
    await fill(place)
    assert.equal(await count(), 3)
    clock.set('2027-01-24T12:00:00.000Z')
    await store.applyRetention({ keepDays: 30, archiveTo: join(fresh(), 'archive') })
    assert.equal(await count(), 0)
    assert.equal((await store.verifyAudits()).intact, true)
  })
})
