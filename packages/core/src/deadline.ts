import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { isStoreError, messageOf, StoreError } from './errors.ts'
import type { StopSignal } from './stop-signal.ts'

/** `work`, or `TIMEOUT` after `timeoutMs`. The work itself is not stopped. */
export function withDeadline<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `${what} took longer than ${timeoutMs} ms; look at the database, then try again`
      reject(new StoreError('TIMEOUT', message))
    }, timeoutMs)
    const ended = (): void => clearTimeout(timer)
    work.then(ended, ended)
    work.then(resolve, reject)
  })
}

/**
 * Lets the event loop turn. A driver that is synchronous answers in a microtask: without it, a long work of many pages
 * would keep timers and signals waiting, and could not be stopped.
 */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
}

/**
 * What comes from a caller's source, for as long as it is not stopped, be it that nothing comes.
 * @throws StoreError `INVALID_ARGUMENT` when the source throws something else.
 */
export async function* untilStopped<T>(
  source: AsyncIterable<T>,
  signal: StopSignal | undefined,
  stopped: () => Error,
): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]()
  let isWaiting = false
  try {
    for (;;) {
      isWaiting = true
      const step = await untilAborted(iterator.next(), signal).catch((error: unknown) => {
        if (isStoreError(error)) throw error
        throw new StoreError('INVALID_ARGUMENT', `the source threw (${messageOf(error)})`, { cause: error })
      })
      if (step === undefined) throw stopped()
      isWaiting = false
      if (step.done === true) return
      yield step.value
    }
  } finally {
    const closed = iterator.return?.()
    // It ends when its source has answered, for which nobody waits any more.
    if (isWaiting) closed?.catch(() => {})
    else await closed
  }
}

/** `work`, or `undefined` as soon as the signal is aborted. The work itself is not stopped. */
export async function untilAborted<T>(work: Promise<T>, signal: StopSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return work
  // Whoever is stopped does not hear of a failure any more.
  work.catch(() => {})
  if (signal.aborted) return undefined
  let stop: (() => void) | undefined
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined)
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}
