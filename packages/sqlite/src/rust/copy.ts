import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, mkdtemp, open, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isStoreError, StoreError } from '@shepherd-store/core'
import { isOpen } from '../beside.ts'
import { codeOf } from '../errors.ts'
import { SQLITE_MAGIC } from '../journal.ts'
import { identityOf } from '../place.ts'

/** A database file in a directory of our own, with whatever journal stood beside it. */
export interface PrivateCopy {
  readonly file: string
  remove(): Promise<void>
}

/**
 * Copies the database at `path` as it is at one instant, without opening it: SQLite would leave `-wal` and `-shm` files
 * beside a WAL database, could not roll back a journal that a crash left, and its read lock would make the running
 * crate, which ignores errors, lose a write.
 *
 * Without a lock the file may change while it is read. So everything is read twice: each block that is the same both
 * times had that content at the moment between the two passes, and so all of them together are the files of that
 * moment. What SQLite finds there is what a crash would have left, and it recovers the copy as it would after one.
 * @throws StoreError `NOT_FOUND`, `INVALID_ARGUMENT` (not a file), `UNRECOGNIZED_SCHEMA` (not an SQLite database, or that of a store that is open),
 * `PERMISSION_DENIED`, `BUSY` (it keeps changing), `DISK_FULL` (no room for the copy), `IO` (it cannot be read, or no copy
 * be made); `signal.reason` once it is aborted.
 */
export async function copyDatabase(path: string, signal?: AbortSignal): Promise<PrivateCopy> {
  try {
    // SQLite keeps the journal beside the file itself, not beside a link to it.
    const source = await realpath(path)
    await checkHeader(source, path)
    const directory = await makeDirectory(path)
    const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
    const file = join(directory, 'source.db')
    try {
      await copyUnchanged(source, file, { path, signal })
    } catch (error) {
      await remove()
      throw error
    }
    return { file, remove }
  } catch (error) {
    signal?.throwIfAborted()
    throw fileError(error, path)
  }
}

const SUFFIXES = ['', '-journal', '-wal'] as const
/** A household's service writes a few times a minute, and a copy takes milliseconds. */
const ATTEMPTS_MAX = 10
const ATTEMPT_PAUSE_MS = 50
const ADVICE = "give the path of the crate's file, shepherdd.db"

interface CopyContext {
  readonly path: string
  readonly signal: AbortSignal | undefined
}

async function copyUnchanged(source: string, file: string, { path, signal }: CopyContext): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    for (const suffix of SUFFIXES) {
      signal?.throwIfAborted()
      await copyIfThere(source + suffix, file + suffix)
    }
    const equal: boolean[] = []
    for (const suffix of SUFFIXES) {
      equal.push((await digest(source + suffix, signal)) === (await digest(file + suffix, signal)))
    }
    if (!equal.includes(false)) return
    await setTimeout(ATTEMPT_PAUSE_MS)
  }
  throw new StoreError('BUSY', `${path} keeps changing; stop the service that writes to it, then try again`)
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to)
    await chmod(to, 0o600) // the source may be read-only; its copy is to be recovered
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await rm(to, { force: true })
  }
}

async function digest(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file)) {
      signal?.throwIfAborted()
      hash.update(chunk as Buffer)
    }
    return hash.digest('hex')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'absent'
    throw error
  }
}

async function checkHeader(source: string, path: string): Promise<void> {
  if (!(await stat(source)).isFile()) {
    throw new StoreError('INVALID_ARGUMENT', `${path} is not a file; ${ADVICE}`)
  }
  // Who closes it here would give up the locks that the store has on it.
  if (isOpen(identityOf(source))) {
    const message = `${path} is open as a store, and a database of this library needs no import; ${ADVICE}`
    throw new StoreError('UNRECOGNIZED_SCHEMA', message)
  }
  const handle = await open(source, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SQLITE_MAGIC.length), { position: 0 })
    if (buffer.toString('latin1', 0, bytesRead) === SQLITE_MAGIC) return
  } finally {
    await handle.close()
  }
  throw new StoreError('UNRECOGNIZED_SCHEMA', `${path} is not an SQLite database; ${ADVICE}`)
}

/** With mode 0700. */
async function makeDirectory(path: string): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'shepherd-rust-'))
  } catch (error) {
    throw copyError(error, path)
  }
}

/** The temporary directory is at fault, not the source. */
function copyError(cause: unknown, path: string): StoreError {
  const code = codeOf(cause)
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new StoreError(
    isFull ? 'DISK_FULL' : 'IO',
    `${path} is read from a copy, and none can be made in ${tmpdir()} (${code}); set TMPDIR (on Windows TEMP) to a ` +
      `directory that ${isFull ? 'has room for it' : 'exists and can be written'}`,
    { cause },
  )
}

function fileError(error: unknown, path: string): unknown {
  if (isStoreError(error)) return error
  const options = { cause: error }
  const code = codeOf(error)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new StoreError('NOT_FOUND', `there is no file ${path}; ${ADVICE}`, options)
    case 'EACCES':
    case 'EPERM':
      return new StoreError('PERMISSION_DENIED', `${path} may not be read (${code}); look at its permissions`, options)
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EROFS':
      return copyError(error, path)
    case '':
      return error
    default:
      return new StoreError('IO', `${path} cannot be read (${code}); look at the disk`, options)
  }
}
