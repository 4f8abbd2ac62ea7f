import { StoreError, systemClock, withOutcome } from '@shepherd-store/core'
import type { Database } from 'better-sqlite3'
import { type Beside, isAlone, isIndexAt, requireBeside } from './beside.ts'
import { cutLog, framesOf, isLong, isWhole } from './checkpoint.ts'
import { toStoreError } from './errors.ts'
import { forgetCheckpoints } from './log-index.ts'
import { type FileIdentity, requireSameFile } from './place.ts'
import { syncDirectoryOf } from './sync.ts'

/** How long reads rely on the file's being where it was, in milliseconds. Each write looks. */
const LOOK_INTERVAL_MS = 1_000

/** A connection, and the files that it has open beside the database. */
export interface Opened {
  readonly database: Database
  readonly beside: Beside
  /** Whether it may write: its log is safe then. Otherwise it cannot even bring the log into the file. */
  readonly mayWrite: boolean
  /** When the file was last written to, in nanoseconds. */
  readonly modifiedNs: bigint
  /** To be called when it is closed. */
  leaveIndex(): void
}

export interface HandleOptions {
  readonly identity: FileIdentity
  /** A connection to the file; `known`: what the one before had open. @throws StoreError, or SQLite's error */
  open(options: { readonly toWrite: boolean; readonly known: Beside | undefined }): Promise<Opened>
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
  /** Whether what the index says to be in the file may not be on the disk. */
  #mustForget = false
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
  isReady({ toWrite }: { readonly toWrite: boolean }): boolean {
    return this.#state === 'open' && (!toWrite || this.#connection.mayWrite)
  }

  /**
   * Calls `act` with the connection when it may be used; to write, where others will find it: that is looked at before and
   * behind it. @throws StoreError
   */
  async use<T>({ toWrite }: { readonly toWrite: boolean }, act: (database: Database) => T): Promise<T> {
    while (!this.isReady({ toWrite })) await this.open({ toWrite })
    if (!toWrite) return act(this.#connection.database)
    this.requirePlace()
    const result = act(this.#connection.database)
    try {
      this.requirePlace()
    } catch (error) {
      throw withOutcome(error, 'unknown')
    }
    return result
  }

  /**
   * Has `act` bring the log into the file. What was brought in before, while others read, was not synced: when that fails
   * now, it may never be, and is brought in once more. @throws StoreError
   */
  async bringIn(act: (database: Database) => void): Promise<void> {
    await this.use({ toWrite: true }, (database) => this.#bringIn(database, act))
  }

  #bringIn(database: Database, act: (database: Database) => void): void {
    if (this.#mustForget) this.#forgetCheckpoints()
    try {
      act(database)
      if (this.#mustForget) this.#mustForget = !isWhole(framesOf(database))
    } catch (error) {
      const failure = toStoreError(error)
      if (failure.code !== 'BUSY') {
        this.#mustForget = true
        this.#tryToForget()
      }
      throw failure
    }
  }

  /**
   * To be done at once, for others, and before each try until one of them has brought in everything: whoever was bringing it
   * in when one failed, may have put their number back. Of an index that is not at its name nobody else brings in anything.
   * @throws StoreError
   */
  #forgetCheckpoints(): void {
    const { database, beside } = this.#connection
    if (isIndexAt(database.name, beside.index)) forgetCheckpoints(database.name, beside.index)
  }

  #tryToForget(): boolean {
    try {
      this.#forgetCheckpoints()
      return true
    } catch {
      return false
    }
  }

  /** Whether it may write, and a commit is to bring the log into the file. */
  hasLongLog(): boolean {
    if (!this.isReady({ toWrite: true })) return false
    try {
      return isLong(framesOf(this.#connection.database))
    } catch {
      return false
    }
  }

  /** Opens the file, if it is not open, or only to read and it is to be written to. @throws StoreError */
  async open({ toWrite }: { readonly toWrite: boolean }): Promise<void> {
    while (!this.isReady({ toWrite })) {
      if (this.#state === 'closed') throw closed()
      this.#opening ??= this.#open(toWrite).finally(() => (this.#opening = undefined))
      await this.#opening
    }
  }

  /**
   * Looks whether what is written is where others will look for it: a file that is deleted can be written to, and nobody
   * finds that again. @throws StoreError `IO`; then the handle is given up, or keeps what it could not save.
   */
  requirePlace(): void {
    if (this.#state === 'closed') throw closed()
    const { database, beside } = this.#connection
    try {
      const modifiedNs = requireSameFile(database.name, this.#options.identity)
      if (this.#state === 'open') requireBeside(database.name, beside)
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

  /** Behind a commit: makes the names of the files survive a power cut. @throws StoreError `IO`, whose outcome is unknown. */
  async requireNames(): Promise<void> {
    if (this.#isNamed) return
    const opened = this.#opened
    try {
      // SQLite syncs the directory too, and goes on when that fails.
      await syncDirectoryOf(this.#connection.database.name)
      this.#isNamed = opened === this.#opened
    } catch (error) {
      throw withOutcome(error, 'unknown')
    }
  }

  /** As `requirePlace`, now and then, for what only reads. */
  requirePlaceAtTimes(): void {
    const isDue = systemClock.monotonicMs() - this.#lookedAtMs >= LOOK_INTERVAL_MS
    if (isDue && this.#state === 'open') this.requirePlace()
  }

  /** It is closed, and opened again before it is used: connections of one process share what one of them has open. */
  giveUp(): void {
    if (this.lookAgain()) this.#end('given_up', close)
  }

  /** @throws StoreError `IO` when it kept what is only in a deleted log, and others still read: that is lost. */
  async close(): Promise<void> {
    let lost: StoreError | undefined
    try {
      if (this.#state === 'open') this.requirePlace()
    } catch (error) {
      if (this.isReady({ toWrite: false })) lost = toStoreError(error)
    }
    this.#end('closed', close)
    this.#state = 'closed'
    await this.#opening?.catch(() => undefined)
    if (lost !== undefined) throw lost
  }

  async #open(toWrite: boolean): Promise<void> {
    // One that only reads gives way to one that writes.
    if (this.#state === 'open') {
      this.requirePlace()
      this.giveUp()
    }
    let opened: Opened
    try {
      opened = await this.#options.open({ toWrite, known: this.#opened?.beside })
    } catch (error) {
      throw toStoreError(error)
    }
    this.#opened = opened
    this.#isNamed = false
    this.#modifiedNs = opened.modifiedNs
    if (this.#state === 'given_up') this.#state = 'open'
    else this.#close(close)
  }

  /**
   * A log whose name is gone is only in this connection's hands. Where nobody has gone on without it, what it holds is
   * brought into the file before that goes; where somebody has, it is of no use. What cannot be brought in now, as others
   * read, is kept, and tried again with the next call.
   */
  #leavePlace(): void {
    if (this.#state !== 'open') return
    const { database, beside } = this.#connection
    if (!this.#mayHoldMore()) return this.#end('given_up', close)
    if (!isAlone(database.name, beside, this.#isUntouched())) {
      return this.#end('given_up', () => this.#options.drop(database))
    }
    try {
      this.#bringIn(database, cutLog)
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
    if (this.#state !== 'open') return
    this.#state = state
    this.#close(close)
  }

  #close(close: (database: Database) => void): void {
    const { database, leaveIndex } = this.#connection
    leaveIndex()
    if (this.#mustForget && !this.#tryToForget()) this.#options.drop(database)
    else close(database)
    this.#mustForget = false
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
