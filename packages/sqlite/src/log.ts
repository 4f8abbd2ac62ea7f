import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { fileError } from './errors.ts'

/** The write-ahead log beside a file. https://sqlite.org/fileformat.html#the_write_ahead_log */
export const logOf = (file: string): string => `${file}-wal`

/** How long the log is; 0: there is none, or nothing in it. */
export function logBytes(file: string): number {
  return statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0
}

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** The lowest bit tells the order of the bytes in the words that are summed up. */
const MAGIC = 0x37_7f_06_82
const SALT = { at: 16, bytes: 8 }
const PAGE_BYTES_MIN = 512
const PAGE_BYTES_MAX = 65_536
/** How many frames are written anew at a time. */
const FRAMES_PER_BLOCK = 128

/**
 * Writes the first `count` frames of the log anew, byte for byte, and syncs it. Behind a sync that failed the system takes
 * what it was to write for written: it can be read, and never reaches the disk. Nobody else may write to them meanwhile.
 * @returns how many of them are whole, by the sums in them: so many are on the disk. @throws StoreError
 */
export function rewriteLog(file: string, count: number): number {
  try {
    const log = openSync(logOf(file), 'r+')
    try {
      const frames = rewriteFrames(log, count)
      fsyncSync(log)
      return frames
    } finally {
      closeSync(log)
    }
  } catch (error) {
    throw fileError(error, logOf(file))
  }
}

function rewriteFrames(log: number, count: number): number {
  const header = Buffer.alloc(HEADER_BYTES)
  if (readSync(log, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return 0
  const pageBytes = header.readUInt32BE(8)
  if ((header.readUInt32BE(0) & ~1) !== MAGIC || pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX) return 0
  const sum = new Sum((header.readUInt32BE(0) & 1) === 1)
  sum.add(header, 0, SALT.at + SALT.bytes)
  if (!sum.isAt(header, SALT.at + SALT.bytes)) return 0
  writeAll(log, header, 0)

  const salt = header.subarray(SALT.at, SALT.at + SALT.bytes)
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  const block = Buffer.alloc(FRAMES_PER_BLOCK * frameBytes)
  let frames = 0
  while (frames < count) {
    const at = HEADER_BYTES + frames * frameBytes
    const asked = Math.min(FRAMES_PER_BLOCK, count - frames)
    const read = Math.floor(readSync(log, block, 0, asked * frameBytes, at) / frameBytes)
    let valid = 0
    while (valid < read && isNext(block.subarray(valid * frameBytes, (valid + 1) * frameBytes), salt, sum)) valid += 1
    writeAll(log, block.subarray(0, valid * frameBytes), at)
    frames += valid
    if (valid < asked) break
  }
  return frames
}

/** Whether the frame follows upon those that were summed up. */
function isNext(frame: Buffer, salt: Buffer, sum: Sum): boolean {
  if (!frame.subarray(8, 16).equals(salt)) return false
  sum.add(frame, 0, 8)
  sum.add(frame, FRAME_HEADER_BYTES, frame.length)
  return sum.isAt(frame, 16)
}

/** The sum over a log, word by word. https://sqlite.org/fileformat.html#checksum_algorithm */
class Sum {
  readonly #isBigEndian: boolean
  #even = 0
  #odd = 0

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian
  }

  add(bytes: Buffer, from: number, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const isLittleEndian = !this.#isBigEndian
    let [even, odd] = [this.#even, this.#odd]
    for (let at = from; at < to; at += 8) {
      even = (even + view.getUint32(at, isLittleEndian) + odd) >>> 0
      odd = (odd + view.getUint32(at + 4, isLittleEndian) + even) >>> 0
    }
    this.#even = even
    this.#odd = odd
  }

  isAt(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#even && bytes.readUInt32BE(at + 4) === this.#odd
  }
}

function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(file, bytes, written, bytes.length - written, at + written)
  }
}
