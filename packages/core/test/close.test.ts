import { expect, test, vi } from 'vitest'
import { createStore, LIMITS, type ReadResult, type StoreDriver } from '../src/index.ts'

const NEVER = new Promise<never>(() => {})
const NOTHING: ReadResult = {
  ...{ usage: [], grants: [], reserved: [], cooldowns: [] },
  ...{ sessions: [], nodes: [], snapshots: [], audits: [] },
}

function driverThat(hangs: Partial<StoreDriver>): StoreDriver {
  return {
    contract: 1,
    capabilities: { durability: 'none', sharing: 'process' },
    calendar: { timeZone: 'UTC', dayStart: '00:00' },
    write: async () => [],
    read: async () => NOTHING,
    probe: async () => ({ backend: 'test', version: '1', schemaVersion: 1 }),
    close: async () => undefined,
    ...hangs,
  }
}

function rejection(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => 'it resolved',
    (error: unknown) => error,
  )
}

test('close waits for work that does not end no longer than it says, and closes the driver all the same', async () => {
  vi.useFakeTimers()
  const close = vi.fn<StoreDriver['close']>(async () => undefined)
  const store = createStore(driverThat({ read: () => NEVER, close }), { callTimeoutMs: LIMITS.CALL_TIMEOUT_MS_MAX })
  store.getUsage('minecraft', '2026-11-23').catch(() => undefined)
  const closing = rejection(store.close())
  await vi.advanceTimersByTimeAsync(LIMITS.CLOSE_TIMEOUT_MS - 1)
  expect(close).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(await closing).toMatchObject({ code: 'TIMEOUT' })
  expect(close).toHaveBeenCalledOnce()
  vi.useRealTimers()
})

test('close gives up a driver that does not close', async () => {
  vi.useFakeTimers()
  const store = createStore(driverThat({ close: () => NEVER }))
  const closing = rejection(store.close())
  await vi.advanceTimersByTimeAsync(LIMITS.CLOSE_TIMEOUT_MS)
  expect(await closing).toMatchObject({ code: 'TIMEOUT' })
  vi.useRealTimers()
})
