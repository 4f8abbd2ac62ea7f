import { randomUUID } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/**
 * With those above it that are missing; each stands on the disk by its name in the one above, whoever has made it. One by
 * one: Node's own `recursive` never ends where a file system takes no directories, as in /proc.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const missing: string[] = []
  for (let path = resolve(directory); !(await isThere(path)); path = dirname(path)) missing.unshift(path)
  for (const path of missing) {
    await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
      // Another one has made it meanwhile.
      if (!(await isThere(path))) throw error
    })
  }
  for (let path = resolve(directory); path !== dirname(path); path = dirname(path)) await syncAbove(path)
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

async function syncAbove(path: string): Promise<void> {
  try {
    await syncDirectory(dirname(path))
  } catch (error) {
    // What may not be read nothing was made in. And some file systems sync no directories, or take no writes.
    if (!['EACCES', 'EPERM', 'ERR_ACCESS_DENIED', 'EINVAL', 'EROFS'].includes(codeOf(error) ?? '')) throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
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
  await syncDirectory(directory)
}

/** What is written to it is on the disk when it ends. */
export function newFile(path: string): WriteStream {
  return createWriteStream(path, { mode: 0o600, flush: true })
}
