import { StoreError, systemClock, withOutcome } from '@shepherd-store/core'
import type { Database } from 'better-sqlite3'
import { type Beside, isAlone, requireBeside } from './beside.ts'
import { toStoreError } from './errors.ts'
import { type FileIdentity, requireSameFile } from './place.ts'
import { syncDirectoryOf } from './sync.ts'

/** How long reads rely on the file's being where it was, in milliseconds. Each write looks. */
const LOOK_INTERVAL_MS = 1_000

/** A connection, and the files that it has open beside the database. */
export interface Opened {
  readonly database: Database
  readonly beside: Beside
  /** When the file was last written to, in nanoseconds. */
  readonly modifiedNs: bigint
  /** To be called when it is closed. */
  leaveIndex(): void
}

export interface HandleOptions {
  readonly identity: FileIdentity
  /** A connection to the same file; `known`: what the one before had open. @throws StoreError, or SQLite's error */
  open(handle: Handle, known?: Beside): Promise<Opened>
  /** Closes a connection whose log is not what counts any more: brings nothing of it into the file. */
  drop(database: Database): void
}

/**
 * A connection to a file, which is given up when the disk failed it, or other files stand where its own were, and opened
 * again before it is used: what a commit wrote that failed may then be in the log or not.
 */
export class Handle {
  readonly #options: HandleOptions
  #opened: Opened | undefined
  #state: 'open' | 'given_up' | 'closed' = 'given_up'
  /** Whether the names of the files survive a power cut. */
  #isNamed = false
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** When the file was written to, as of the last look. */
  #modifiedNs: bigint | undefined
  /** The opening that is under way: whoever comes meanwhile shares it. */
  #opening: Promise<void> | undefined

  constructor(options: HandleOptions) {
    this.#options = options
  }

  /** Which files are open beside the database, or were. */
  get beside(): Beside | undefined {
    return this.#opened?.beside
  }

  /** Whether it may be used as it is. */
  get isReady(): boolean {
    return this.#state === 'open'
  }

  /** Calls `act` with the connection when it may be used; to write, where others will find it. @throws StoreError */
  async use<T>({ toWrite }: { readonly toWrite: boolean }, act: (database: Database) => T): Promise<T> {
    while (!this.isReady) await this.open()
    if (toWrite) this.requirePlace()
    return act(this.#connection.database)
  }

  /** Opens the file, if it is not open. @throws StoreError */
  async open(): Promise<void> {
    while (!this.isReady) {
      if (this.#state === 'closed') throw closed()
      this.#opening ??= this.#open().finally(() => (this.#opening = undefined))
      await this.#opening
    }
  }

  /**
   * Looks whether what is written is where others will look for it: a file that is deleted can be written to, and nobody
   * finds that again. @throws StoreError `IO`; then the handle is given up, or keeps what it could not save.
   */
  requirePlace(): void {
    const { database, beside } = this.#connection
    try {
      const modifiedNs = requireSameFile(database.name, this.#options.identity)
      requireBeside(database.name, beside)
      this.#modifiedNs = modifiedNs
      this.#lookedAtMs = systemClock.monotonicMs()
    } catch (error) {
      this.#leavePlace()
      throw error
    }
  }

  /** As `requirePlace`, and says whether it is there: what is not there is given up, or its next call tells. */
  lookAgain(): boolean {
    if (this.#state !== 'open') return false
    try {
      this.requirePlace()
      return true
    } catch {
      return false
    }
  }

  /** Behind a commit: also whether its names survive a power cut. @throws StoreError `IO`, whose outcome is unknown. */
  async requireDurablePlace(): Promise<void> {
    try {
      this.requirePlace()
      if (this.#isNamed) return
      // SQLite syncs the directory too, and goes on when that fails.
      await syncDirectoryOf(this.#connection.database.name)
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
    if (this.lookAgain()) this.#end('given_up', close)
  }

  async close(): Promise<void> {
    this.lookAgain()
    if (this.isReady) this.#end('closed', close)
    this.#state = 'closed'
    await this.#opening?.catch(() => undefined)
  }

  async #open(): Promise<void> {
    let opened: Opened
    try {
      opened = await this.#options.open(this, this.#opened?.beside)
    } catch (error) {
      throw toStoreError(error)
    }
    this.#opened = opened
    this.#isNamed = false
    this.#modifiedNs = opened.modifiedNs
    if (this.#state === 'given_up') this.#state = 'open'
    else this.#end('closed', close)
  }

  /**
   * A log whose name is gone is only in this connection's hands. Where nobody has gone on without it, what it holds is
   * brought into the file before that goes; where somebody has, it is of no use. What cannot be brought in now, as others
   * read, is kept, and tried again with the next call.
   */
  #leavePlace(): void {
    const { database, beside } = this.#connection
    if (!this.#mayHoldMore()) return this.#end('given_up', close)
    if (!isAlone(database.name, beside, this.#isUntouched())) {
      return this.#end('given_up', () => this.#options.drop(database))
    }
    try {
      const [checkpoint] = database.pragma('wal_checkpoint(truncate)') as readonly { readonly busy: number }[]
      if (checkpoint?.busy !== 0) return
    } catch {
      return
    }
    this.#end('given_up', close)
  }

  /** Whether the file is there, and what only this connection has can be brought into it. */
  #mayHoldMore(): boolean {
    const { database } = this.#connection
    if (database.readonly) return false
    try {
      requireSameFile(database.name, this.#options.identity)
      return true
    } catch {
      return false
    }
  }

  #isUntouched(): boolean {
    return requireSameFile(this.#connection.database.name, this.#options.identity) === this.#modifiedNs
  }

  #end(state: 'given_up' | 'closed', close: (database: Database) => void): void {
    const { database, leaveIndex } = this.#connection
    this.#state = state
    leaveIndex()
    close(database)
  }

  get #connection(): Opened {
    if (this.#opened === undefined) throw closed()
    return this.#opened
  }
}

function close(database: Database): void {
  database.close()
}

function closed(): StoreError {
  return new StoreError('CLOSED', 'the store was closed; open it again')
}
