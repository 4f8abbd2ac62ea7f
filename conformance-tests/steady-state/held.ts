import { readdirSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

/** What a process holds at a moment at which nothing is under way. */
export interface Held {
  /** Of the process's own thread and of those that write, without what can be collected. */
  readonly heapBytes: number
  readonly threadHeapBytes: number
  /** Memory outside of the heap that belongs to what is in it, buffers included. */
  readonly externalBytes: number
  /** What keeps the process running, by kind, one beside the other. */
  readonly resources: readonly string[]
  /** What of the operating system is open, by kind; undefined where it cannot be listed. */
  readonly descriptors: Readonly<Record<string, number>> | undefined
  /** Listeners of the process, of its threads and of the signals that calls were given. */
  readonly listeners: number
  readonly threads: number
}

export interface Watched {
  /** Threads that run, each with its end. */
  readonly threads: ReadonlyMap<Worker, Promise<unknown>>
  /** How many listeners signals have. */
  listeners(): number
}

/** Collections until nothing more goes: what a finalizer lets go of goes with the next one. */
const COLLECTIONS = 4

export async function lookAt({ threads, listeners }: Watched): Promise<Held> {
  let threadHeapBytes = 0
  for (const [thread, end] of threads) threadHeapBytes += await heapOf(thread, end)
  for (let time = 0; time < COLLECTIONS; time += 1) {
    for (let count = 0; count < 10; count += 1) await turn()
    if (globalThis.gc === undefined) throw new Error('start the process with --expose-gc')
    globalThis.gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  const emitters = [process, ...threads.keys()]
  const ofEmitter = (emitter: NodeJS.EventEmitter) =>
    emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
  return {
    heapBytes: heapUsed,
    threadHeapBytes,
    externalBytes: external,
    resources: process.getActiveResourcesInfo().toSorted(),
    descriptors: openDescriptors(),
    listeners: emitters.reduce((sum, emitter) => sum + ofEmitter(emitter), listeners()),
    threads: threads.size,
  }
}

/** A snapshot begins with a collection, and nothing else makes another thread begin one. 0 when it is about to end. */
async function heapOf(thread: Worker, end: Promise<unknown>): Promise<number> {
  try {
    const snapshot = await thread.getHeapSnapshot()
    snapshot.destroy()
    const { used_heap_size: bytes } = await thread.getHeapStatistics()
    return bytes
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_WORKER_NOT_RUNNING') throw error
    await end
    return 0
  }
}

function openDescriptors(): Readonly<Record<string, number>> | undefined {
  const counts: Record<string, number> = {}
  try {
    for (const name of readdirSync('/proc/self/fd')) {
      const kind = targetOf(name)
        ?.replace(/^.*\//, '')
        .replace(/[^a-z-].*$/, '')
      if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1
    }
    return counts
  } catch {
    // Only Linux has such a directory.
    return undefined
  }
}

/** Undefined for the one through which the directory itself was read. */
function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return undefined
  }
}
