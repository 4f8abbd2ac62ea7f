import assert from 'node:assert/strict'
import { isStoreError, type OwnedStore, type Store } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { afterAll, inject, onTestFinished, test } from 'vitest'
import { createAdministeredDatabase } from '../postgres/database.ts'
import { Tally } from './tally.ts'
import { amountMs, changesOf, cooldownOf, DAY, WORK_ENTRY } from './work.ts'

/** As many as the pool of a store holds; more than a call has tries. */
const CONNECTIONS = 10
const WRITER = 'writer'

const { url, admin, drop } = await createAdministeredDatabase(inject('postgresUrl'))
const tally = new Tally()
afterAll(() => {
  tally.print('changes of the schema under a store')
  return drop()
})

/** What somebody does to the schema `here` under a store at work, and how it is put right again. */
const DAMAGES: readonly (readonly [what: string, damage: string, repair: string])[] = [
  [
    'a table is gone',
    'alter table here.cooldowns rename to elsewhere',
    'alter table here.elsewhere rename to cooldowns',
  ],
  [
    'a column is gone',
    'alter table here.usage rename duration_ms to elsewhere',
    'alter table here.usage rename elsewhere to duration_ms',
  ],
  [
    'the index that finds its rows is gone',
    'alter table here.usage drop constraint usage_key',
    'alter table here.usage add constraint usage_key primary key (scope, day, entry_id, node)',
  ],
  ['the whole schema is gone', 'alter schema here rename to elsewhere', 'alter schema elsewhere rename to here'],
]

test.each(DAMAGES)(
  'does nothing by halves when %s, tells what it is, and works again afterwards',
  async (_, damage, repair) => {
    const store = await openAtWork()
    await admin.query(damage)
    const { healthy, problems } = await store.health()
    assert.deepEqual([healthy, problems.map(({ code }) => code)], [false, ['DATABASE']])
    assert.match(problems[0]?.message ?? '', /restore a backup/)
    await assert.rejects(
      doStep(store, 2),
      (error) => isStoreError(error, 'DATABASE') && error.outcome === 'not_applied',
    )
    await admin.query(repair)
    assert.deepEqual((await store.health()).problems, [])
    await isAfterStep(store, 1)
    assert.equal((await doStep(store, 2)).repeated, false)
    await isAfterStep(store, 2)
    tally.met({ faults: 1, acknowledged: 2 })
  },
)

test('goes on when a column gets another type, for which no connection has prepared its statements', async () => {
  const store = await openAtWork()
  for (const type of ['numeric', 'bigint']) {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => store.listSessions()))
    await admin.query(`alter table here.sessions alter duration_ms type ${type}`)
    assert.deepEqual(await store.listSessions(), [])
    assert.deepEqual((await store.health()).problems, [])
  }
  await doStep(store, 2)
  await isAfterStep(store, 2)
  tally.met({ faults: 2, acknowledged: 2 })
})

test('writes to its own tables whatever the search path names before them', async () => {
  await openAtWork()
  const { rows } = await admin.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'here'`,
  )
  await admin.query('drop schema if exists decoy cascade')
  await admin.query('create schema decoy')
  for (const { name } of rows) await admin.query(`create table decoy.${name} (like here.${name})`)
  const name = new URL(url).pathname.slice(1)
  await admin.query(`alter database ${name} set search_path = decoy, pg_temp`)
  try {
    await isAfterStep(await openAtWork(), 1)
  } finally {
    await admin.query(`alter database ${name} reset search_path`)
  }
  for (const { name: table } of rows) {
    const { rowCount } = await admin.query(`select from decoy.${table}`)
    assert.equal(rowCount, 0, `decoy.${table} was written to`)
  }
  tally.met({ faults: 1, acknowledged: 2 })
})

async function openAtWork(): Promise<OwnedStore> {
  await admin.query('drop schema if exists here cascade')
  const store = await openPostgresStore({ connectionString: url, max: CONNECTIONS }, { node: 'hub', schema: 'here' })
  onTestFinished(() => store.close())
  await doStep(store, 1)
  // Every connection prepares what it reads with.
  await Promise.all(Array.from({ length: CONNECTIONS }, () => store.getUsage(WORK_ENTRY, DAY)))
  return store
}

function doStep(store: Store, number: number) {
  return store.commit(changesOf(WRITER, number), { operationId: String(number) })
}

/** Each step up to `last` is there, once and whole, and nothing else. */
async function isAfterStep(store: Store, last: number): Promise<void> {
  const steps = Array.from({ length: last }, (_, index) => index + 1)
  assert.equal((await store.listAudits()).length, last)
  const usedMs = steps.reduce((sum, number) => sum + amountMs(number), 0)
  assert.equal(await store.getUsage(WORK_ENTRY, DAY), usedMs)
  assert.deepEqual(await store.getCooldownUntil(WRITER), cooldownOf(last))
  assert.equal((await store.verifyAudits()).intact, true)
}
