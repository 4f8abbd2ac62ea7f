import { constants } from 'node:fs'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What belongs to the server that has the files open, or is made anew. */
const LEFT_OUT: ReadonlySet<string> = new Set(['postmaster.pid', 'postmaster.opts', 'pg_internal.init'])
const LEFT_EMPTY: ReadonlySet<string> = new Set(['pg_replslot', 'pg_stat_tmp', 'pg_notify'])
/** Whoever starts from the copy of a server at work gets it from there. */
const LOG = 'pg_wal'

export interface CopyOptions {
  /** Called for each file and directory of the copy. */
  readonly give: (path: string) => Promise<void>
  readonly withLog: boolean
}

/**
 * Copies a data directory: that of a server that is stopped, or, without its write-ahead log, that of one at work between
 * pg_backup_start and pg_backup_stop. A file that goes meanwhile is not needed.
 */
export async function copyData(from: string, to: string, options: CopyOptions): Promise<void> {
  await mkdir(to)
  await options.give(to)
  await copyEntries(from, to, options)
}

async function copyEntries(from: string, to: string, options: CopyOptions & { readonly empty?: boolean }) {
  const { give, withLog, empty = false } = options
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      const isLeftEmpty = LEFT_EMPTY.has(entry.name) || (entry.name === LOG && !withLog)
      await mkdir(copy)
      await give(copy)
      await copyEntries(source, copy, { ...options, empty: empty || isLeftEmpty })
    } else if (!empty && !LEFT_OUT.has(entry.name) && (await copied(source, copy))) await give(copy)
  }
}

async function copied(source: string, copy: string): Promise<boolean> {
  try {
    await copyFile(source, copy, constants.COPYFILE_FICLONE)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
