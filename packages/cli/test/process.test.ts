import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { expect, test } from 'vitest'
import { run, rustDatabase, storeWith, tamper, testDirectory, WITHOUT_TRIGGERS } from './command.ts'

const BIN = fileURLToPath(new URL('../bin/shepherd-store.js', import.meta.url))
const CONDITIONS = '--conditions=@shepherd-store/source'

/** Runs the command as a process of its own. */
async function execute(argv: readonly string[], nodeOptions: readonly string[] = []): Promise<object> {
  const { NO_COLOR: _, ...env } = process.env
  try {
    return {
      code: 0,
      ...(await promisify(execFile)(process.execPath, [CONDITIONS, ...nodeOptions, BIN, ...argv], { env })),
    }
  } catch (error) {
    return error as object
  }
}

test('0: done', async () => {
  expect(await execute(['cooldowns', '--db', await storeWith(async () => {})])).toMatchObject({
    code: 0,
    stdout: 'No cooldown runs.\n',
    stderr: '',
  })
})

test('1: failed', async () => {
  expect(await execute(['status', '--db', '/nowhere/store.db'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^shepherd-store: there is no store at .*\n$/),
  })
})

test('2: called wrongly', async () => {
  expect(await execute(['audit', '--number', 'many'])).toMatchObject({ code: 2, stdout: '' })
})

test('3: something is wrong with what is stored', async () => {
  const path = await storeWith((store) => store.appendAudit({ type: 'service_started' }))
  tamper(path, `${WITHOUT_TRIGGERS} update audit_log set node = 'x'`)
  expect(await execute(['audit', 'verify', '--db', path, '--json'])).toMatchObject({ code: 3, stderr: '' })
})

test.each([
  ['22.13.1', 1],
  ['20.20.2', 1],
  ['12.0.0', 1],
  ['22.14.0', 0],
  ['23.0.0', 0],
])('on Node %s the exit status is %i', async (version, code) => {
  const faked = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  const result = await execute(['--version'], ['--import', `data:text/javascript,${encodeURIComponent(faked)}`])
  const sentence = `shepherd-store: Node 22.14 or newer is needed, and this is ${version}; install a newer one, `
  expect(result).toMatchObject({
    code,
    stderr: code === 0 ? '' : `${sentence}from nodejs.org or with your package manager\n`,
  })
})

test('a reader that has seen enough, as head has, is no failure', async () => {
  const path = await storeWith(async (store) => {
    const data = { text: 'x'.repeat(10_000) }
    for (let record = 0; record < 200; record += 1) await store.appendAudit({ type: 'other', name: 'long', data })
  })
  const child = spawn(process.execPath, [CONDITIONS, BIN, 'audit', '-n', '200', '--db', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (part) => (stderr += String(part)))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a follower with exit status 0, after a whole line',
  async (signal) => {
    const path = await storeWith((store) => store.appendAudit({ type: 'service_started' }))
    const child = spawn(process.execPath, [CONDITIONS, BIN, 'audit', 'follow', '--json', '--db', path])
    const stderr = text(child.stderr)
    let stdout = ''
    child.stdout.on('data', (part) => {
      stdout += String(part)
      child.kill(signal)
    })
    const [code] = await once(child, 'close')
    expect({ code, stderr: await stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^\{.*\}\n$/)
  },
)

test('a follower ends quietly at the next record when its reader is gone', async () => {
  const path = await storeWith((store) => store.appendAudit({ type: 'service_started' }))
  const child = spawn(process.execPath, [CONDITIONS, BIN, 'audit', 'follow', '--db', path])
  const stderr = text(child.stderr)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await using store = await openSqliteStore(path)
  // What is written before the other end is closed is no error yet.
  const ended = once(child, 'close')
  let isOver = false
  void ended.then(() => (isOver = true))
  while (!isOver) await store.appendAudit({ type: 'service_stopped' })
  const [code] = await ended
  expect({ code, stderr: await stderr }).toEqual({ code: 0, stderr: '' })
})

test.skipIf(process.platform === 'win32')('Ctrl-C stops an import between two batches', async () => {
  const source = rustDatabase()
  tamper(
    source,
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
     insert into audit_log (timestamp, event_json)
       select '2026-11-23T15:00:02+01:00', '{"type":"service_started"}' from n`,
  )
  const path = await storeWith(async () => {})
  const child = spawn(process.execPath, [CONDITIONS, BIN, 'import', 'rust', source, '--db', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (part) => (stderr += String(part)))
  await recordsIn(path)
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^shepherd-store: the import was stopped; .*\n$/)
})

test('an import of standard input makes the store', async () => {
  const source = await storeWith((store) => store.appendAudit({ type: 'service_started' }))
  const log = await promisify(execFile)(process.execPath, [CONDITIONS, BIN, 'audit', 'export', '--db', source])
  const path = join(testDirectory(), 'store.db')
  const argv = ['audit', 'import', '-', '--time-zone', 'Europe/Berlin', '--db', path]
  const child = spawn(process.execPath, [CONDITIONS, BIN, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(log.stdout)
  expect(await text(child.stdout)).toMatch(/^1 record imported\.\n/)
  expect((await run(['audit', '--db', path])).stdout).toContain('When (Europe/Berlin)')
})

/** Resolves when the log has records. */
async function recordsIn(path: string): Promise<void> {
  await using store = await openSqliteStore(path)
  const deadlineMs = performance.now() + 30_000
  while ((await store.listAudits({ limit: 1, scope: 'all' })).length === 0) {
    if (performance.now() > deadlineMs) throw new Error('nothing was imported within 30 s')
    await setImmediate()
  }
}

test('shows no password in the list of processes', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const child = spawn(process.execPath, [
    CONDITIONS,
    BIN,
    'status',
    '--db',
    `postgres://kid:secret@127.0.0.1:${port}/x`,
  ])
  try {
    // It waits for an answer, which does not come.
    await once(server, 'connection')
    const shown = commandLineOf(child.pid)
    expect(shown).toContain('shepherd-store')
    expect(shown).not.toContain('secret')
  } finally {
    child.kill('SIGKILL')
    server.close()
  }
})

/** What whoever may list the processes of a machine sees. */
function commandLineOf(pid: number | undefined): string {
  const file = `/proc/${pid}/cmdline`
  return existsSync(file)
    ? readFileSync(file, 'utf8')
    : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
}
