import assert from 'node:assert/strict'
import { isStoreError } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf, forkMemoryData } from '@shepherd-store/memory'
import { test } from 'vitest'

const DAY = '2026-11-23'

test('a fork has what its data had, and goes its own way', async () => {
  const data = createMemoryData({ calendar: { timeZone: 'Europe/Berlin', dayStart: '04:00' } })
  const store = createMemoryStore({ data })
  await store.appendAudit({ type: 'service_started' }, { operationId: 'start' })
  await store.addUsage('minecraft', DAY, 1_000)

  const fork = createMemoryStore({ data: forkMemoryData(data) })
  assert.deepEqual(fork.calendar.timeZone, 'Europe/Berlin')
  assert.equal((await fork.appendAudit({ type: 'service_started' }, { operationId: 'start' })).id, 1)
  await fork.addUsage('minecraft', DAY, 500)
  await store.addUsage('minecraft', DAY, 20)
  await fork.appendAudit({ type: 'service_stopped' })

  assert.deepEqual([await store.getUsage('minecraft', DAY), await fork.getUsage('minecraft', DAY)], [1_020, 1_500])
  assert.deepEqual([(await store.auditHead())?.id, (await fork.auditHead())?.id], [1, 2])
  assert.equal((await fork.verifyAudits()).intact, true)
  await Promise.all([store.close(), fork.close()])
})

test('a fork of a fork is as good, also while a store writes', async () => {
  const data = createMemoryData()
  const store = createMemoryStore({ data })
  const writing = store.addUsage('minecraft', DAY, 7)
  const early = forkMemoryData(data)
  await writing
  const late = forkMemoryData(forkMemoryData(data))
  const usage = [early, late].map((place) => createMemoryStore({ data: place }).getUsage('minecraft', DAY))
  assert.deepEqual(await Promise.all(usage), [0, 7])
})

// A copy that nothing has changed since is made once, and given to all.
test.each([
  ['a row', "update usage set duration_ms = 8 where entry_id = 'minecraft'"],
  [
    'a row of a table that has no rowid',
    "insert into cooldowns values ('default', 'chess', '2026-11-23T15:00:00.000Z')",
  ],
  ['rows that are all removed', 'delete from usage'],
  ['a definition', 'create table more (id integer) strict'],
  ['the version', 'pragma user_version = 99'],
  ['the kind of the file', 'pragma application_id = 7'],
])('a fork has %s that was changed since the last one', async (_, change) => {
  const data = createMemoryData()
  await createMemoryStore({ data }).addUsage('minecraft', DAY, 7)
  const before = databaseOf(forkMemoryData(data)).serialize()
  assert.deepEqual(databaseOf(forkMemoryData(data)).serialize(), before)
  databaseOf(data).exec(change)
  assert.deepEqual(databaseOf(forkMemoryData(data)).serialize(), databaseOf(data).serialize())
  assert.notDeepEqual(databaseOf(forkMemoryData(data)).serialize(), before)
})

test('a fork that is made within a transaction leaves nothing of it to the next one', async () => {
  const data = createMemoryData()
  const database = databaseOf(data)
  database.exec("begin; insert into nodes values ('gone', '2026-11-23T15:00:00.000Z', null)")
  forkMemoryData(data)
  database.exec('rollback')
  const fork = databaseOf(forkMemoryData(data))
  assert.equal(fork.prepare<[], number>('select count(*) from nodes').pluck().get(), 0)
})

test('a store that begins with a fork takes it along when it is closed, and leaves what it was made of', async () => {
  const data = createMemoryData()
  await createMemoryStore({ data }).addUsage('minecraft', DAY, 7)
  const store = createMemoryStore({ fork: data })
  await store.addUsage('minecraft', DAY, 7)
  assert.equal(await store.getUsage('minecraft', DAY), 14)
  await store.close()
  assert.equal(await createMemoryStore({ data }).getUsage('minecraft', DAY), 7)
  assert.throws(
    () => createMemoryStore({ data, fork: data }),
    (error) => isStoreError(error, 'INVALID_ARGUMENT'),
  )
})

test('forks nothing that is no data', () => {
  assert.throws(
    () => forkMemoryData({ calendar: { timeZone: 'UTC', dayStart: '00:00' } }),
    (error) => isStoreError(error, 'INVALID_ARGUMENT'),
  )
})
