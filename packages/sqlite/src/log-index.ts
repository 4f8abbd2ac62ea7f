import { constants, openSync, readSync, statSync, writeSync } from 'node:fs'
import { StoreError } from '@shepherd-store/core'
import { fileError } from './errors.ts'
import { type FileIdentity, isSameFile } from './place.ts'

/** The index of a write-ahead log, which all that have the file open share. https://sqlite.org/walformat.html */
export const indexOf = (file: string): string => `${file}-shm`

/** Its format, in the byte order of the machine: nothing is written to any other. */
const FORMAT = { at: 0, version: 3_007_000 }
/** How many frames of the log are in the file. */
const CHECKPOINTED_AT = 96
const WORD_BYTES = 4

/** Descriptors stay: who closes one gives up the locks that this process has on the index. */
const descriptors = new Map<string, number>()

/**
 * Has the index say that nothing of the log is in the file, as it does when it was just made: whoever brings it in next,
 * begins at its beginning, and readers look there for every page. Nobody begins the log anew before it is in the file as a
 * whole. To be called when what was brought in could not be synced: the system may have forgotten it, and a later sync that
 * succeeds proves nothing of it. @throws StoreError `IO`, `UNSUPPORTED`
 */
export function forgetCheckpoints(file: string, index: FileIdentity): void {
  try {
    const descriptor = descriptorOf(indexOf(file), index)
    const word = new Uint32Array(1)
    readSync(descriptor, word, 0, WORD_BYTES, FORMAT.at)
    if (word[0] !== FORMAT.version)
      throw new StoreError('UNSUPPORTED', `${indexOf(file)} has format ${word[0]}, which this version does not know`)
    word[0] = 0
    writeSync(descriptor, word, 0, WORD_BYTES, CHECKPOINTED_AT)
  } catch (error) {
    throw fileError(error, indexOf(file))
  }
}

function descriptorOf(path: string, index: FileIdentity): number {
  const { dev, ino } = statSync(path, { bigint: true })
  if (!isSameFile({ device: dev, inode: ino }, index)) throw new StoreError('IO', `${path} was replaced`)
  const key = `${dev} ${ino}`
  const descriptor = descriptors.get(key) ?? openSync(path, constants.O_RDWR)
  descriptors.set(key, descriptor)
  return descriptor
}
