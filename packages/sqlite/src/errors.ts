import { isStoreError, type Outcome, StoreError, type StoreErrorCode } from '@shepherd-store/core'

/** What SQLite's result codes mean. The longest prefix counts. https://sqlite.org/rescode.html */
const MEANINGS: readonly (readonly [prefix: string, code: StoreErrorCode, advice: string])[] = [
  ['SQLITE_BUSY', 'BUSY', 'other processes kept the file locked; try again'],
  ['SQLITE_LOCKED', 'BUSY', 'another connection keeps a table locked; try again'],
  ['SQLITE_READONLY', 'READ_ONLY', 'the file cannot be written; look at its permissions, and those of its directory'],
  ['SQLITE_PERM', 'PERMISSION_DENIED', 'the file may not be opened; look at its permissions'],
  ['SQLITE_FULL', 'DISK_FULL', 'make room on the disk, then try again'],
  ['SQLITE_IOERR', 'IO', 'the operating system failed the call; look at the disk and the system log'],
  ['SQLITE_CANTOPEN', 'IO', 'the file, or its -wal or -shm beside it, cannot be opened; look at the directory'],
  [
    'SQLITE_CORRUPT',
    'CORRUPT',
    'the file is damaged, or the disk failed to read it; try again, and look with check, or restore a backup',
  ],
  ['SQLITE_NOTADB', 'UNRECOGNIZED_SCHEMA', 'the file is no SQLite database; choose another'],
  // Every statement is the store's own: what it names is not there, or what it reads is not in its form.
  ['SQLITE_ERROR', 'DATABASE', 'the file is not as the store made it; look with check, or restore a backup'],
  ['SQLITE_AUTH', 'PERMISSION_DENIED', 'the statement was not authorised'],
  ['SQLITE_PROTOCOL', 'BUSY', 'too many processes opened the file at once; try again'],
]

/** SQLite's error as a `StoreError`: classified by its result code, never by its text. */
export function toStoreError(error: unknown, outcome: Outcome = 'not_applied'): StoreError {
  if (isStoreError(error)) return error
  const code = codeOf(error)
  const meaning = MEANINGS.find(([prefix]) => code.startsWith(prefix))
  const text = error instanceof Error ? error.message : String(error)
  if (meaning !== undefined) {
    return new StoreError(meaning[1], `${text} (${code}): ${meaning[2]}`, { cause: error, outcome })
  }
  return new StoreError(
    'DATABASE',
    code === '' ? text : `${text} (${code}): see what SQLite says of this result code`,
    { cause: error, outcome },
  )
}

/** The result code of better-sqlite3's `SqliteError`, such as `SQLITE_BUSY`; empty for any other error. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return ''
  return error.code
}

/** What the operating system says of the file at `path`, as a `StoreError`; whatever else it is, as it is. */
export function fileError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  const options = { cause: error }
  if (code === 'EACCES' || code === 'EPERM' || code === 'ERR_ACCESS_DENIED') {
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
