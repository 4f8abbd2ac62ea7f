import { clearTimeout, setTimeout } from 'node:timers'
import { setTimeout as wait } from 'node:timers/promises'
import { untilAborted } from './deadline.ts'
import { LIMITS } from './limits.ts'
import type { StopSignal } from './stop-signal.ts'

/** Tells those who follow the log that it has grown: at once of what this store appends, soon of what others do. */
export class LogWatch {
  readonly #lookAtHead: () => Promise<number>
  readonly #waiting = new Set<Waiting>()
  #head = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `lookAtHead` reads the id of the log's last record: one row, whoever waits. */
  constructor(lookAtHead: () => Promise<number>) {
    this.#lookAtHead = lookAtHead
  }

  /** The last id that is known of. */
  get head(): number {
    return this.#head
  }

  /**
   * Resolves when the log has a record behind `id`, as far as is known; when it ends before `id`; when its end cannot be
   * looked at; when `signal` is aborted; when the store is closed.
   */
  beyond(id: number, signal: StopSignal | undefined): Promise<void> {
    if (this.#head > id || this.#closed || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const waiting: Waiting = {
        id,
        wake: () => {
          this.#waiting.delete(waiting)
          signal?.removeEventListener('abort', waiting.wake)
          if (this.#waiting.size === 0) clearTimeout(this.#timer)
          resolve()
        },
      }
      signal?.addEventListener('abort', waiting.wake)
      this.#waiting.add(waiting)
      if (this.#waiting.size === 1) this.#lookSoon()
    })
  }

  /** Resolves when it is time to look again at what failed, or as `beyond` does. */
  async retry(signal: StopSignal | undefined): Promise<void> {
    await untilAborted(wait(LIMITS.FOLLOW_POLL_MS), signal)
  }

  /** The store has appended up to there. */
  grown(head: number): void {
    this.#head = Math.max(this.#head, head)
    for (const waiting of this.#waiting) if (this.#head > waiting.id) waiting.wake()
  }

  /**
   * A read that began when the log was known to end at `knownHead` found its end at `head`. It is before that in a
   * database that came back without its last records: nobody is to be woken for them.
   */
  reaches(head: number, knownHead: number): void {
    if (this.#head === knownHead) this.#head = Math.min(this.#head, head)
  }

  close(): void {
    this.#closed = true
    for (const waiting of this.#waiting) waiting.wake()
  }

  #lookSoon(): void {
    this.#timer = setTimeout(() => void this.#look(), LIMITS.FOLLOW_POLL_MS)
  }

  async #look(): Promise<void> {
    try {
      const head = await this.#lookAtHead()
      this.grown(head)
      // A log that ends before them has lost its last records: whoever waits behind those reads for himself, and meets it.
      for (const waiting of this.#waiting) if (head < waiting.id) waiting.wake()
    } catch {
      // Whoever waits reads for himself, and meets what is wrong.
      for (const waiting of this.#waiting) waiting.wake()
    }
    clearTimeout(this.#timer)
    if (this.#waiting.size > 0) this.#lookSoon()
  }
}

interface Waiting {
  readonly id: number
  readonly wake: () => void
}
