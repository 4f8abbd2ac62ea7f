import { StoreError } from '@shepherd-store/core'
import type { Database, Statement } from 'better-sqlite3'

/** A commit that leaves the log so long brings it into the file: SQLite's own default. */
const FRAMES_MAX = 1_000
/** What others may keep out of the file, as they read what was there before, until `health` tells: 64 MiB of pages. */
const FRAMES_HELD_UP_MAX = 16_384

/** How long the log is, and how much of it is in the file, in frames: each is a page as a commit left it. */
interface LogState {
  readonly log: number
  readonly checkpointed: number
}

type Look = Statement<[], LogState & { readonly busy: number }>

/** Another process may be writing what is looked at, which takes it some microseconds. */
const LOOKS_MAX = 8

/** It is asked behind every commit: so it stays prepared. */
const looks = new WeakMap<Database, Look>()

/** @throws StoreError `BUSY`; SQLite's error */
export function framesOf(database: Database): LogState {
  const look: Look = looks.get(database) ?? database.prepare('pragma wal_checkpoint(noop)')
  looks.set(database, look)
  for (let tries = 0; tries < LOOKS_MAX; tries += 1) {
    const state = look.get()
    if (state?.busy === 0) return state
  }
  throw logIsBusy()
}

export function logIsBusy(): StoreError {
  return new StoreError('BUSY', 'another process is at the log; try again')
}

/** Whether a commit is to bring it into the file. */
export function isLong({ log, checkpointed }: LogState): boolean {
  return log >= FRAMES_MAX && checkpointed < log
}

/** Whether all of the log is in the file: the file was synced then. */
export function isWhole({ log, checkpointed }: LogState): boolean {
  return checkpointed >= log
}

/** Whether some of it is in the file, which was not synced then. */
export function isPartlyIn({ log, checkpointed }: LogState): boolean {
  return checkpointed > 0 && checkpointed < log
}

/**
 * Brings the log into the file when it is long, as far as nobody reads what was there before. SQLite would do that by
 * itself, and tell nobody when it fails. @throws SQLite's error
 */
export function bringInWhenLong(database: Database): void {
  if (isLong(framesOf(database))) database.pragma('wal_checkpoint(passive)')
}

/** As `bringInWhenLong`. @throws StoreError `BUSY` when that has been held up for long; SQLite's error */
export function requireShortLog(database: Database): void {
  bringInWhenLong(database)
  // The two numbers are not of one instant: the log may have been begun anew between them.
  const pages = Math.min(...[framesOf(database), framesOf(database)].map(({ log, checkpointed }) => log - checkpointed))
  if (pages <= FRAMES_HELD_UP_MAX) return
  const message = `${pages} pages of the log cannot be brought into the file, as somebody is in the middle of a read that began before them: end that, or the log grows until the disk is full`
  throw new StoreError('BUSY', message)
}

/** What the file held before stands in its log, until that is brought into the file and cut off. @throws StoreError `BUSY` */
export function cutLog(database: Database): void {
  const [checkpoint] = database.pragma('wal_checkpoint(truncate)') as readonly { readonly busy: number }[]
  if (checkpoint?.busy === 0) return
  const message = 'somebody is in the middle of a read, and keeps the log from being cut off; end that, then try again'
  throw new StoreError('BUSY', message)
}
