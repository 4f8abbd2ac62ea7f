import { StoreError, systemClock, withOutcome } from '@shepherd-store/core'
import type { Database } from 'better-sqlite3'
import { type FileIdentity, identityOf, isSameFile, requireSameFile } from './place.ts'
import { syncDirectoryOf, syncFile } from './sync.ts'

/** How long reads rely on the file's being where it was, in milliseconds. Each write looks. */
const LOOK_INTERVAL_MS = 1_000

export interface HandleOptions {
  readonly identity: FileIdentity
  /** Another connection to the same file. */
  open(): Promise<Database>
  /** Brings the write-ahead log into the file and cuts it off, when nobody reads from it any more. */
  cutLog(database: Database): Promise<void>
}

/**
 * A connection to a file, which is given up when the disk failed a commit, or another file stands where that one was, and
 * opened again before it is used. What the commit wrote may be in the file or not, and the system may take it for written
 * although it never will be: so before anything else is written, all that can be read is written anew, and what cannot is
 * gone for good.
 */
export class Handle {
  #database: Database
  readonly #options: HandleOptions
  /** Of the log whose name is known to be on the disk. */
  #logIdentity: FileIdentity | undefined
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** `given_up`: to be opened again. `in_doubt`: it was, and may read. */
  #state: 'sound' | 'given_up' | 'in_doubt' | 'closed' = 'sound'
  /** The opening that is under way: whoever comes meanwhile shares it. */
  #mending: Promise<void> | undefined

  constructor(database: Database, options: HandleOptions) {
    this.#database = database
    this.#options = options
  }

  get database(): Database {
    return this.#database
  }

  /** Whether it may be used as it is. */
  get isSound(): boolean {
    return this.#state === 'sound'
  }

  /**
   * Looks whether what was written is where others will look for it, also after a power cut: a file that is deleted can be
   * written to, and nobody finds that again. @throws StoreError `IO`, whose outcome is unknown.
   */
  async requirePlace(): Promise<void> {
    const file = this.#database.name
    try {
      requireSameFile(file, this.#options.identity)
      const log = `${file}-wal`
      const found = identityOf(log)
      if (this.#logIdentity === undefined) {
        // SQLite does so too, and goes on when it fails.
        await syncDirectoryOf(file)
        this.#logIdentity = found
      }
      if (!isSameFile(found, this.#logIdentity)) throw new StoreError('IO', `${log} was replaced; look who did that`)
      this.#lookedAtMs = systemClock.monotonicMs()
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

  /** The disk failed its commit. */
  giveUp(): void {
    if (this.#state !== 'closed') this.#state = 'given_up'
  }

  /** Opens the file again, if it was given up. To write, also settles what the last commit did. @throws StoreError */
  async mend({ toWrite }: { readonly toWrite: boolean }): Promise<void> {
    while (this.#state === 'given_up' || (toWrite && this.#state === 'in_doubt')) {
      this.#mending ??= this.#step().finally(() => (this.#mending = undefined))
      await this.#mending
    }
    if (this.#state === 'closed') throw new StoreError('CLOSED', 'the store was closed; open it again')
  }

  async close(): Promise<void> {
    await this.#mending?.catch(() => undefined)
    this.#state = 'closed'
    this.#database.close()
  }

  async #step(): Promise<void> {
    if (this.#state === 'given_up') {
      this.#database.close()
      this.#database = await this.#options.open()
      this.#logIdentity = undefined
      this.#state = 'in_doubt'
      return
    }
    await this.#options.cutLog(this.#database)
    // That it is cut off, or gone, survives a power cut: what it held cannot come back.
    await syncFile(`${this.#database.name}-wal`)
    await syncDirectoryOf(this.#database.name)
    this.#state = 'sound'
  }
}
