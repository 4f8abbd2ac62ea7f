import { isStoreError, messageOf, StoreError, type StoreErrorCode } from './errors.ts'

/** What the operating system's codes mean, and what to do. */
const MEANINGS: Readonly<Record<string, readonly [StoreErrorCode, string]>> = {
  ENOENT: ['NOT_FOUND', 'look at the path'],
  ENOTDIR: ['INVALID_ARGUMENT', 'it is no directory; name one'],
  EISDIR: ['INVALID_ARGUMENT', 'it is a directory; name a file'],
  EEXIST: ['INVALID_ARGUMENT', 'it is no directory; name one'],
  EACCES: ['PERMISSION_DENIED', 'look at its owner and its mode'],
  EPERM: ['PERMISSION_DENIED', 'look at its owner and its mode'],
  EROFS: ['READ_ONLY', 'the file system takes no writes; name another place'],
  ENOSPC: ['DISK_FULL', 'make room, then try again'],
  EDQUOT: ['DISK_FULL', 'make room, then try again'],
  Z_DATA_ERROR: ['MALFORMED', 'it is no gzip file, or a damaged one'],
  Z_BUF_ERROR: ['MALFORMED', 'it was cut off'],
}

/** What a file operation failed with, classified by its code. What is no file error stays what it is. */
export function fileError(error: unknown): unknown {
  if (isStoreError(error) || !(error instanceof Error) || !('code' in error)) return error
  const [code, advice] = MEANINGS[String(error.code)] ?? ['IO', 'look at the disk, then try again']
  const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : ''
  return new StoreError(code, `${path}${messageOf(error)}; ${advice}`, { cause: error })
}

/** @throws StoreError as `fileError`. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw fileError(error)
  }
}
