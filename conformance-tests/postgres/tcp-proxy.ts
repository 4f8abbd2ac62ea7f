import { EventEmitter, once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** A network that fails, between a store and PostgreSQL. It cannot see into TLS: use it with plain connections. */
export interface TcpProxy {
  /** The same database through the proxy. */
  url(original: string): string
  /** Leads those who connect from now on elsewhere. Connections that are there stay as they are. */
  leadTo(target: ProxyTarget): void
  /** Resets every connection. */
  cutAll(): void
  /**
   * Drops the server's next reply that contains `match` and resets that connection: the server has done it, the client
   * never learns. Once, and one at a time; resolves when it has happened, rejects if the proxy is closed before.
   */
  loseNextReply(match: string): Promise<void>
  /**
   * As `loseNextReply`, but puts an error in the place of that reply, as a server that stops: `match` is the command that the
   * server has completed.
   */
  failNextReply(match: string, sqlState: string): Promise<void>
  /** Resolves when the next reply that contains `match` has come through; rejects if the proxy is closed before. */
  hearNextReply(match: string): Promise<void>
  /** Counts the pieces of the server's replies that contain `match`, from now on. */
  countReplies(match: string): { readonly count: number }
  /**
   * Keeps back the next thing with `match` in it that a client sends, and what it sends behind that, whether it gives up
   * meanwhile or not. `held` resolves when there is such a thing.
   */
  holdNextRequest(match: string): HeldRequest
  /** Spoils the first letter of `match` in the next thing with it that a client sends: the server refuses that alone. */
  misspellNextRequest(match: string): void
  /** Keeps connections open and accepts new ones, but forwards nothing, not even an end, until `thaw`. */
  freeze(): void
  thaw(): void
  /** Forwards nothing more on the connections that are there, as a router that has forgotten them. New ones work. */
  forget(): void
  /** Keeps back everything that comes from now on for so long, both ways. 0: no more. */
  slowDown(delayMs: number): void
  close(): Promise<void>
}

/** A port, or a socket in the file system. */
export type ProxyTarget = { readonly host: string; readonly port: number } | { readonly path: string }

interface HeldRequest {
  readonly held: Promise<unknown>
  /** Lets the server have it; resolves when the server has closed that connection. */
  letGo(): Promise<void>
}

interface Hold {
  readonly match: string
  readonly free: Promise<undefined>
  readonly caught: (upstream: Socket) => void
}

/** A reply that is waited for. */
interface AwaitedReply {
  readonly match: string
  /** What the server is made to say instead. */
  readonly sqlState?: string
  readonly done: () => void
  readonly fail: (error: Error) => void
}

export async function startProxy(first: ProxyTarget): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let target = first
  let delayMs = 0
  const counters: { readonly match: string; count: number }[] = []
  const forgotten = new WeakSet<Socket>()
  let frozen: EventEmitter | undefined
  let loss: AwaitedReply | undefined
  let heard: AwaitedReply | undefined

  let hold: Hold | undefined
  let misspelt: string | undefined

  function misspell(chunk: Buffer): void {
    const place = misspelt === undefined ? -1 : chunk.indexOf(misspelt)
    if (place === -1) return
    chunk.write('?', place)
    misspelt = undefined
  }

  async function wait(chunk: Buffer, upstream: Socket): Promise<void> {
    if (hold === undefined || !chunk.includes(hold.match)) return
    const { free, caught } = hold
    hold = undefined
    caught(upstream)
    await free
  }

  async function pump(
    from: Socket,
    to: Socket,
    loses: (chunk: Buffer) => boolean,
    waits: (chunk: Buffer) => Promise<void> = async () => {},
  ): Promise<void> {
    sockets.add(from.setNoDelay())
    from.on('error', () => undefined) // The loop throws it too; without a listener it would end the process.
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        while (frozen) await once(frozen, 'thaw')
        if (delayMs > 0) await setTimeout(delayMs)
        if (forgotten.has(from)) continue
        await waits(chunk)
        if (loses(chunk)) break
        // To a client that is gone nothing is said; what it asked for is done all the same.
        if (to.destroyed) continue
        await new Promise<void>((sent, failed) => to.write(chunk, (error) => (error ? failed(error) : sent())))
      }
    } catch {} // Reset, by its peer or by us: the other side ends too, as after a normal end.
    while (frozen) await once(frozen, 'thaw')
    if (!forgotten.has(from)) to.end()
    sockets.delete(from)
  }

  const server = createServer((client) => {
    const upstream = connect(target)
    void pump(
      client,
      upstream,
      () => false,
      (chunk) => {
        misspell(chunk)
        return wait(chunk, upstream)
      },
    )
    let seen = ''
    void pump(upstream, client, (chunk) => {
      for (const counter of counters) if (chunk.includes(counter.match)) counter.count += 1
      if (heard && chunk.includes(heard.match)) {
        heard.done()
        heard = undefined
      }
      // The match may come in two pieces. Half a reply, forwarded before, tells the client nothing.
      seen = loss ? (seen + chunk.toString('latin1')).slice(1 - loss.match.length - chunk.length) : ''
      if (!loss || !seen.includes(loss.match)) return false
      if (loss.sqlState !== undefined) {
        client.write(chunk.subarray(0, chunk.indexOf(loss.match) - MESSAGE_HEAD_BYTES))
        client.end(errorResponse(loss.sqlState))
      } else reset(client)
      reset(upstream)
      loss.done()
      loss = undefined
      return true
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const proxy: TcpProxy = {
    url: (original) => Object.assign(new URL(original), { hostname: '127.0.0.1', port }).href,
    leadTo: (next) => void (target = next),
    cutAll: () => sockets.forEach(reset),
    loseNextReply: (match) => new Promise((done, fail) => (loss = { match, done, fail })),
    hearNextReply: (match) => new Promise((done, fail) => (heard = { match, done, fail })),
    failNextReply: (match, sqlState) => new Promise((done, fail) => (loss = { match, sqlState, done, fail })),
    countReplies(match) {
      const counter = { match, count: 0 }
      counters.push(counter)
      return counter
    },
    holdNextRequest(match) {
      const [caught, free] = [Promise.withResolvers<Socket>(), Promise.withResolvers<undefined>()]
      hold = { match, free: free.promise, caught: caught.resolve }
      return {
        held: caught.promise,
        async letGo() {
          const upstream = await caught.promise
          const closed = once(upstream, 'close')
          free.resolve(undefined)
          await closed
        },
      }
    },
    misspellNextRequest: (match) => void (misspelt = match),
    freeze: () => void (frozen ??= new EventEmitter().setMaxListeners(0)),
    forget: () => sockets.forEach((socket) => forgotten.add(socket)),
    slowDown: (ms) => void (delayMs = ms),
    thaw: () => {
      frozen?.emit('thaw')
      frozen = undefined
    },
    close: async () => {
      if (!server.listening) return
      for (const awaited of [loss, heard])
        awaited?.fail(new Error(`The proxy was closed before a reply with ${awaited.match} came.`))
      proxy.thaw()
      proxy.cutAll()
      await once(server.close(), 'close')
    },
  }
  return proxy
}

/** The letter and the length of a message: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const MESSAGE_HEAD_BYTES = 5

function errorResponse(sqlState: string): Buffer {
  const body = Buffer.from(`SPANIC\0VPANIC\0C${sqlState}\0Mmade by a test\0\0`)
  const head = Buffer.alloc(MESSAGE_HEAD_BYTES)
  head.write('E')
  head.writeInt32BE(body.length + MESSAGE_HEAD_BYTES - 1, 1)
  return Buffer.concat([head, body])
}

/** A socket in the file system knows no reset. */
function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
