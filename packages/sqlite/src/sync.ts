import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import { codeOf, fileError } from './errors.ts'

/**
 * Makes what is called what in the directory of `path` survive a power cut: a file that is synced, in a directory that is
 * not, is gone with that. @throws StoreError
 */
export async function syncDirectoryOf(path: string): Promise<void> {
  if (process.platform === 'win32') return // which opens no directories, and needs none of this
  try {
    await sync(dirname(path))
  } catch (error) {
    // What may not be read was not made here: whoever made it has seen to it. And some file systems sync no directories.
    if (!['EACCES', 'EPERM', 'ERR_ACCESS_DENIED', 'EINVAL'].includes(codeOf(error))) throw fileError(error, path)
  }
}

/** A slow disk is waited for beside the event loop. */
async function sync(path: string): Promise<void> {
  const opened = await open(path, 'r')
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}
