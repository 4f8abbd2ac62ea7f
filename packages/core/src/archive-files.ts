import { randomUUID } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'

/**
 * With those above it that are missing; each stands on the disk by its name in the one above, whoever has made it, where
 * that may be read. One by one: Node's own `recursive` never ends where a file system takes no directories, as in /proc.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const missing: string[] = []
  for (let path = resolve(directory); !(await isThere(path)); path = dirname(path)) {
    missing.unshift(path)
    if (path === dirname(path)) break
  }
  for (const path of missing) {
    await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
      // Another one has made it meanwhile.
      if (!(await isThere(path))) throw error
    })
  }
  for (const path of missing) await sync(dirname(path))
  for (let path = await realpath(missing[0] ?? directory); path !== dirname(path); path = dirname(path))
    await syncIfPossible(dirname(path))
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** What was there before this call may not be this program's to read, or be of a file system that syncs no directories. */
async function syncIfPossible(directory: string): Promise<void> {
  try {
    await sync(directory)
  } catch (error) {
    if (codeOf(error) === 'EIO') throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** A file that somebody has written, or a directory: which names are in it. */
export async function sync(path: string): Promise<void> {
  if (process.platform === 'win32') return // which opens no directories
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Under another name first: what has the name is complete, and on the disk. */
export async function replaceFile(
  directory: string,
  name: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = join(directory, `.${name}.${randomUUID()}.partial`)
  try {
    await write(partial)
    await rename(partial, join(directory, name))
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  await sync(directory)
}

/** What is written to it is on the disk when it ends. */
export function newFile(path: string): WriteStream {
  return createWriteStream(path, { mode: 0o600, flush: true })
}
