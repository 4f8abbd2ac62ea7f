import { existsSync, statSync } from 'node:fs'
import { StoreError } from '@shepherd-store/core'
import { indexOf } from './log-index.ts'
import { logBytes, logOf } from './log.ts'
import { type FileIdentity, isSameFile } from './place.ts'

/** What SQLite keeps beside a file, and finds by its name: the write-ahead log, and the index of that, which all share. */
export interface Beside {
  readonly log: FileIdentity
  readonly index: FileIdentity
}

/** What a connection that has just read has open. @throws StoreError `IO` when that is not at its name any more. */
export function besideOf(file: string): Beside {
  const [log, index] = [identityAt(logOf(file)), identityAt(indexOf(file))]
  if (log === undefined) throw gone(logOf(file), 'was taken away')
  if (index === undefined) throw gone(indexOf(file), 'was taken away')
  return { log, index }
}

/** @throws StoreError `IO` when another log, or another index, is there for others than the one that is open. */
export function requireBeside(file: string, { log, index }: Beside): void {
  requireSame(logOf(file), log)
  requireIndex(file, index)
}

/** @throws StoreError `IO` */
export function requireIndex(file: string, index: FileIdentity): void {
  requireSame(indexOf(file), index)
}

/** Whether the log and the index are still those. */
export function isBeside(file: string, { log, index }: Beside): boolean {
  return isAt(logOf(file), log) && isIndexAt(file, index)
}

export function isIndexAt(file: string, index: FileIdentity): boolean {
  return isAt(indexOf(file), index)
}

/**
 * Whether nobody has gone on with another log or index than those that are open: then what is open is what counts, whatever
 * has become of the names.
 * @param isUntouched Whether nobody else has written to the file itself.
 */
export function isAlone(file: string, beside: Beside, isUntouched: boolean): boolean {
  if (existsSync(indexOf(file)) ? !isAt(indexOf(file), beside.index) : !isUntouched) return false
  return logBytes(file) === 0
}

function requireSame(name: string, known: FileIdentity): void {
  const found = identityAt(name)
  if (found === undefined) throw gone(name, 'was taken away')
  if (!isSameFile(found, known)) throw gone(name, 'was replaced')
}

function isAt(name: string, known: FileIdentity): boolean {
  const found = identityAt(name)
  return found !== undefined && isSameFile(found, known)
}

function gone(name: string, what: string): StoreError {
  const message = `${name} ${what} while stores have it open: close all stores on it, in every process, look who did that, and compare the log with a head that was kept`
  return new StoreError('IO', message)
}

function identityAt(name: string): FileIdentity | undefined {
  const stats = statSync(name, { throwIfNoEntry: false, bigint: true })
  return stats && { device: stats.dev, inode: stats.ino }
}

/** Who has the index of a file open in this thread, and how each looks at it again. */
const shared = new Map<string, Set<{ readonly index: FileIdentity; lookAgain(): Promise<void> }>>()

const keyOf = ({ device, inode }: FileIdentity) => `${device} ${inode}`

/**
 * Tells of a connection to a file, until what is returned is called. @throws StoreError `IO` when others in this thread have
 * another index open: whatever is at its name, this one shares theirs.
 */
export function shareIndex(file: FileIdentity, index: FileIdentity, lookAgain: () => Promise<void>): () => void {
  const users = shared.get(keyOf(file)) ?? new Set()
  for (const user of users) {
    if (!isSameFile(user.index, index))
      throw new StoreError('IO', 'other stores of this process have another -shm open')
  }
  const user = { index, lookAgain }
  shared.set(keyOf(file), users.add(user))
  return () => {
    users.delete(user)
    if (users.size === 0 && shared.get(keyOf(file)) === users) shared.delete(keyOf(file))
  }
}

/** Whether stores have it open in this thread. */
export function isOpen(file: FileIdentity): boolean {
  return shared.has(keyOf(file))
}

/** Has all that have the file open in this thread look whether their index is still the one at its name, and let go of it. */
export async function haveAllLook(file: FileIdentity): Promise<void> {
  await Promise.allSettled([...(shared.get(keyOf(file)) ?? [])].map(({ lookAgain }) => lookAgain()))
}
