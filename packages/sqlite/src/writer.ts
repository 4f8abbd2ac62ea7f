import { existsSync } from 'node:fs'
import process from 'node:process'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { StoreError, type StoreDriver, withOutcome } from '@shepherd-store/core'
import {
  receivedError,
  receivedOutcomes,
  type ThreadCalls,
  type ThreadPlace,
  type ThreadReply,
} from './thread-messages.ts'

/** What goes through the thread. */
export interface Writer extends Pick<StoreDriver, 'write' | 'probe' | 'close'> {
  compact(): Promise<void>
}

/**
 * Writes to a database through a connection in a thread of its own, so that a slow disk holds up nobody but those who
 * wait for it. The thread is started, or taken from those that are free, when there is something to write.
 */
export function threadedWriter(place: ThreadPlace): Writer {
  let opening: Promise<Thread> | undefined
  let closed = false

  async function open(): Promise<Thread> {
    const thread = startedThread()
    try {
      await thread.call('open', place)
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

/** @throws StoreError `UNSUPPORTED` where the thread's file is not, as in an application that is bundled into one. */
export function requireThreadFile(): void {
  if (existsSync(threadFile())) return
  throw new StoreError(
    'UNSUPPORTED',
    "the file that the writing thread runs is not beside this one: leave @shepherd-store/sqlite out of the bundle, or open the store with writer: 'inline'",
  )
}

/** Beside this file, as source and as built. */
function threadFile(): URL {
  const { url } = import.meta
  return new URL(/\.ts(\?|$)/.test(url) ? './writer-thread.ts' : './writer-thread.js', url)
}

function startedThread(): Thread {
  try {
    return Thread.take()
  } catch (error) {
    const message = `the thread that writes cannot be started (${error instanceof Error ? error.message : 'see its cause'}); allow threads, or open the store with writer: 'inline'`
    throw new StoreError('UNSUPPORTED', message, { cause: error })
  }
}

/** Threads that are free, and kept for the next database. Starting one takes as long as some hundred writes. */
const FREE_MAX = 4
const free: Thread[] = []

/**
 * How a thread is started: as the process was. A process that was given its program as text says of what kind that is,
 * which a thread refuses, whose program is a file: it is told only how packages are looked up.
 */
function threadOptions(): WorkerOptions {
  const { execArgv } = process
  if (!execArgv.some((argument) => argument.startsWith('--input-type'))) return { name: 'shepherd-store' }
  return { name: 'shepherd-store', execArgv: execArgv.filter((argument) => argument.startsWith('--conditions=')) }
}

class Thread {
  readonly #worker = new Worker(threadFile(), threadOptions())
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0
  #problem: unknown
  #ended = false

  /** One that is free, or a new one. */
  static take(): Thread {
    let thread = free.pop()
    while (thread?.ended === true) thread = free.pop()
    return thread ?? new Thread()
  }

  private constructor() {
    // It lets the process end, unless somebody waits for it.
    this.#worker.unref()
    this.#worker.on('message', (reply: ThreadReply) => this.#settle(reply))
    this.#worker.on('error', (error) => (this.#problem = error))
    this.#worker.on('exit', () => this.#end())
  }

  get ended(): boolean {
    return this.#ended
  }

  /** @throws StoreError what the call was answered with; `DATABASE`, whose outcome is unknown, when the thread ends instead. */
  call<N extends keyof ThreadCalls>(
    name: N,
    ...given: Parameters<ThreadCalls[N]>
  ): Promise<Awaited<ReturnType<ThreadCalls[N]>>> {
    if (this.#ended) return Promise.reject(this.#endedError())
    const answer = Promise.withResolvers<unknown>()
    const id = (this.#lastId += 1)
    this.#worker.postMessage({ id, call: name, arguments: given })
    if (this.#calls.size === 0) this.#worker.ref()
    this.#calls.set(id, answer)
    // What the call answers with, the other side says.
    return answer.promise as Promise<Awaited<ReturnType<ThreadCalls[N]>>>
  }

  /** Nobody uses it any more. */
  release(): void {
    if (this.#ended) return
    if (free.length < FREE_MAX) free.push(this)
    else void this.#worker.terminate()
  }

  #settle(reply: ThreadReply): void {
    const call = this.#calls.get(reply.id)
    this.#calls.delete(reply.id)
    if (this.#calls.size === 0) this.#worker.unref()
    if ('failure' in reply) call?.reject(receivedError(reply.failure))
    else call?.resolve(reply.value)
  }

  #end(): void {
    this.#ended = true
    for (const call of this.#calls.values()) call.reject(this.#endedError())
    this.#calls.clear()
  }

  #endedError(): StoreError {
    const message = 'the thread that writes has ended; what it was asked for may be done: look, and try again'
    return new StoreError('DATABASE', message, { cause: this.#problem, outcome: 'unknown', retryable: true })
  }
}
