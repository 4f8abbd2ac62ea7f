import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { CalendarSettings } from '../calendar.ts'
import type { Change, Condition } from '../change.ts'
import { withDeadline } from '../deadline.ts'
import { messageOf } from '../errors.ts'
import type { PlaceAddress } from './harness.ts'

/** What each process does: the same commit, again and again. */
export interface WorkerJob {
  readonly changes: readonly Change[]
  readonly if?: readonly Condition[]
  /** How many commits it makes. 0: it only opens the place and closes it. */
  readonly times: number
  /** How many of them are under way at once. Default 1. */
  readonly atOnce?: number
  /** Commit number n, from 0, carries the operation id `${operationPrefix}${n}`. Default: none does. */
  readonly operationPrefix?: string
}

/** What one process saw. */
export interface WorkerReport {
  readonly calendar: CalendarSettings
  readonly applied: number
  readonly repeated: number
  readonly refused: number
  /** The ids of the records of its commits, in no order. */
  readonly auditIds: readonly number[]
}

export interface WorkerTask {
  readonly address: PlaceAddress
  readonly node: string
  readonly job: WorkerJob
}

/** What a worker tells its parent; the parent answers `loaded` and `opened` when every worker has come as far. */
export type WorkerMessage =
  | { readonly type: 'loaded' }
  | { readonly type: 'opened' }
  | { readonly type: 'done'; readonly report: WorkerReport }
  | { readonly type: 'failed'; readonly problem: string }

export interface WorkersOptions {
  /** They write as the nodes `process-0`, `process-1`, … */
  readonly processes: number
  readonly job: WorkerJob
  /** Default 60,000. Processes that are not done by then are killed. */
  readonly timeoutMs?: number
}

const WORKERS_TIMEOUT_MS_DEFAULT = 60_000
/** How much of a worker's output an error shows. */
const OUTPUT_CHARS_MAX = 4_000

/**
 * Opens the place in several processes at the same moment, then lets all do the job at the same moment.
 * @throws Error with what a worker said when it failed, did not end by itself after it had closed the place, or hung.
 */
export async function runWorkers(address: PlaceAddress, options: WorkersOptions): Promise<readonly WorkerReport[]> {
  const { processes, job, timeoutMs = WORKERS_TIMEOUT_MS_DEFAULT } = options
  const nodes = Array.from({ length: processes }, (_, index) => `process-${index}`)
  const workers = nodes.map((node) => new Worker({ address, node, job }))
  try {
    return await withDeadline(runTogether(workers), timeoutMs, `the job of ${processes} processes`)
  } catch (error) {
    throw new Error([messageOf(error), ...workers.map((worker) => worker.account())].join('\n'), { cause: error })
  } finally {
    await Promise.all(workers.map((worker) => worker.end()))
  }
}

async function runTogether(workers: readonly Worker[]): Promise<readonly WorkerReport[]> {
  for (const milestone of ['loaded', 'opened'] as const) {
    await Promise.all(workers.map((worker) => worker.reached(milestone)))
    for (const worker of workers) worker.goOn()
  }
  return Promise.all(workers.map((worker) => worker.finished()))
}

class Worker {
  readonly #node: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #milestones = {
    loaded: Promise.withResolvers<undefined>(),
    opened: Promise.withResolvers<undefined>(),
  }
  readonly #done = Promise.withResolvers<WorkerReport>()
  readonly #failure = Promise.withResolvers<never>()
  #state: WorkerMessage['type'] | 'started' = 'started'
  #problem = ''
  #output = ''

  constructor(task: WorkerTask) {
    this.#node = task.node
    // Beside this file, as source and as built: `worker.ts` or `worker.js`.
    const file = new URL(import.meta.url.replace(/workers(\.[jt]s)[^/]*$/, 'worker$1'))
    this.#child = fork(file, { execArgv: process.execArgv, serialization: 'advanced', silent: true })
    this.#ended = once(this.#child, 'exit').catch(() => undefined)
    // Whoever waits is told; a failure after that is in the account.
    this.#failure.promise.catch(() => undefined)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#output = `${this.#output}${text.toString()}`.slice(-OUTPUT_CHARS_MAX)
      })
    }
    this.#child.on('message', (message) => this.#receive(message as WorkerMessage))
    this.#child.on('error', (error) => this.#fail(String(error)))
    this.#child.on('exit', (code, signal) => {
      if (this.#state !== 'done' || code !== 0) this.#fail(`ended with ${signal ?? `code ${code}`}`)
    })
    this.#child.send(task)
  }

  reached(milestone: 'loaded' | 'opened'): Promise<undefined> {
    return Promise.race([this.#milestones[milestone].promise, this.#failure.promise])
  }

  goOn(): void {
    this.#child.send('go on')
  }

  /** The report, when the process has ended by itself: a driver that is closed holds nothing open. */
  async finished(): Promise<WorkerReport> {
    const report = await Promise.race([this.#done.promise, this.#failure.promise])
    await Promise.race([this.#ended, this.#failure.promise])
    return report
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.#ended
  }

  account(): string {
    return [`${this.#node}: ${this.#state}`, this.#problem, this.#output].filter((text) => text !== '').join('\n')
  }

  #receive(message: WorkerMessage): void {
    this.#state = message.type
    if (message.type === 'done') this.#done.resolve(message.report)
    else if (message.type === 'failed') this.#fail(message.problem)
    else this.#milestones[message.type].resolve(undefined)
  }

  #fail(problem: string): void {
    this.#problem ||= problem
    this.#failure.reject(new Error(`${this.#node}: ${problem}`))
  }
}
