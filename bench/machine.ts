import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import process from 'node:process'
import Database from 'better-sqlite3'

/** What the figures depend on beside the software. */
export function machine() {
  const database = new Database(':memory:')
  const sqlite = database.prepare<[], string>('select sqlite_version()').pluck().get()
  database.close()
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    sqlite: sqlite ?? 'unknown',
  }
}
