import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'

/** The threads of this process that were started since. */
export interface Threads {
  readonly started: readonly Worker[]
  /** How many of them have not ended. */
  alive(): number
  /** Ends the one that was started last, whatever it does, and resolves when it has ended. */
  endLast(): Promise<void>
}

/** Node itself tells of each thread: https://nodejs.org/api/diagnostics_channel.html#worker-thread */
export function watchThreads(): Threads {
  const started: Worker[] = []
  const ended = new Set<Worker>()
  subscribe('worker_threads', (message) => {
    const { worker } = message as { readonly worker: Worker }
    started.push(worker)
    worker.once('exit', () => ended.add(worker))
  })
  return {
    started,
    alive: () => started.length - ended.size,
    async endLast() {
      const last = started.at(-1)
      if (last === undefined) throw new Error('no thread was started')
      const gone = once(last, 'exit')
      void last.terminate()
      await gone
    },
  }
}
