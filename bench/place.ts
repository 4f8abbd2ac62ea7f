import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createDatabase, type TestDatabase } from '../conformance-tests/postgres/database.ts'
import type { PostgresServer } from '../conformance-tests/postgres/postgres-server.ts'
import { startPostgres } from '../conformance-tests/postgres/start.ts'

/** Where contenders keep what they write. */
export interface Place {
  /** The path of a file that is not there yet. */
  file(name: string): string
  /** The path of a file that several rows share: `make` is called the first time that it is asked for. */
  shared(name: string, make: (path: string) => Promise<unknown>): Promise<string>
  /** The URL of a database that is the bench's own. Its server is started by the first call. */
  postgres(): Promise<string>
}

export interface OwnedPlace extends Place {
  /** Removes the files that are not shared, so that the next row finds the disk as this one did. */
  clear(): void
  /** Removes everything, and stops what was started. May be repeated. */
  close(): Promise<void>
}

/** A directory in `SHEPHERD_BENCH_DIR`, by default in the system's one for temporary files. */
export function openPlace(): OwnedPlace {
  const root = mkdtempSync(join(process.env['SHEPHERD_BENCH_DIR'] ?? tmpdir(), 'shepherd-bench-'))
  const ofRow = join(root, 'row')
  const removeFiles = (): void => rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  // Whatever ends the process, an error that nobody caught included.
  process.once('exit', removeFiles)
  const shared = new Map<string, Promise<string>>()
  let files = 0
  let postgres: Promise<Started> | undefined
  let closing: Promise<void> | undefined

  async function removeAll(): Promise<void> {
    // One that did not start leaves nothing behind, and has told why.
    const started = await postgres?.catch(() => undefined)
    await started?.database.drop()
    await started?.server.stop()
    removeFiles()
  }

  return {
    file(name) {
      if (closing !== undefined) throw new Error('the bench was interrupted')
      const directory = join(ofRow, `${(files += 1)}`)
      mkdirSync(directory, { recursive: true })
      return join(directory, name)
    },
    shared(name, make) {
      const path = join(root, name)
      const known = shared.get(name) ?? make(path).then(() => path)
      shared.set(name, known)
      return known
    },
    async postgres() {
      postgres ??= startDatabase()
      return (await postgres).database.url
    },
    clear() {
      rmSync(ofRow, { recursive: true, force: true })
    },
    close: () => (closing ??= removeAll()),
  }
}

interface Started {
  readonly server: PostgresServer
  readonly database: TestDatabase
}

async function startDatabase(): Promise<Started> {
  const server = await startPostgres()
  try {
    return { server, database: await createDatabase(server.url) }
  } catch (error) {
    await server.stop()
    throw error
  }
}
