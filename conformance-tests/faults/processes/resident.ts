import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@shepherd-store/core'
import { within } from '../../postgres/deadline.ts'

/** When a process is killed: so much later than it says its `line`th line of a task, counted from 1; 0: than it is asked. */
export interface KillPoint {
  readonly line: number
  readonly delayMs: number
}

export interface RunOptions {
  /** Hears each line that the process says of the task, be it killed or not. */
  readonly hear?: (line: string) => void
  /** Default: it is not killed from here. */
  readonly killAt?: KillPoint | undefined
}

/** How long a process may take to load, or for a task, in milliseconds. Loading takes half a second, on a busy machine several. */
const LOAD_TIMEOUT_MS = 60_000
const TASK_TIMEOUT_MS = 240_000
/** Delays up to here are exact, as the parent stands still: a timer would be late by as much as a commit takes. */
const EXACT_DELAY_MS_MAX = 3
/** How much of what a process complained of an error shows. */
const COMPLAINT_CHARS_MAX = 4_000

/** A process that stays, and does the tasks of one module, one after the other. */
export class Resident {
  readonly #child: ChildProcess
  readonly #loaded: Promise<unknown>
  /** Resolves when it has ended, and all that it said was heard. */
  readonly #gone: Promise<unknown>
  #hear: (line: string) => void = () => {}
  #complaint = ''

  /** @param module The URL of a module that exports `perform`. */
  constructor(module: URL) {
    const file = fileURLToPath(new URL('./resident-process.ts', import.meta.url))
    this.#child = spawn(process.execPath, [...process.execArgv, file, module.href])
    const { stdin, stdout, stderr } = this.#child
    if (stdin === null || stdout === null || stderr === null) throw new Error('the process has no pipes')
    const lines = createInterface({ input: stdout })
    this.#gone = Promise.all([once(this.#child, 'close'), once(lines, 'close')])
    // Of a process that is killed before it read its task nobody needs to know.
    stdin.on('error', () => {})
    stderr.on('data', (text: Buffer) => {
      this.#complaint = `${this.#complaint}${text.toString()}`.slice(-COMPLAINT_CHARS_MAX)
    })
    const loaded = Promise.withResolvers<undefined>()
    this.#loaded = Promise.race([loaded.promise, this.#gone])
    lines.on('line', (line) => (line === 'loaded' ? loaded.resolve(undefined) : this.#hear(line)))
  }

  /** Resolves when it waits for tasks. */
  async ready(): Promise<this> {
    await within(this.#loaded, LOAD_TIMEOUT_MS, `a process did not load within ${LOAD_TIMEOUT_MS} ms`)
    if (this.#hasEnded) throw this.#endedError()
    return this
  }

  /**
   * Has it do a task. `killed`: it was not done when SIGKILL met it, from here or from itself. @throws Error when it fails,
   * or takes too long.
   */
  async run(task: unknown, { hear = () => {}, killAt }: RunOptions = {}): Promise<'done' | 'killed'> {
    const done = Promise.withResolvers<'done'>()
    let heard = 0
    this.#hear = (line) => {
      if (line === 'done') return done.resolve('done')
      hear(line)
      heard += 1
      if (heard === killAt?.line) void this.#killIn(killAt.delayMs)
    }
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`)
    if (killAt?.line === 0) void this.#killIn(killAt.delayMs)
    const ended = this.#gone.then(() => 'killed' as const)
    const late = `a process was not at the end of its task within ${TASK_TIMEOUT_MS} ms`
    const end = await within(Promise.race([done.promise, ended]), TASK_TIMEOUT_MS, late)
    if (end === 'killed' && this.#child.signalCode !== 'SIGKILL') throw this.#endedError()
    return end
  }

  /** SIGKILL. May be repeated. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }

  async #killIn(delayMs: number): Promise<void> {
    if (delayMs > EXACT_DELAY_MS_MAX) await setTimeout(delayMs)
    const killAtMs = systemClock.monotonicMs() + delayMs
    while (delayMs <= EXACT_DELAY_MS_MAX && systemClock.monotonicMs() < killAtMs);
    this.#child.kill('SIGKILL')
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #endedError(): Error {
    const { exitCode, signalCode } = this.#child
    return new Error(`a process ended with ${signalCode ?? `code ${exitCode}`}: ${this.#complaint}`)
  }
}
