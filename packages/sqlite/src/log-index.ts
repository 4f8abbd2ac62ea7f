import { constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { StoreError } from '@shepherd-store/core'
import { fileError } from './errors.ts'
import { type FileIdentity, isSameFile } from './place.ts'
import { isOwnThread } from './thread.ts'

/** The index of a write-ahead log, which all that have the file open share. https://sqlite.org/walformat.html */
export const indexOf = (file: string): string => `${file}-shm`

/** Its format, in the byte order of the machine: nothing is written to any other. */
const FORMAT = { at: 0, version: 3_007_000 }
/** How many frames of the log are in the file. */
const CHECKPOINTED_AT = 96
const WORD_BYTES = 4

/** Descriptors stay: who closes one gives up the locks that this process has on the index. */
const descriptors = new Map<string, number>()
/** What an application's own thread has left open, is closed when that ends. */
export const mayForgetCheckpoints = isMainThread || isOwnThread

/**
 * Has the index say that nothing of the log is in the file, as it does when it was just made: whoever brings it in next,
 * begins at its beginning, and readers look there for every page. Nobody begins the log anew before it is in the file as a
 * whole, and a number that is too low does no harm; so no lock is needed, but whoever is bringing in the log meanwhile may
 * put their number back. To be called when what was brought in may not be on the disk. @throws StoreError `IO`, `UNSUPPORTED`
 */
export function forgetCheckpoints(file: string, index: FileIdentity): void {
  const path = indexOf(file)
  if (!mayForgetCheckpoints)
    throw new StoreError('UNSUPPORTED', `${path} is not written to in a thread of an application`)
  try {
    const descriptor = descriptorOf(path, index)
    const word = new Uint32Array(1)
    readSync(descriptor, word, 0, WORD_BYTES, FORMAT.at)
    if (word[0] !== FORMAT.version)
      throw new StoreError('UNSUPPORTED', `${path} has format ${word[0]}, which this version does not know`)
    word[0] = 0
    writeSync(descriptor, word, 0, WORD_BYTES, CHECKPOINTED_AT)
  } catch (error) {
    throw fileError(error, path)
  }
}

function descriptorOf(path: string, index: FileIdentity): number {
  const known = descriptors.get(keyOf(index))
  if (known !== undefined) return known
  const { dev, ino } = statSync(path, { bigint: true })
  if (!isSameFile({ device: dev, inode: ino }, index)) throw replaced(path)
  const descriptor = openSync(path, constants.O_RDWR)
  const opened = fstatSync(descriptor, { bigint: true })
  const identity = { device: opened.dev, inode: opened.ino }
  descriptors.set(keyOf(identity), descriptor)
  if (!isSameFile(identity, index)) throw replaced(path)
  return descriptor
}

const keyOf = ({ device, inode }: FileIdentity) => `${device} ${inode}`

function replaced(path: string): StoreError {
  return new StoreError('IO', `${path} was replaced`)
}
