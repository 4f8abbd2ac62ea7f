import { type CheckPlace, type CheckStep, StoreError, type StoreDriver, withOutcome } from '@shepherd-store/core'
import type { MigrateOptions } from '@shepherd-store/core/sql'
import type { Place } from './connection.ts'
import { receivedOutcomes } from './thread-messages.ts'
import { Thread } from './thread.ts'

/** What goes through the thread. */
export interface Writer extends Pick<StoreDriver, 'write' | 'probe' | 'close'> {
  compact(): Promise<void>
}

/**
 * Writes to a database through a connection in a thread of its own, so that a slow disk holds up nobody but those who
 * wait for it. The thread is started, or taken from those that are free, when there is something to write.
 */
export function threadedWriter(place: Place): Writer {
  let opening: Promise<Thread> | undefined
  let closed = false

  async function open(): Promise<Thread> {
    const thread = Thread.take()
    try {
      await thread.call('open', place, { migrate: 'never' })
      return thread
    } catch (error) {
      thread.release()
      // Nothing was asked of it yet.
      throw withOutcome(error, 'not_applied')
    }
  }

  /** The thread that has the database open; another one, if that has ended or could not open it. */
  async function ready(): Promise<Thread> {
    if (closed) throw new StoreError('CLOSED', 'the store was closed; open it again')
    const current = (opening ??= open())
    const thread = await current.catch((error: unknown) => {
      if (opening === current) opening = undefined
      throw error
    })
    if (!thread.ended) return thread
    if (opening === current) opening = undefined
    return ready()
  }

  return {
    write: async (units) => receivedOutcomes(units, await (await ready()).call('write', units)),
    probe: async () => (await ready()).call('probe'),
    compact: async () => (await ready()).call('compact'),
    async close() {
      closed = true
      const thread = await opening?.catch(() => undefined)
      if (thread === undefined) return
      try {
        await thread.call('close')
      } catch (error) {
        // What a thread has open ends with it.
        if (!thread.ended) throw error
      } finally {
        thread.release()
      }
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

/** Makes the tables, or brings them up to date, in a thread. @throws StoreError as `migrate`. */
export function bringUpToDate(place: Place, options: MigrateOptions): Promise<void> {
  const made = lastMade.then(() => makeInThread(place, options))
  lastMade = made.catch(() => {})
  return made
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
