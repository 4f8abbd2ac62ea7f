import { existsSync, readFileSync } from 'node:fs'

/** As SQLite documents them: https://www.sqlite.org/fileformat2.html#walformat */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/** Whether a commit was begun in the log of the database at `path`, and not ended: its writer was gone in the middle. */
export function holdsHalfACommit(path: string): boolean {
  const log = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : Buffer.alloc(0)
  if (log.length < HEADER_BYTES) return false
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8)
  const salt = log.subarray(16, 24)
  let isHalf = false
  for (let at = HEADER_BYTES; at + FRAME_HEADER_BYTES <= log.length; at += frameBytes) {
    // From here on it is an older log that is being written over.
    if (!log.subarray(at + 8, at + 16).equals(salt)) break
    // The frame that ends a commit tells the size of the database.
    isHalf = log.readUInt32BE(at + 4) === 0
  }
  return isHalf
}
