import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export interface Directories {
  /** Holds them all; it goes with the test file. */
  readonly root: string
  /** The path of a directory that is not there yet. */
  fresh(): string
}

export function temporaryDirectories(): Directories {
  const root = mkdtempSync(join(tmpdir(), 'shepherd-store-'))
  afterAll(() => rmSync(root, { recursive: true }))
  let count = 0
  return { root, fresh: () => join(root, `${(count += 1)}`) }
}

/** Every file's bytes, as digests. */
export function contentsOf(directory: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(directory, { withFileTypes: true }).map((entry) => [
      entry.name,
      entry.isFile()
        ? createHash('sha256')
            .update(readFileSync(join(directory, entry.name)))
            .digest('hex')
        : 'directory',
    ]),
  )
}
