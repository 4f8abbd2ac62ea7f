import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { createDatabase, withClient, type TestDatabase } from './database.ts'
import { startProxy, type TcpProxy } from './tcp-proxy.ts'

/** Long enough for an answer that is not held back, which takes about a millisecond. */
const NO_ANSWER_MS = 100

describe('the TCP proxy', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'))
    await withClient(database.url, (client) => client.query('create table place (id int primary key)'))
  })
  afterAll(() => database.drop())

  it('passes data of any size, both ways', async () => {
    const client = await open(await proxyToDatabase())
    const text = 'ä'.repeat(1_000_000)
    const { rows } = await client.query<{ text: string }>('select $1::text as text', [text])
    // Not toEqual: nobody wants to read that difference.
    expect(rows[0]?.text === text).toBe(true)
  })

  it('loses exactly the reply to COMMIT', async () => {
    const proxy = await proxyToDatabase()
    const [client, other] = [await open(proxy), await open(proxy)]
    const lost = proxy.loseNextReply('COMMIT')
    await client.query('begin')
    await client.query('insert into place values (1)')
    await expect(client.query('commit')).rejects.toThrow(/ECONNRESET|terminated unexpectedly/)
    await lost
    expect(await ids(database.url)).toEqual([1])
    // Once only, and only on that connection.
    await other.query('begin')
    expect(await other.query('commit')).toMatchObject({ command: 'COMMIT' })
  })

  it('loses a reply that comes in two pieces', async () => {
    const peer = await listen((socket) => {
      socket.write('reply 1, COM')
      socket.once('data', () => socket.write('MIT, reply 2'))
    })
    const proxy = await start(peer)
    const lost = proxy.loseNextReply('COMMIT')
    const client = connectTo(proxy)
    const received: string[] = []
    client.on('data', (chunk) => {
      received.push(chunk.toString())
      client.write('next')
    })
    await expect(once(client, 'end')).rejects.toThrow('ECONNRESET')
    await lost
    expect(received).toEqual(['reply 1, COM'])
  })

  it('says so when it is closed before it could lose the reply', async () => {
    const proxy = await proxyToDatabase()
    const [lost] = await Promise.allSettled([proxy.loseNextReply('COMMIT'), proxy.close()])
    expect(lost).toMatchObject({
      reason: { message: expect.stringContaining('closed before a reply with COMMIT') as string },
    })
  })

  it('cuts every connection, and accepts new ones', async () => {
    const proxy = await proxyToDatabase()
    const clients = [await open(proxy), await open(proxy)]
    const errors = clients.map((client) => once(client, 'error'))
    proxy.cutAll()
    for (const [error] of await Promise.all(errors)) expect(error).toMatchObject({ code: 'ECONNRESET' })
    expect((await (await open(proxy)).query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('forwards nothing while frozen, and all of it after the thaw', async () => {
    const proxy = await proxyToDatabase()
    const client = await open(proxy, { query_timeout: NO_ANSWER_MS })
    proxy.freeze()
    await expect(client.query('insert into place values (2)')).rejects.toThrow('timeout')
    expect(await ids(database.url)).not.toContain(2)
    proxy.thaw()
    // Sent after the insert on the same connection: when it is answered, the insert was too.
    await client.query('select')
    expect(await ids(database.url)).toContain(2)
  })

  it('accepts connections while frozen, and gives no answer', async () => {
    const proxy = await proxyToDatabase()
    proxy.freeze()
    const socket = connectTo(proxy)
    await once(socket, 'connect')
    await expect(open(proxy, { connectionTimeoutMillis: NO_ANSWER_MS })).rejects.toThrow('timeout')
  })

  it('misspells one request, which the server refuses, and goes on', async () => {
    const proxy = await proxyToDatabase()
    const client = await open(proxy)
    proxy.misspellNextRequest('select')
    await client.query('begin')
    await expect(client.query('select 1')).rejects.toThrow('syntax error at or near "?"')
    await client.query('rollback')
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('keeps from the server that a client has gone, while frozen', async () => {
    const heard: string[] = []
    let tell = (): void => undefined
    const gone = new Promise<void>((resolve) => (tell = resolve))
    const peer = await listen((socket) => {
      socket.on('close', () => {
        heard.push('close')
        tell()
      })
      socket.write('hello')
    })
    const proxy = await start(peer)
    const client = connectTo(proxy)
    await once(client, 'data')
    proxy.freeze()
    client.destroy()
    await once(client, 'close')
    expect(heard).toEqual([])
    proxy.thaw()
    await gone
  })

  it('ends its connections and its port when it is closed, also while frozen', async () => {
    const proxy = await proxyToDatabase()
    const lost = once(await open(proxy), 'error')
    proxy.freeze()
    await proxy.close()
    await proxy.close()
    await lost
    await expect(open(proxy)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends the connection of a client when there is no server', async () => {
    const proxy = await start({ host: '127.0.0.1', port: 1 })
    await once(connectTo(proxy).resume(), 'end')
  })

  async function proxyToDatabase(): Promise<TcpProxy> {
    const { hostname, port } = new URL(database.url)
    return start({ host: hostname, port: Number(port || 5432) })
  }

  async function open(proxy: TcpProxy, options: object = {}): Promise<Client> {
    const client = new Client({ connectionString: proxy.url(database.url), ...options })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
})

async function start(target: { host: string; port: number }): Promise<TcpProxy> {
  const proxy = await startProxy(target)
  onTestFinished(() => proxy.close())
  return proxy
}

function connectTo(proxy: TcpProxy): Socket {
  const { hostname, port } = new URL(proxy.url('postgres://nowhere'))
  return ignoreResets(connect(Number(port), hostname))
}

async function listen(serve: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => serve(ignoreResets(socket))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

/** Without a listener, the reset that a test is about would end the process. */
function ignoreResets(socket: Socket): Socket {
  return socket.on('error', () => undefined)
}

async function ids(url: string): Promise<number[]> {
  const { rows } = await withClient(url, (client) => client.query<{ id: number }>('select id from place order by id'))
  return rows.map(({ id }) => id)
}
