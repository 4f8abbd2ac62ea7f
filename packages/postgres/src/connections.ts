import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { clearTimeout, setTimeout } from 'node:timers'
import { describe, StoreError, type StoreErrorCode, systemClock } from '@shepherd-store/core'
import pg, { type Pool, type PoolClient, type PoolConfig } from 'pg'
import { parse } from 'pg-connection-string'

/** A pool, as the runner uses it. */
export interface Connections {
  /** Whether nobody else uses them, so that what is set on one stays. */
  readonly areOurs: boolean
  /** @throws StoreError `TIMEOUT`, or the driver's error. */
  checkOut(timeoutMs: number): Promise<PoolClient>
  /**
   * Those that are there are not used again. For a silence (`TIMEOUT`) that is so now and then only: a server that is slow would
   * have all its connections made anew with each try.
   */
  renew(code: StoreErrorCode): void
  /** Ends the pool, unless it is the caller's. */
  close(): Promise<void>
}

/** How long the goodbye to the server may take, in milliseconds; then the sockets are closed without it. */
const GOODBYE_TIMEOUT_MS = 2_000
/** How long after its caller a connection that nobody answers is given up, in milliseconds. */
const GIVEN_UP_MS = 50

/** Flights are sent as one, and values are read as text. */
const ALWAYS = { pipeline: true, binary: false }

/** Connections of a pool of our own, which always pipelines. @throws StoreError `INVALID_ARGUMENT` for a URL that is none. */
export function ownConnections(where: string | PoolConfig, connectTimeoutMs: number): Connections {
  const given = typeof where === 'string' ? { connectionString: where } : where
  checkPort(given.connectionString === undefined ? given.port : portIn(given.connectionString))
  const sockets = new Set<Duplex>()
  const pool = new pg.Pool({
    keepAlive: true,
    application_name: 'shepherd-store',
    // Without it a connection that nobody answers would keep its place in the pool.
    // Later than the caller gives up, so that it is told of a timeout.
    connectionTimeoutMillis: connectTimeoutMs + GIVEN_UP_MS,
    ...given,
    ...ALWAYS,
    stream: () => {
      const socket = socketOf(given)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
  })
  const { checkOut, renew } = connectionsOf(pool)
  return {
    areOurs: true,
    checkOut,
    renew,
    async close() {
      // A frozen server says no goodbye, and a client that failed to begin is never done.
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy()
          resolve()
        }, GOODBYE_TIMEOUT_MS)
      })
      // A client is out of the pool before its server has answered the goodbye.
      const gone = () => Promise.all([...sockets].map(whenClosed))
      try {
        await Promise.race([pool.end().then(gone), late])
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** However it ends. */
function whenClosed(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
}

/** The caller may bring the sockets, as the connectors of hosted databases do. */
function socketOf({ stream }: PoolConfig): Duplex {
  return (typeof stream === 'function' ? stream() : stream) ?? new Socket()
}

/** Connections of the caller's pool. It stays open, and keeps its settings: the store sets its own per transaction. */
export function borrowedConnections(pool: Pool): Connections {
  const { checkOut, renew, letGo } = connectionsOf(pool)
  return {
    areOurs: false,
    checkOut,
    renew,
    async close() {
      letGo()
    },
  }
}

/** How often all connections may be replaced because of a silence, in milliseconds. */
const RENEWAL_INTERVAL_MS = 1_000

function connectionsOf(pool: Pool) {
  // A connection that is lost while nobody uses it is told by the pool. The next call finds another.
  pool.on('error', ignore)
  let renewals = 0
  let renewedAtMs = Number.NEGATIVE_INFINITY
  const madeAfter = new WeakMap<PoolClient, number>()
  // From its first moment: the server may end a connection in the same breath in which it accepts it.
  const welcome = (client: PoolClient) => {
    watch(client)
    madeAfter.set(client, renewals)
  }
  pool.on('connect', welcome)
  return {
    async checkOut(timeoutMs: number): Promise<PoolClient> {
      const deadlineMs = systemClock.monotonicMs() + timeoutMs
      for (;;) {
        const client = await within(pool.connect(), Math.max(1, Math.ceil(deadlineMs - systemClock.monotonicMs())))
        watch(client)
        if ((madeAfter.get(client) ?? 0) === renewals) return client
        client.release(true)
      }
    },
    renew(code: StoreErrorCode) {
      const nowMs = systemClock.monotonicMs()
      if (code === 'TIMEOUT' && nowMs - renewedAtMs < RENEWAL_INTERVAL_MS) return
      renewedAtMs = nowMs
      renewals += 1
    },
    letGo() {
      pool.off('error', ignore)
      pool.off('connect', welcome)
    },
  }
}

const watched = new WeakSet<PoolClient>()

/** Without a listener a connection that is lost while it is used would end the process. The call itself rejects. */
function watch(client: PoolClient): void {
  if (watched.has(client)) return
  watched.add(client)
  client.on('error', ignore)
}

function ignore(): void {
  // Whoever was using the connection is told by the call.
}

/** A connection that comes too late goes back to the pool. */
function within(connecting: Promise<PoolClient>, timeoutMs: number): Promise<PoolClient> {
  return new Promise((resolve, reject) => {
    let expired = false
    const timer = setTimeout(() => {
      expired = true
      const message = `no connection to the database within ${timeoutMs} ms; look whether it runs, and at the size of the pool`
      reject(new StoreError('TIMEOUT', message))
    }, timeoutMs)
    const ended = (): void => clearTimeout(timer)
    connecting.then(ended, ended)
    connecting.then((client) => (expired ? client.release() : resolve(client)), reject)
  })
}

/** The URL is looked at here, since the parser's own error shows the password. */
function portIn(url: string): string | null | undefined {
  if (!/^(postgres(ql)?:\/\/|socket:|\/)/i.test(url)) throw invalidUrl('it must begin with postgres://')
  const { database, port } = parsed(url)
  if (/^postgres/i.test(url) && database?.includes('@'))
    throw invalidUrl(`the name of its database has an @; ${ENCODE}`)
  return port
}

function parsed(url: string): ReturnType<typeof parse> {
  try {
    return parse(url)
  } catch (error) {
    const path = error instanceof Error && 'path' in error ? String(error.path) : undefined
    throw invalidUrl(path === undefined ? `it cannot be parsed; ${ENCODE}` : `it names ${path}, which cannot be read`)
  }
}

const ENCODE = 'percent-encode special characters in the password'

function invalidUrl(problem: string): StoreError {
  return new StoreError('INVALID_ARGUMENT', `the URL of the database is not valid: ${problem}`)
}

/** A client that begins with such a port fails in a way that its pool does not get over. */
function checkPort(port: string | number | null | undefined): void {
  if (port === undefined || port === null || port === '') return
  const number = Number(port)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return
  throw new StoreError('INVALID_ARGUMENT', `the port of the database must be from 1 to 65535, not ${describe(port)}`)
}
