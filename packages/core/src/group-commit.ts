import { nextTick } from 'node:process'
import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { systemClock } from './clock.ts'
import type { WriteOutcome, WriteUnit } from './driver.ts'
import { StoreError, toStoreError } from './errors.ts'
import { isLogChange } from './group-keys.ts'
import { LIMITS } from './limits.ts'

/**
 * Lets writes that come close together share one commit of the driver. What is queued when a commit ends goes into the
 * next one, in the order of the calls; each caller learns the outcome of its own unit when that is durable.
 */
export class GroupCommit {
  readonly #write: (units: readonly WriteUnit[]) => Promise<readonly WriteOutcome[]>
  readonly #timeoutMs: number
  readonly #writesBlock: boolean
  /** When the event loop was last seen to turn. */
  #turnedAtMs = 0
  readonly #queue: Waiting[] = []
  #queuedChanges = 0
  #queuedSize = 0
  /** The loop that empties the queue, while it runs. */
  #flushing: Promise<void> | undefined

  constructor({ write, timeoutMs, writesBlock }: GroupCommitOptions) {
    this.#write = write
    this.#timeoutMs = timeoutMs
    this.#writesBlock = writesBlock
  }

  get queued(): number {
    return this.#queue.length
  }

  /** @throws StoreError `BUSY` when the queue is full, `TIMEOUT`, or what the driver's write rejected with. */
  submit(unit: WriteUnit): Promise<WriteOutcome> {
    if (this.#isFull) {
      const waiting = `${this.#queue.length} writes (${this.#queuedChanges} changes, size ${this.#queuedSize})`
      const message = `${waiting} are waiting already; wait for some of them, then try again`
      return Promise.reject(new StoreError('BUSY', message))
    }
    const size = sizeOf(unit)
    this.#queuedChanges += unit.changes.length
    this.#queuedSize += size
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        unit,
        size,
        resolve,
        reject,
        timer: setTimeout(() => this.#expire(waiting), this.#timeoutMs),
      }
      this.#queue.push(waiting)
      this.#flushing ??= this.#flush()
    })
  }

  get #isFull(): boolean {
    return (
      this.#queue.length >= LIMITS.QUEUE_UNITS_MAX ||
      this.#queuedChanges >= LIMITS.QUEUE_CHANGES_MAX ||
      this.#queuedSize >= LIMITS.QUEUE_SIZE_MAX
    )
  }

  #leave({ unit, size }: Waiting): void {
    this.#queuedChanges -= unit.changes.length
    this.#queuedSize -= size
  }

  /** Resolves when nothing is queued or under way. */
  async drain(): Promise<void> {
    await this.#flushing
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather()
      const group = this.#takeGroup()
      if (group.length > 0) await this.#commit(group)
    }
    this.#flushing = undefined
  }

  /** Resolves when those have queued that can. A driver that answers at once must not keep timers and signals waiting. */
  #gather(): Promise<void> {
    const isDue = this.#writesBlock || systemClock.monotonicMs() - this.#turnedAtMs > TURN_MS_MAX
    return new Promise((resolve) => {
      if (!isDue) afterMicrotasks(resolve)
      else
        setImmediate(() => {
          this.#turnedAtMs = systemClock.monotonicMs()
          resolve()
        })
    })
  }

  #takeGroup(): readonly Waiting[] {
    let changes = 0
    let total = 0
    const end = this.#queue.findIndex(({ unit, size }, index) => {
      changes += unit.changes.length
      total += size
      const previous = this.#queue[index - 1]?.unit
      if (previous?.changes.some(isLogChange) || (index > 0 && unit.changes.some(isLogChange))) return true
      const isFull =
        index === LIMITS.GROUP_UNITS_MAX || changes > LIMITS.GROUP_CHANGES_MAX || total > LIMITS.GROUP_SIZE_MAX
      return index > 0 && isFull
    })
    const group = this.#queue.splice(0, end < 0 ? this.#queue.length : end)
    for (const waiting of group) this.#leave(waiting)
    return group
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    for (const waiting of group) waiting.sent = true
    try {
      const outcomes = await this.#write(group.map(({ unit }) => unit))
      for (const [index, waiting] of group.entries()) {
        clearTimeout(waiting.timer)
        const outcome = outcomes[index]
        if (outcome !== undefined) waiting.resolve(outcome)
        else {
          const message = 'the driver returned no outcome: a defect of the driver, report it'
          waiting.reject(new StoreError('DATABASE', message, { outcome: 'unknown' }))
        }
      }
    } catch (error) {
      for (const waiting of group) {
        clearTimeout(waiting.timer)
        waiting.reject(toStoreError(error, 'unknown'))
      }
    }
  }

  #expire(waiting: Waiting): void {
    const outcome = waiting.sent ? 'unknown' : 'not_applied'
    if (!waiting.sent) {
      // The oldest, which expires first, stands first.
      this.#queue.splice(this.#queue.indexOf(waiting), 1)
      this.#leave(waiting)
    }
    const advice = waiting.sent
      ? 'it may have been applied: look, or repeat it under its operation id'
      : 'it was not applied; try again'
    const message = `the write took longer than ${this.#timeoutMs} ms; ${advice}`
    waiting.reject(new StoreError('TIMEOUT', message, { outcome }))
  }
}

/** The event loop turns at least so often while groups follow on each other, in milliseconds. */
const TURN_MS_MAX = 5

/** A tick that is asked for in a microtask comes when all of them are done. */
function afterMicrotasks(then: () => void): void {
  queueMicrotask(() => nextTick(then))
}

export interface GroupCommitOptions {
  readonly write: (units: readonly WriteUnit[]) => Promise<readonly WriteOutcome[]>
  readonly timeoutMs: number
  /**
   * Whether nobody can queue a write while one is under way. Then a group waits for the others that are served in the
   * same turn of the event loop, such as callers behind sockets. Otherwise it waits for those alone that can go on at
   * once: the company comes while the first is under way.
   */
  readonly writesBlock: boolean
}

/** How much is in it, as `LIMITS.QUEUE_SIZE_MAX` counts. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((size: number, each) => size + sizeOf(each), OBJECT_SIZE)
}

const OBJECT_SIZE = 16

interface Waiting {
  readonly unit: WriteUnit
  readonly size: number
  readonly resolve: (outcome: WriteOutcome) => void
  readonly reject: (error: StoreError) => void
  readonly timer: NodeJS.Timeout
  /** Whether the unit was handed to the driver. */
  sent?: true
}
