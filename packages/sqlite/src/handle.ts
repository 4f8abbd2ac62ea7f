import { StoreError, systemClock, withOutcome } from '@shepherd-store/core'
import type { Database } from 'better-sqlite3'
import { type Beside, logBytes, requireBeside, requireIndex, rewriteLog } from './beside.ts'
import { type FileIdentity, requireSameFile } from './place.ts'
import { syncDirectoryOf } from './sync.ts'

/** How long reads rely on the file's being where it was, in milliseconds. Each write looks. */
const LOOK_INTERVAL_MS = 1_000

/** A connection, and the files that it has open beside the database. */
export interface Opened {
  readonly database: Database
  readonly beside: Beside
  /** Whether a log was there before: what can be read of it need not be on the disk. */
  readonly foundLog: boolean
  /** To be called when it is closed. */
  leaveIndex(): void
}

export interface HandleOptions {
  readonly identity: FileIdentity
  /** Another connection to the same file. */
  open(): Opened | Promise<Opened>
  /** Closes a connection. Of a log that is in doubt, nothing is brought into the file. */
  close(opened: Opened, options: { readonly inDoubt: boolean }): void
}

/**
 * A connection to a file, which is given up when the disk failed it, or another file stands where one of its files was, and
 * opened again before it is used. What a commit wrote may then be in the log or not, and the system may take it for written
 * although it never will be: so before anything else is written, and before anything of the log is brought into the file,
 * the log is written anew.
 */
export class Handle {
  #opened: Opened
  readonly #options: HandleOptions
  #state: 'open' | 'given_up' | 'closed' = 'open'
  /** Whether what can be read of the log may not be on the disk. */
  #inDoubt: boolean
  /** Whether the names of the files survive a power cut. */
  #isNamed = false
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** The opening, or the settling, that is under way: whoever comes meanwhile shares it. */
  #mending: Promise<void> | undefined

  constructor(opened: Opened, options: HandleOptions) {
    this.#opened = opened
    this.#options = options
    this.#inDoubt = opened.foundLog
  }

  /** Which files are open beside the database. */
  get beside(): Beside {
    return this.#opened.beside
  }

  /** Whether it may be used as it is. */
  isReady({ toWrite }: { readonly toWrite: boolean }): boolean {
    return this.#state === 'open' && !(toWrite && this.#inDoubt)
  }

  /** Calls `act` with the connection when it may be used; to write, where others will find it. @throws StoreError */
  async use<T>({ toWrite }: { readonly toWrite: boolean }, act: (database: Database) => T): Promise<T> {
    while (!this.isReady({ toWrite })) await this.mend({ toWrite })
    if (toWrite) this.requirePlace()
    return act(this.#opened.database)
  }

  /** Opens the file again, if it was given up. To write, also settles what is in doubt. @throws StoreError */
  async mend({ toWrite }: { readonly toWrite: boolean }): Promise<void> {
    while (!this.isReady({ toWrite })) {
      if (this.#state === 'closed') throw closed()
      this.#mending ??= this.#step().finally(() => (this.#mending = undefined))
      await this.#mending
    }
  }

  /**
   * Looks whether what is written is where others will look for it: a file that is deleted can be written to, and nobody
   * finds that again. @throws StoreError `IO`, and the handle is given up.
   */
  requirePlace(): void {
    const { database, beside } = this.#opened
    try {
      requireSameFile(database.name, this.#options.identity)
      requireBeside(database.name, beside)
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
      if (this.#isNamed) return
      // SQLite syncs the directory too, and goes on when that fails.
      await syncDirectoryOf(this.#opened.database.name)
      this.#isNamed = true
    } catch (error) {
      throw withOutcome(error, 'unknown')
    }
  }

  /** As `requirePlace`, now and then, for what only reads. */
  requirePlaceAtTimes(): void {
    if (systemClock.monotonicMs() - this.#lookedAtMs >= LOOK_INTERVAL_MS) this.requirePlace()
  }

  /** It is closed, and opened again before it is used: connections of one process share what one of them has open. */
  giveUp(): void {
    if (this.#state !== 'open') return
    this.#state = 'given_up'
    this.#inDoubt = true
    this.#options.close(this.#opened, { inDoubt: true })
  }

  async close(): Promise<void> {
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    await this.#mending?.catch(() => undefined)
    if (wasOpen) this.#options.close(this.#opened, { inDoubt: this.#inDoubt })
  }

  async #step(): Promise<void> {
    if (this.#state === 'open') return this.#settle()
    const opened = await this.#options.open()
    if (this.#isClosed()) return this.#options.close(opened, { inDoubt: true })
    this.#opened = opened
    this.#isNamed = false
    this.#state = 'open'
  }

  /** Nobody writes meanwhile: what is found in the log is made safe, wherever it is from, before anything comes behind it. */
  async #settle(): Promise<void> {
    const opened = this.#opened
    const { database } = opened
    this.requirePlace()
    database.transaction(() => rewriteLog(database.name)).immediate()
    await syncDirectoryOf(database.name)
    // It may have been given up meanwhile.
    if (this.#opened !== opened || this.#state !== 'open') return
    this.#inDoubt = false
    this.#isNamed = true
  }

  /**
   * A log whose name is gone is only in this connection's hands: what it holds is brought into the file before that goes.
   * Where the index is another one, others may have gone on without it: then theirs is what counts.
   */
  #saveLog(): void {
    const { database, beside } = this.#opened
    try {
      requireSameFile(database.name, this.#options.identity)
      requireIndex(database.name, beside.index)
      if (logBytes(database.name) === 0) database.pragma('wal_checkpoint(truncate)')
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
