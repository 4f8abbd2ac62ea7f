import { systemClock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import type { CheckPlace, CheckStep, ReadRequest, ReadResult, StoreDriver, WriteOutcome, WriteUnit } from './driver.ts'
import type { AuditRow } from './effects.ts'
import { StoreError, toStoreError, withOutcome } from './errors.ts'
import { GroupCommit } from './group-commit.ts'
import type { DriverStatus } from './health.ts'
import { LIMITS } from './limits.ts'
import { LogWatch } from './log-watch.ts'
import { type Asked, Troubles } from './troubles.ts'

/** What became of a unit, and, of a repeated one, the records that it appended when it was applied. */
export interface Written {
  readonly outcome: WriteOutcome
  readonly repeatedRows: readonly AuditRow[]
}

/** What a store and its views share: the driver, the order of writes, the end. */
export class Engine {
  readonly driver: StoreDriver
  /** Who follows the log waits here. */
  readonly log: LogWatch
  readonly troubles = new Troubles()
  readonly #now: () => Date
  readonly #timeoutMs: number
  readonly #group: GroupCommit
  /** What was accepted and has not ended: the driver stays open for it. */
  readonly #work = new Set<Promise<unknown>>()
  /** The look at the database that is under way: whoever asks meanwhile shares it. */
  #probing: Promise<DriverStatus> | undefined
  #closing: Promise<void> | undefined

  /** `now` dates what fails. */
  constructor(driver: StoreDriver, { timeoutMs, now }: { readonly timeoutMs: number; now(): Date }) {
    this.driver = driver
    this.#timeoutMs = timeoutMs
    this.#now = now
    this.log = new LogWatch(async () => (await this.read({ log: true })).log?.head.id ?? 0)
    const { writesBlock = false } = driver
    this.#group = new GroupCommit({ write: (units) => driver.write(units), timeoutMs, writesBlock })
  }

  get queuedWrites(): number {
    return this.#group.queued
  }

  checkOpen(): void {
    if (this.#closing !== undefined) throw new StoreError('CLOSED', 'the store was closed; open it again')
  }

  write(unit: WriteUnit): Promise<Written> {
    this.checkOpen()
    return this.#track(this.#write(unit))
  }

  read(request: ReadRequest): Promise<ReadResult> {
    this.checkOpen()
    return this.#read(request)
  }

  async probe(): Promise<DriverStatus> {
    this.checkOpen()
    this.#probing ??= this.#track(this.driver.probe()).finally(() => (this.#probing = undefined))
    try {
      const status = await withDeadline(this.#probing, LIMITS.HEALTH_TIMEOUT_MS, 'the health check')
      this.troubles.succeeded('probe')
      return status
    } catch (error) {
      throw this.#failed('probe', toStoreError(error, 'not_applied'))
    }
  }

  /** A step of a check, of a driver that knows it. It only reads, for as long as a file takes: closing does not wait for it. */
  async check(place: CheckPlace | undefined): Promise<CheckStep> {
    this.checkOpen()
    const { driver } = this
    if (driver.check === undefined) throw new StoreError('UNSUPPORTED', 'this backend does not check what is stored')
    const timeoutMs = Math.max(this.#timeoutMs, LIMITS.CHECK_STEP_TIMEOUT_MS)
    try {
      return await withDeadline(driver.check(place), timeoutMs, 'a step of the check')
    } finally {
      // However it ended, the store was closed meanwhile.
      this.checkOpen()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    this.log.close()
    return this.#closing
  }

  async #write(unit: WriteUnit): Promise<Written> {
    const startedMs = systemClock.monotonicMs()
    const outcome = await this.#group.submit(unit).catch((error: unknown) => {
      throw this.#failed('write', toStoreError(error, 'unknown'))
    })
    if (outcome.type === 'failed') this.#failed('write', outcome.error)
    if (outcome.type === 'applied') {
      // Only this was written, and shows that the disk takes writes.
      this.troubles.succeeded('write')
      this.log.grown(outcome.audits.at(-1)?.id ?? 0)
    }
    if (outcome.type !== 'repeated' || outcome.audits.count === 0) return { outcome, repeatedRows: [] }
    const { first, count } = outcome.audits
    try {
      const audits = { after: first - 1, before: first + count, order: 'asc', limit: count } as const
      const leftMs = Math.max(1, Math.ceil(this.#timeoutMs - (systemClock.monotonicMs() - startedMs)))
      return { outcome, repeatedRows: (await this.#read({ audits }, leftMs)).audits }
    } catch (error) {
      // The write itself took effect, some time ago.
      throw withOutcome(error, 'unknown')
    }
  }

  async #read(request: ReadRequest, timeoutMs = this.#timeoutMs): Promise<ReadResult> {
    try {
      const result = await withDeadline(this.#track(this.driver.read(request)), timeoutMs, 'the read')
      this.troubles.succeeded('read')
      return result
    } catch (error) {
      throw this.#failed('read', withOutcome(error, 'not_applied'))
    }
  }

  /** Remembers that the database fails, until it succeeds. */
  #failed(asked: Asked, error: StoreError): StoreError {
    this.troubles.failed(asked, error, this.#now())
    return error
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work)
    const ended = () => void this.#work.delete(work)
    work.then(ended, ended)
    return work
  }

  async #close(): Promise<void> {
    const work = Promise.allSettled([this.#group.drain(), ...this.#work])
    try {
      await withDeadline(work, LIMITS.CLOSE_TIMEOUT_MS, 'finishing what was accepted before close')
    } finally {
      await withDeadline(this.driver.close(), LIMITS.CLOSE_TIMEOUT_MS, 'closing the database')
    }
  }
}
