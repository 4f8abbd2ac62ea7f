import { existsSync } from 'node:fs'
import process from 'node:process'
import { clearTimeout, setTimeout } from 'node:timers'
import { Worker, workerData, type WorkerOptions } from 'node:worker_threads'
import { StoreError } from '@shepherd-store/core'
import { receivedError, type ThreadCalls, type ThreadReply } from './thread-messages.ts'

/** Threads that are free, and kept for the next database. Starting one takes as long as some hundred writes. */
const FREE_MAX = 4
const free: Thread[] = []

/** How long a thread may take to start, in milliseconds: what the process preloads, it loads first. */
const START_TIMEOUT_MS = 60_000

/** What a thread of ours is given, so that it knows itself. */
const OWN = 'the thread that writes'
/** Whether this code runs in such a thread. */
export const isOwnThread = workerData === OWN

/** A thread that has one database open at a time, and answers calls. Released, it waits for whoever takes it next. */
export class Thread {
  readonly #worker = new Worker(threadFile(), threadOptions())
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0
  #problem: unknown
  #started = false
  #ended = false

  /** One that is free, or a new one. @throws StoreError `UNSUPPORTED` where none can be started. */
  static take(): Thread {
    let thread = free.pop()
    while (thread?.ended === true) thread = free.pop()
    return thread ?? Thread.#start()
  }

  static #start(): Thread {
    try {
      return new Thread()
    } catch (error) {
      throw notStarted(error)
    }
  }

  private constructor() {
    // It lets the process end, unless somebody waits for it.
    this.#worker.unref()
    const timer = setTimeout(() => {
      this.#problem = new Error(`it took longer than ${START_TIMEOUT_MS} ms`)
      void this.#worker.terminate()
    }, START_TIMEOUT_MS).unref()
    this.#worker.once('message', () => {
      this.#started = true
      clearTimeout(timer)
      this.#worker.on('message', (reply: ThreadReply) => this.#settle(reply))
    })
    this.#worker.on('error', (error) => (this.#problem = error))
    this.#worker.on('exit', () => {
      clearTimeout(timer)
      this.#end()
    })
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
    if (!this.#started) return notStarted(this.#problem)
    const message = 'the thread that writes has ended; what it was asked for may be done: look, and try again'
    return new StoreError('DATABASE', message, { cause: this.#problem, outcome: 'unknown', retryable: true })
  }
}

/**
 * To be called before anything is made. @throws StoreError `UNSUPPORTED` where threads are forbidden, or the thread's file
 * is not, as in an application that is bundled into one.
 */
export function requireThreads(): void {
  if (process.permission !== undefined && !process.permission.has('worker'))
    throw notStarted(new Error('threads are not allowed'))
  if (existsSync(threadFile())) return
  throw new StoreError(
    'UNSUPPORTED',
    "the file that the writing thread runs is not beside this one: leave @shepherd-store/sqlite out of the bundle, or open the store with writer: 'inline'",
  )
}

function notStarted(cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : 'it ended at once'
  const message = `the thread that writes cannot be started (${why}); look at what the process preloads and allows, or open the store with writer: 'inline'`
  return new StoreError('UNSUPPORTED', message, { cause })
}

/** Beside this file, as source and as built. */
function threadFile(): URL {
  const { url } = import.meta
  return new URL(/\.ts(\?|$)/.test(url) ? './writer-thread.ts' : './writer-thread.js', url)
}

/**
 * How a thread is started: as the process was. A process that was given its program as text says of what kind that is,
 * which a thread refuses, whose program is a file: it is told only how packages are looked up.
 */
function threadOptions(): WorkerOptions {
  const { execArgv } = process
  // A descriptor that is left open on purpose stays so when the thread ends.
  const options = { name: 'shepherd-store', workerData: OWN, trackUnmanagedFds: false }
  if (!execArgv.some((argument) => argument.startsWith('--input-type'))) return options
  return { ...options, execArgv: execArgv.filter((argument) => argument.startsWith('--conditions=')) }
}
