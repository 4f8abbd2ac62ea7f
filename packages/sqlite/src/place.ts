import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '@shepherd-store/core'
import { codeOf } from './errors.ts'

/** The first bytes of every SQLite file. https://sqlite.org/fileformat.html#the_database_header */
export const SQLITE_MAGIC = 'SQLite format 3\0'

/**
 * Looks at the path without SQLite, which would take an empty or a foreign file for its own, and makes the file, with
 * mode 0600, and the directories above it, with 0700, where they are missing.
 * @throws StoreError `NOT_FOUND` when there is no database and `create` is false, `INVALID_ARGUMENT` for a directory,
 * `UNRECOGNIZED_SCHEMA` for a file that is no SQLite database, `PERMISSION_DENIED`, `READ_ONLY`, `IO`.
 */
export function preparePlace(path: string, { create }: { readonly create: boolean }): void {
  try {
    const size = existsSync(path) ? sizeOfFile(path) : 0
    if (size > 0) {
      accessSync(path, constants.R_OK | constants.W_OK)
      return checkMagic(path, size)
    }
    if (!create) throw new StoreError('NOT_FOUND', `there is no store at ${path}; check the path, or let it be made`)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    throw fileError(error, path)
  }
}

/** A file by its place on the disk, whatever its name. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

/** Which file the path leads to. @throws StoreError `NOT_FOUND`, `PERMISSION_DENIED`, `IO`. */
export function identityOf(path: string): FileIdentity {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return { device: dev, inode: ino }
  } catch (error) {
    throw fileError(error, path)
  }
}

/** @throws StoreError `IO` when the path leads to another file; and as `identityOf`. */
export function requireSameFile(path: string, { device, inode }: FileIdentity): void {
  const found = identityOf(path)
  if (found.device === device && found.inode === inode) return
  throw new StoreError(
    'IO',
    `${path} is another file than the one that was opened; close the store, and look whose it is`,
  )
}

function sizeOfFile(path: string): number {
  const stats = statSync(path)
  if (stats.isFile()) return stats.size
  const what = stats.isDirectory()
    ? `a directory; name a file in it, such as ${path}/store.db`
    : 'no regular file; name one'
  throw new StoreError('INVALID_ARGUMENT', `${path} is ${what}`)
}

function checkMagic(path: string, size: number): void {
  const bytes = Buffer.alloc(Math.min(size, SQLITE_MAGIC.length))
  const file = openSync(path, 'r')
  try {
    readSync(file, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(file)
  }
  if (bytes.toString('latin1') === SQLITE_MAGIC) return
  throw new StoreError(
    'UNRECOGNIZED_SCHEMA',
    `${path} is no SQLite database; it was left as it is, choose another path`,
  )
}

function fileError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  const options = { cause: error }
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `${path} may not be opened (${code}); look at its permissions, and those of its directory`
    return new StoreError('PERMISSION_DENIED', message, options)
  }
  if (code === 'EROFS') {
    return new StoreError('READ_ONLY', `${path} is on a file system that takes no writes (${code})`, options)
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError('DISK_FULL', `there is no room for ${path} (${code}); make some, then try again`, options)
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new StoreError(
      'INVALID_ARGUMENT',
      `a part of ${path} is a file, not a directory (${code}); choose another path`,
      options,
    )
  }
  if (/^E[A-Z0-9]+$/.test(code))
    return new StoreError('IO', `${path} cannot be opened (${code}); look at the disk and the directory`, options)
  return error
}
