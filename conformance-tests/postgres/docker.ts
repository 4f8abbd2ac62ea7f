import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { within } from './deadline.ts'
import type { PostgresServer } from './postgres-server.ts'
import { reasonOf } from './reason.ts'

/** A daemon that works answers in a few milliseconds; one that wakes up may need a second. */
const PING_TIMEOUT_MS = 2_000
/** Room for pulling the image over a slow line. */
const START_TIMEOUT_MS = 300_000
const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000
/** What Testcontainers 12 asks for; we support older ones, which therefore use the other roads. */
const NODE_MIN = { major: 22, minor: 22 }

/** @throws Error which says why Docker cannot serve this run. */
export async function startInDocker(image: string): Promise<PostgresServer> {
  checkNode(process.versions.node)
  await findDaemon()
  try {
    return await within(startContainer(image), START_TIMEOUT_MS, `not started within ${START_TIMEOUT_MS} ms`)
  } catch (error) {
    const message = `a daemon answers, but ${image} did not start: ${reasonOf(error)}`
    // Said at once, because a later road may hide that the one the developer expects is broken.
    console.warn(`Docker: ${message}`)
    throw new Error(message, { cause: error })
  }
}

async function startContainer(image: string): Promise<PostgresServer> {
  // Imported late: it refuses an older Node, and costs half a second where there is no Docker.
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const container = await new PostgreSqlContainer(image).withStartupTimeout(READY_TIMEOUT_MS).start()
  return {
    url: container.getConnectionUri(),
    source: 'docker',
    stop: async () => {
      const stopped = container.stop({ remove: true, removeVolumes: true })
      await within(stopped, STOP_TIMEOUT_MS, `Docker did not remove container ${container.getId()}: docker rm -fv it.`)
    },
  }
}

function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor)) return
  throw new Error(`Testcontainers needs Node ${NODE_MIN.major}.${NODE_MIN.minor} or newer, this is ${version}`)
}

/** Asks, because a socket or a `docker` command is also there when no daemon is. */
async function findDaemon(): Promise<void> {
  const addresses = daemonAddresses()
  if (addresses.length === 0) throw new Error('DOCKER_HOST is not set, and no socket of a daemon is in a usual place')
  try {
    await Promise.any(addresses.map(ping))
  } catch (error) {
    throw new Error(`no daemon answers (${reasonOf(error)})`, { cause: error })
  }
}

/** The places where Testcontainers looks too. */
function daemonAddresses(): string[] {
  const { DOCKER_HOST, XDG_RUNTIME_DIR } = process.env
  if (DOCKER_HOST) return [DOCKER_HOST]
  if (process.platform === 'win32') return ['npipe:////./pipe/docker_engine']
  return [
    '/var/run/docker.sock',
    join(XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`, 'docker.sock'),
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
  ]
    .filter((path) => existsSync(path))
    .map((path) => `unix://${path}`)
}

async function ping(address: string): Promise<void> {
  const destination = destinationOf(address)
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`${address}: ${reason}`))
    const signal = AbortSignal.timeout(PING_TIMEOUT_MS)
    const request = get({ ...destination, path: '/_ping', agent: false, signal }, (response) => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else fail(`answered ${response.statusCode}`)
    })
    request.on('error', (error) => fail(signal.aborted ? `no answer within ${PING_TIMEOUT_MS} ms` : reasonOf(error)))
  })
}

function destinationOf(address: string): { socketPath: string } | { host: string; port: string } {
  const socketPath = /^(?:unix|npipe):\/\/(.+)$/.exec(address)?.[1]
  if (socketPath) return { socketPath }
  const url = URL.canParse(address) ? new URL(address) : undefined
  if ((url?.protocol === 'tcp:' || url?.protocol === 'http:') && !process.env['DOCKER_TLS_VERIFY']) {
    return { host: url.hostname, port: url.port || '2375' }
  }
  throw new Error(`${address}: the tests reach a daemon by unix://, npipe:// or tcp:// without TLS only`)
}
