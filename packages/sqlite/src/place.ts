import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '@shepherd-store/core'
import { codeOf, fileError } from './errors.ts'
import { syncDirectoryOf } from './sync.ts'

/**
 * Looks at the path, and makes the file, with mode 0600, and the directories above it, with 0700, where they are missing;
 * their names then survive a power cut. A file that is there is not opened: who closes it here gives up the locks that
 * other handles of this process have on it. https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 * @throws StoreError `NOT_FOUND` when there is no database and `create` is false, `INVALID_ARGUMENT` for a directory,
 * `UNRECOGNIZED_SCHEMA` for a file that is too short, `PERMISSION_DENIED`, `READ_ONLY`, `IO`.
 */
export async function preparePlace(path: string, { create }: { readonly create: boolean }): Promise<void> {
  try {
    const size = existsSync(path) ? sizeOfFile(path) : 0
    if (size > 0) {
      accessSync(path, constants.R_OK | constants.W_OK)
      if (size < PAGE_BYTES_MIN) throw unrecognizedFile(path)
      return
    }
    if (!create) throw new StoreError('NOT_FOUND', `there is no store at ${path}; check the path, or let it be made`)
    const made = makeDirectory(dirname(path))
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
    else closeSync(openSync(path, 'a', 0o600))
    for (const name of [path, dirname(path), ...made.slice(1)]) await syncDirectoryOf(name)
  } catch (error) {
    throw fileError(error, path)
  }
}

/** SQLite takes a file that is shorter than any page for an empty one, and writes over it. */
const PAGE_BYTES_MIN = 512

function unrecognizedFile(path: string): StoreError {
  const message = `${path} is no SQLite database; it was left as it is, choose another path`
  return new StoreError('UNRECOGNIZED_SCHEMA', message)
}

/** A file by its place on the disk, whatever its name. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

/** A file that is there, and is no other program's. Whatever else is at its path later, is not opened. */
export interface Place {
  readonly file: string
  /** Which file that is. */
  readonly identity: FileIdentity
  readonly busyTimeoutMs: number
  /** The index that another thread has open: connections of one process share it, whatever is at its name. */
  readonly index?: FileIdentity | undefined
}

/** Which file the path leads to. @throws StoreError `NOT_FOUND`, `PERMISSION_DENIED`, `IO`. */
export function identityOf(path: string): FileIdentity {
  const { dev, ino } = statsOf(path)
  return { device: dev, inode: ino }
}

/**
 * @returns when it was last written to, in nanoseconds. @throws StoreError `IO` when the path leads to another file; and as
 * `identityOf`.
 */
export function requireSameFile(path: string, identity: FileIdentity): bigint {
  const { dev, ino, mtimeNs } = statsOf(path)
  if (isSameFile({ device: dev, inode: ino }, identity)) return mtimeNs
  throw new StoreError(
    'IO',
    `${path} is another file than the one that was opened; close the store, and look whose it is`,
  )
}

function statsOf(path: string) {
  try {
    return statSync(path, { bigint: true })
  } catch (error) {
    throw fileError(error, path)
  }
}

export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.device === other.device && one.inode === other.inode
}

function sizeOfFile(path: string): number {
  const stats = statSync(path)
  if (stats.isFile()) return stats.size
  const what = stats.isDirectory()
    ? `a directory; name a file in it, such as ${path}/store.db`
    : 'no regular file; name one'
  throw new StoreError('INVALID_ARGUMENT', `${path} is ${what}`)
}

/** With those above it, and says which it made, the last one first. One by one: Node tells of a read-only file system, when it is to make all of them, as `ENOENT`. */
function makeDirectory(path: string): readonly string[] {
  if (existsSync(path)) return []
  const above = makeDirectory(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (codeOf(error) !== 'EEXIST') throw error
  }
  return [path, ...above]
}
