import { setTimeout as wait } from 'node:timers/promises'
import { type CheckPlace, type CheckStep, StoreError, type StoreDriver, withOutcome } from '@shepherd-store/core'
import type { MigrateOptions } from '@shepherd-store/core/sql'
import { retryWhileBusy } from './busy.ts'
import type { Handle } from './handle.ts'
import type { Place } from './place.ts'
import { receivedOutcomes, type ThreadCalls } from './thread-messages.ts'
import { Thread } from './thread.ts'

/** What goes through the thread. */
interface Writer extends Pick<StoreDriver, 'write' | 'probe' | 'close'> {
  compact(): Promise<void>
  /** Closes what is open, behind the calls that are under way. The next call opens it again. */
  leave(): Promise<void>
}

/** The connection of whoever has a thread write. It shares the index with the thread's: where that is another one, both are closed before one is opened again. */
type Reader = Pick<Handle, 'isReady' | 'open' | 'beside'>

/**
 * Writes to a database through a connection in a thread of its own, so that a slow disk holds up nobody but those who
 * wait for it. The thread is started, or taken from those that are free, when there is something to write.
 */
export function threadedWriter(place: Place, reader: () => Reader): Writer {
  /** The thread that has the database open. */
  let current: Thread | undefined
  let opening: Promise<void> | undefined
  let closed = false
  const calls = new Set<Promise<unknown>>()
  const isRead = () => reader().isReady({ toWrite: false })

  async function open(): Promise<void> {
    const thread = Thread.take()
    try {
      await thread.call('open', { ...place, index: reader().beside?.index }, { migrate: 'never' })
      current = thread
    } catch (error) {
      thread.release()
      throw error
    }
  }

  /** Opens the database, for whoever reads first: what that gave up is not open here either. */
  async function prepare(): Promise<void> {
    if (closed) throw new StoreError('CLOSED', 'the store was closed; open it again')
    if (!isRead()) return retryWhileBusy(place.busyTimeoutMs, () => reader().open({ toWrite: false }))
    opening ??= open().finally(() => (opening = undefined))
    await opening
  }

  async function call<N extends 'write' | 'probe' | 'compact'>(
    name: N,
    ...given: Parameters<ThreadCalls[N]>
  ): Promise<Awaited<ReturnType<ThreadCalls[N]>>> {
    while (current === undefined || current.ended || !isRead()) {
      await prepare().catch((error: unknown) => {
        // Nothing was asked of it yet.
        throw withOutcome(error, 'not_applied')
      })
    }
    const answer = current.call(name, ...given)
    calls.add(answer)
    try {
      return await answer
    } finally {
      calls.delete(answer)
    }
  }

  /** @throws StoreError what closing it throws */
  async function closeCurrent(afterCalls: boolean): Promise<void> {
    await opening?.catch(() => {})
    const thread = current
    current = undefined
    if (thread === undefined) return
    if (afterCalls) await Promise.allSettled(calls)
    try {
      await thread.call('close')
    } catch (error) {
      // What a thread has open ends with it.
      if (!thread.ended) throw error
    } finally {
      thread.release()
    }
  }

  return {
    write: async (units) => receivedOutcomes(units, await call('write', units)),
    probe: () => call('probe'),
    compact: () => call('compact'),
    leave: () => closeCurrent(true),
    async close() {
      closed = true
      await closeCurrent(false)
    },
  }
}

/**
 * A step of a check in a thread of its own, which the file is opened in for that: neither the event loop nor those who
 * write wait for it. @throws StoreError
 */
export async function checkInThread(place: Place, step: CheckPlace | undefined): Promise<CheckStep> {
  const thread = Thread.take()
  try {
    return await thread.call('check', place, step)
  } catch (error) {
    // It only reads.
    throw withOutcome(error, 'not_applied')
  } finally {
    thread.release()
  }
}

/**
 * One file after the other is made, or brought up to date: that is short, and as many threads would take more memory than
 * a small board has.
 */
let lastMade: Promise<unknown> = Promise.resolve()

/** How long a file waits for the one before, in milliseconds: that may wait for another process, or its disk hang. */
const LAST_MADE_WAIT_MS = 5_000

/** Makes the tables, or brings them up to date, in a thread. @throws StoreError as `migrate`. */
export function bringUpToDate(place: Place, options: MigrateOptions): Promise<void> {
  const made = noLonger(lastMade).then(() => makeInThread(place, options))
  lastMade = made.catch(() => {})
  return made
}

async function noLonger(work: Promise<unknown>): Promise<void> {
  const ended = new AbortController()
  try {
    await Promise.race([work, wait(LAST_MADE_WAIT_MS, undefined, ended).catch(() => {})])
  } finally {
    ended.abort()
  }
}

async function makeInThread(place: Place, options: MigrateOptions): Promise<void> {
  const thread = Thread.take()
  try {
    await thread.call('open', place, options)
    await thread.call('close')
  } finally {
    thread.release()
  }
}
