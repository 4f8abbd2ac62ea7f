import assert from 'node:assert/strict'
import { isStoreError } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, forkMemoryData } from '@shepherd-store/memory'
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
