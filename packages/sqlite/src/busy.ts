import { setTimeout as wait } from 'node:timers/promises'
import { StoreError, systemClock } from '@shepherd-store/core'
import { toStoreError } from './errors.ts'

/** The longest pause between two tries for the lock, in milliseconds. */
const RETRY_PAUSE_MS_MAX = 16

/** Calls `attempt` until it finds the lock free, with pauses of random length, so that no process starves another. */
export async function retryWhileBusy<T>(busyTimeoutMs: number, attempt: () => T | Promise<T>): Promise<T> {
  const startedMs = systemClock.monotonicMs()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const failure = toStoreError(error)
      if (failure.code !== 'BUSY') throw failure
      if (systemClock.monotonicMs() - startedMs >= busyTimeoutMs) {
        throw new StoreError('BUSY', `${failure.message} (waited ${busyTimeoutMs} ms)`, { cause: error })
      }
      await wait(1 + Math.random() * (RETRY_PAUSE_MS_MAX - 1))
    }
  }
}
