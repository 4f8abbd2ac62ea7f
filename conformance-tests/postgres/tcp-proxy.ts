import { EventEmitter, once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A network that fails, between a store and PostgreSQL. It cannot see into TLS: use it with plain connections. */
export interface TcpProxy {
  /** The same database through the proxy. */
  url(original: string): string
  /** Resets every connection. */
  cutAll(): void
  /**
   * Drops the server's next reply that contains `match` and resets that connection: the server has done it, the client
   * never learns. Once, and one at a time; resolves when it has happened, rejects if the proxy is closed before.
   */
  loseNextReply(match: string): Promise<void>
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
  close(): Promise<void>
}

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

export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let frozen: EventEmitter | undefined
  let loss: { readonly match: string; readonly done: () => void; readonly fail: (error: Error) => void } | undefined

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
        await waits(chunk)
        if (loses(chunk)) break
        // To a client that is gone nothing is said; what it asked for is done all the same.
        if (to.destroyed) continue
        await new Promise<void>((sent, failed) => to.write(chunk, (error) => (error ? failed(error) : sent())))
      }
    } catch {} // Reset, by its peer or by us: the other side ends too, as after a normal end.
    while (frozen) await once(frozen, 'thaw')
    to.end()
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
      // The match may come in two pieces. Half a reply, forwarded before, tells the client nothing.
      seen = loss ? (seen + chunk.toString('latin1')).slice(1 - loss.match.length - chunk.length) : ''
      if (!loss || !seen.includes(loss.match)) return false
      for (const socket of [client, upstream]) socket.resetAndDestroy()
      loss.done()
      loss = undefined
      return true
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const proxy: TcpProxy = {
    url: (original) => Object.assign(new URL(original), { hostname: '127.0.0.1', port }).href,
    cutAll: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    loseNextReply: (match) => new Promise((done, fail) => (loss = { match, done, fail })),
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
    thaw: () => {
      frozen?.emit('thaw')
      frozen = undefined
    },
    close: async () => {
      if (!server.listening) return
      loss?.fail(new Error(`The proxy was closed before a reply with ${loss.match} came.`))
      proxy.thaw()
      proxy.cutAll()
      await once(server.close(), 'close')
    },
  }
  return proxy
}
