import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileEvent } from './system-calls.ts'

/** What makes the files and directories below `directory`, and has them on the disk. */
export function eventsOf(directory: string): readonly FileEvent[] {
  const made = readdirSync(directory, { withFileTypes: true }).flatMap((entry): readonly FileEvent[] => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return [{ type: 'mkdir', path }, ...eventsOf(path)]
    return [
      { type: 'create', path },
      { type: 'write', path, offset: 0, bytes: readFileSync(path) },
      { type: 'sync', path, count: 0 },
    ]
  })
  return [...made, { type: 'sync', path: directory, count: 0 }]
}
