import { statSync } from 'node:fs'
import { isStoreError, StoreError, systemClock, withOutcome } from '@shepherd-store/core'
import type { Database } from 'better-sqlite3'
import { retryWhileBusy } from './busy.ts'
import { type FileIdentity, identityOf, isSameFile, requireSameFile } from './place.ts'
import { syncDirectoryOf, syncFile } from './sync.ts'

/** How long reads rely on the file's being where it was, in milliseconds. Each write looks. */
const LOOK_INTERVAL_MS = 1_000
/** What SQLite keeps beside a file, and names by it: its write-ahead log, and the index of that. */
const BESIDE = ['-wal', '-shm'] as const

export interface HandleOptions {
  readonly identity: FileIdentity
  readonly busyTimeoutMs: number
  /** Whether a log was there when the file was opened: what it holds may be read, and not be on the disk. */
  readonly foundLog: boolean
  /** Another connection to the same file. */
  open(): Promise<Database>
  /** Brings the write-ahead log into the file and cuts it off. @throws StoreError `BUSY` while somebody reads from it. */
  cutLog(database: Database): void
}

/**
 * A connection to a file, which is given up when the disk failed a commit, or another file stands where one of its files
 * was, and opened again before it is used. What the commit wrote may be in the file or not, and the system may take it for
 * written although it never will be: so before anything else is written, all that can be read is written anew, and what
 * cannot is gone for good.
 */
export class Handle {
  #database: Database
  readonly #options: HandleOptions
  /** Of the files beside it, as they were at the first write. */
  #beside: readonly FileIdentity[] | undefined
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** `given_up`: to be opened again. `in_doubt`: it was, and may read. */
  #state: 'sound' | 'given_up' | 'in_doubt' | 'closed' = 'sound'
  #hasOldLog: boolean
  /** The opening that is under way: whoever comes meanwhile shares it. */
  #mending: Promise<void> | undefined

  constructor(database: Database, options: HandleOptions) {
    this.#database = database
    this.#options = options
    this.#hasOldLog = options.foundLog
  }

  get database(): Database {
    return this.#database
  }

  /** Whether it may be used as it is. */
  isReady({ toWrite }: { readonly toWrite: boolean }): boolean {
    return this.#state === 'sound' && !(toWrite && this.#hasOldLog)
  }

  /**
   * Looks whether what is written is where others will look for it: a file that is deleted can be written to, and nobody
   * finds that again. @throws StoreError `IO`, and the handle is given up.
   */
  requirePlace(): void {
    const file = this.#database.name
    try {
      requireSameFile(file, this.#options.identity)
      for (const [index, known] of this.#beside?.entries() ?? []) {
        const name = `${file}${BESIDE[index]}`
        if (!isSameFile(identityOf(name), known)) throw new StoreError('IO', `${name} was replaced; look who did that`)
      }
      this.#lookedAtMs = systemClock.monotonicMs()
    } catch (error) {
      this.#saveLog()
      this.giveUp()
      throw error
    }
  }

  /** Behind a commit: also whether its names survive a power cut. @throws StoreError `IO`, whose outcome is unknown. */
  async requireDurablePlace(): Promise<void> {
    try {
      this.requirePlace()
      if (this.#beside !== undefined) return
      // SQLite syncs the directory too, and goes on when that fails.
      await syncDirectoryOf(this.#database.name)
      this.#beside = BESIDE.map((suffix) => identityOf(`${this.#database.name}${suffix}`))
    } catch (error) {
      throw withOutcome(error, 'unknown')
    }
  }

  /** As `requirePlace`, now and then, for what only reads. */
  requirePlaceAtTimes(): void {
    if (systemClock.monotonicMs() - this.#lookedAtMs < LOOK_INTERVAL_MS) return
    requireSameFile(this.#database.name, this.#options.identity)
    this.#lookedAtMs = systemClock.monotonicMs()
  }

  /** It is closed, and opened again before it is used: connections of one process share what one of them has open. */
  giveUp(): void {
    if (this.#state === 'closed') return
    this.#state = 'given_up'
    this.#database.close()
  }

  /** Opens the file again, if it was given up. To write, also settles what the last commit did. @throws StoreError */
  async mend({ toWrite }: { readonly toWrite: boolean }): Promise<void> {
    while (this.#state === 'given_up' || (toWrite && this.#state === 'in_doubt')) {
      this.#mending ??= this.#step().finally(() => (this.#mending = undefined))
      await this.#mending
    }
    if (this.#state === 'closed') throw closed()
    if (toWrite && this.#hasOldLog) await this.#settleOldLog()
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    await this.#mending?.catch(() => undefined)
    this.#database.close()
  }

  async #step(): Promise<void> {
    if (this.#state === 'given_up') {
      this.#database = await this.#options.open()
      this.#beside = undefined
      // Whoever closes it meanwhile waits for this, and closes what is open then.
      if (!this.#isClosed()) this.#state = 'in_doubt'
      return
    }
    await this.#settle(this.#options.busyTimeoutMs)
    if (!this.#isClosed()) this.#state = 'sound'
  }

  async #settle(busyTimeoutMs: number): Promise<void> {
    await retryWhileBusy(busyTimeoutMs, () => this.#options.cutLog(this.#database))
    // That it is cut off, or gone, survives a power cut: what it held cannot come back.
    await syncFile(`${this.#database.name}-wal`)
    await syncDirectoryOf(this.#database.name)
    this.#hasOldLog = false
  }

  /**
   * A log that was there may be of a process that ended behind a sync that failed. Where others are in the middle of a
   * read, they had the file open then, or look after it: it is tried again with the next write.
   */
  async #settleOldLog(): Promise<void> {
    try {
      await this.#settle(0)
    } catch (error) {
      if (!isStoreError(error, 'BUSY')) throw error
    }
  }

  /** A log whose name is gone is only in this connection's hands: what it holds is brought into the file before that goes. */
  #saveLog(): void {
    const file = this.#database.name
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return
    if (statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined) return
    try {
      this.#database.pragma('wal_checkpoint(truncate)')
    } catch {
      // What led here is told.
    }
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }
}

function closed(): StoreError {
  return new StoreError('CLOSED', 'the store was closed; open it again')
}
