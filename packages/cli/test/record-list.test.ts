import type { AuditRecord } from '@shepherd-store/core'
import { expect, test } from 'vitest'
import { recordsTogether } from '../src/record-list.ts'

function record(id: number): AuditRecord {
  const event = { type: 'service_started' } as const
  return { id, timestamp: new Date(0), node: 'local', scope: 'default', event, hash: '' }
}

async function partsOf(records: AsyncIterable<AuditRecord>, parts: number[][] = []): Promise<readonly number[][]> {
  for await (const part of recordsTogether(records)) parts.push(part.map(({ id }) => id))
  return parts
}

test('what is there already comes in parts, between which the process hears of other things', async () => {
  let heard = 0
  setImmediate(() => (heard += 1))
  async function* log(): AsyncGenerator<AuditRecord> {
    for (let id = 1; id <= 2_500 && heard === 0; id += 1) yield record(id)
  }
  const parts = await partsOf(log())
  expect(parts.map(({ length }) => length)).toEqual([1_000, 1])
  expect(parts.flat()).toEqual(Array.from({ length: 1_001 }, (_, index) => index + 1))
})

test('what comes later is not waited for', async () => {
  const parts: number[][] = []
  async function* log(): AsyncGenerator<AuditRecord> {
    yield record(1)
    yield record(2)
    while (parts.length === 0) await new Promise((resolve) => setImmediate(resolve))
    yield record(3)
  }
  expect(await partsOf(log(), parts)).toEqual([[1, 2], [3]])
})

test('a failure comes after the records before it', async () => {
  const parts: number[][] = []
  async function* log(): AsyncGenerator<AuditRecord> {
    yield record(1)
    yield record(2)
    throw new Error('gone')
  }
  await expect(partsOf(log(), parts)).rejects.toThrow('gone')
  expect(parts).toEqual([[1, 2]])
})

test('of no records there are no parts', async () => {
  async function* log(): AsyncGenerator<AuditRecord> {}
  expect(await partsOf(log())).toEqual([])
})
