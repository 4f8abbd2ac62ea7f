import assert from 'node:assert/strict'
import { isStoreError } from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { test } from 'vitest'

const DAY = '2026-11-23'

test('the test of a service meets the faults that a database has', async () => {
  const store = createMemoryStore()
  const add = () => store.addUsage('minecraft', DAY, 1, { operationId: 'op-1' })

  store.faults.failNext('write', 'DISK_FULL')
  await assert.rejects(add(), (error) => isStoreError(error, 'DISK_FULL') && error.outcome === 'not_applied')
  assert.equal(await store.getUsage('minecraft', DAY), 0)
  assert.equal(await store.isHealthy(), false)

  store.faults.failNext('write', 'UNAVAILABLE', { applied: true })
  await assert.rejects(add(), (error) => isStoreError(error, 'UNAVAILABLE') && error.outcome === 'unknown')
  await add()
  store.faults.failNext('read', 'BUSY')
  await assert.rejects(store.getUsage('minecraft', DAY), (error) => isStoreError(error, 'BUSY') && error.retryable)
  assert.equal(await store.getUsage('minecraft', DAY), 1)

  const { met, letGo } = store.faults.holdNext('write')
  const writing = store.addUsage('minecraft', DAY, 20)
  await met
  assert.equal(await store.getUsage('minecraft', DAY), 1)
  letGo()
  await writing
  assert.equal(await store.getUsage('minecraft', DAY), 21)
  await store.close()
})
