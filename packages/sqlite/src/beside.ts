import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { StoreError } from '@shepherd-store/core'
import { fileError } from './errors.ts'
import { type FileIdentity, identityOf, isSameFile } from './place.ts'

/** What SQLite keeps beside a file, and finds by its name: the write-ahead log, and the index of that, which all share. */
export interface Beside {
  readonly log: FileIdentity
  readonly index: FileIdentity
}

const logOf = (file: string) => `${file}-wal`
const indexOf = (file: string) => `${file}-shm`

/** What a connection that has just read has open. @throws StoreError `NOT_FOUND`, `PERMISSION_DENIED`, `IO`. */
export function besideOf(file: string): Beside {
  return { log: identityOf(logOf(file)), index: identityOf(indexOf(file)) }
}

/** @throws StoreError `IO` when another log, or another index, is there for others than the one that is open. */
export function requireBeside(file: string, { log, index }: Beside): void {
  requireSame(logOf(file), log)
  requireSame(indexOf(file), index)
}

/** @throws StoreError `IO` */
export function requireIndex(file: string, index: FileIdentity): void {
  requireSame(indexOf(file), index)
}

function requireSame(name: string, known: FileIdentity): void {
  const stats = statSync(name, { throwIfNoEntry: false, bigint: true })
  if (stats !== undefined && isSameFile({ device: stats.dev, inode: stats.ino }, known)) return
  const what = stats === undefined ? 'was taken away' : 'was replaced'
  throw new StoreError(
    'IO',
    `${name} ${what} under a store that has it open, and with it what was not yet brought into the file: close all stores on it, look who did that, and compare the log with a head that was kept`,
  )
}

/** How long the log is; 0: there is none, or nothing in it. */
export function logBytes(file: string): number {
  return statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0
}

/** How much of a log is written anew at a time. */
const BLOCK_BYTES = 1_048_576

/**
 * Writes the log anew, byte for byte, and syncs it. Behind a sync that failed the system takes what it was to write for
 * written: it can be read, and never reaches the disk. Nobody may write to it meanwhile. @throws StoreError
 */
export function rewriteLog(file: string): void {
  try {
    const log = openSync(logOf(file), 'r+')
    try {
      const block = Buffer.alloc(BLOCK_BYTES)
      for (let at = 0, read = 1; read > 0; at += read) {
        read = readSync(log, block, 0, block.length, at)
        for (let written = 0; written < read;) {
          written += writeSync(log, block, written, read - written, at + written)
        }
      }
      fsyncSync(log)
    } finally {
      closeSync(log)
    }
  } catch (error) {
    throw fileError(error, logOf(file))
  }
}

/** Which index the connections of this thread have open, of each file, and how many they are. */
const shared = new Map<string, { readonly index: FileIdentity; connections: number }>()

/**
 * Tells of a connection to a file, until what is returned is called. @throws StoreError `IO` when others in this thread have
 * another index open: whatever is at its name, this one shares theirs.
 */
export function shareIndex({ device, inode }: FileIdentity, index: FileIdentity): () => void {
  const key = `${device} ${inode}`
  const known = shared.get(key) ?? { index, connections: 0 }
  if (!isSameFile(known.index, index)) {
    const message =
      'other stores of this process have the file open with a -shm that is not at its name any more: close them'
    throw new StoreError('IO', message)
  }
  shared.set(key, known)
  known.connections += 1
  return () => {
    known.connections -= 1
    if (known.connections === 0) shared.delete(key)
  }
}
