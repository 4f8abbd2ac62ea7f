import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileEvent } from './system-calls.ts'

/**
 * What makes the files and directories below `directory`, and has them on the disk. What has an unsynced name comes last in
 * its directory: that may forget it.
 */
export function eventsOf(directory: string, unsyncedNames: readonly RegExp[] = []): readonly FileEvent[] {
  const isUnsynced = (name: string) => unsyncedNames.some((pattern) => pattern.test(name))
  const entries = readdirSync(directory, { withFileTypes: true })
  const make = (entry: Dirent): readonly FileEvent[] => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return [{ type: 'mkdir', path }, ...eventsOf(path, unsyncedNames)]
    return [
      { type: 'create', path, isEmptied: false },
      { type: 'write', path, offset: 0, bytes: readFileSync(path) },
      { type: 'sync', path, count: 0 },
    ]
  }
  return [
    ...entries.filter(({ name }) => !isUnsynced(name)).flatMap(make),
    { type: 'sync', path: directory, count: 0 },
    ...entries.filter(({ name }) => isUnsynced(name)).flatMap(make),
  ]
}
