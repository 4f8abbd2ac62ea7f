import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, storeWith, testDirectory } from './command.ts'

const COMMANDS = [
  ...['status', 'usage', 'sessions', 'sessions recover', 'nodes', 'cooldowns', 'cooldowns clear', 'audit'],
  ...['audit follow', 'audit verify', 'audit head', 'audit export', 'audit import', 'adjust', 'grant'],
  ...['prune', 'forget', 'import', 'import rust', 'roles'],
]
const OF_STORES_THAT_ARE_THERE = [
  ...['status', 'usage', 'sessions', 'sessions recover', 'nodes', 'cooldowns', 'audit', 'audit -n all'],
  ...['audit follow', 'audit verify', 'audit head', 'audit export', 'prune --keep 90d --dry-run'],
  'forget x --why y --by z --yes',
  ...['adjust x --plus 1m --why y --by z', 'grant x 1m --why y --by z', 'cooldowns clear x --why y --by z'],
]

describe.each(COMMANDS)('%s', (name) => {
  const command = name.split(' ')
  // Options that must be there are asked for first.
  const needed: Readonly<Record<string, string>> = { prune: '--keep 90d' }
  const decided = ['adjust', 'grant', 'cooldowns clear', 'forget'].includes(name) ? '--why x' : undefined
  const rest = (needed[name] ?? decided)?.split(' ') ?? []

  test('--help explains it, with an example, and all that may stand before and after it', async () => {
    const { exitCode, stdout, stderr } = await run([...command, '--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: shepherd-store /)
    expect(stdout).toMatch(/\n {2}--json .*\n/)
    expect(stdout).toMatch(/\nExamples?: shepherd-store (?:.*\n {10}?shepherd-store )?.*\n$/)
  })

  test('refuses an unknown option with a suggestion', async () => {
    const { exitCode, stdout, stderr } = await run([...command, ...rest, '--jsn'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toBe("shepherd-store: unknown option '--jsn' (Did you mean --json?); see shepherd-store --help\n")
  })
})

describe.each(OF_STORES_THAT_ARE_THERE)('%s of a database that is not there', (command) => {
  test('fails with what to do, and makes nothing', async () => {
    const directory = testDirectory()
    const path = join(directory, 'none', 'store.db')
    // An export has formats of its own.
    const json = command === 'audit export' ? [] : ['--json']
    const { exitCode, stdout, stderr } = await run([...command.split(' '), '--db', path, ...json])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toBe(
      `shepherd-store: there is no store at ${path}; name another with --db or SHEPHERD_STORE_URL ` +
        '(the service makes them when it starts, and so do: shepherd-store import rust PATH, shepherd-store audit import PATH)\n',
    )
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('a wrong call', () => {
  test.each([
    [[], /^Usage: shepherd-store/],
    [['sttus'], /unknown command 'sttus' \(Did you mean status\?\)/],
    [['import', 'rst', 'x'], /unknown command 'rst' \(Did you mean rust\?\)/],
    [['import', 'rust'], /missing required argument 'path'/],
    [['status', 'more'], /too many arguments/],
    [['status', '--db'], /argument missing/],
    [['audit', '-n', '0'], /-n 0 shows nothing: give a whole number from 1, or all; see/],
    [['audit', '-n', '10001'], /Give a whole number up to 10000, or all; see/],
    [['audit', '-n', '1e3'], /Give a whole number/],
    [['usage', '--from', '2026-02-30'], /Give a day, as YYYY-MM-DD/],
    [['usage', '--by', 'day,hour'], /Give one or more of day, week, month, scope, node, entry/],
    [['audit', '--since', 'soon'], /Give a time such as 2h, 3d, today, /],
    [['audit', '--after', 'last'], /Give the id of a record/],
    [['audit', '--type', 'a,,b'], /Give one, or several with commas between them/],
    [['audit', 'verify', '--entry', 'x'], /unknown option '--entry'/],
    [['audit', 'head', '-n', '1'], /unknown option '--number'/],
    [['audit', 'follow', '--until', 'now'], /unknown option '--until'/],
    [['audit', 'follow', '--reverse'], /unknown option '--reverse'/],
    [['verify'], /unknown command 'verify' \(Did you mean audit verify\?\); see/],
    [['audit', 'verfy'], /unknown command 'audit verfy' \(Did you mean audit verify\?\); see/],
    [['cooldowns', 'cler', 'x'], /unknown command 'cooldowns cler' \(Did you mean cooldowns clear\?\); see/],
    [['sessions', 'of', 'anna'], /unknown command 'sessions of'; see/],
    [['sessions', '-n', '0'], /Give a whole number from 1 to 10000/],
    [['sessions', 'recover', '--entry', 'x'], /unknown option '--entry'/],
    [['sessions', 'recover', '--silent-for', '10'], /Give a duration without a sign, such as 1h30m/],
    [['cooldowns', 'clear', '--why', 'x'], /missing required argument 'entry'/],
    [['grant', 'x', '10m'], /required option '--why <text>' not specified/],
    [['adjust', 'x', '--plus', '1m', '--minus', '1m', '--why', 'x'], /--minus .* cannot be used with .*--plus /],
    [['adjust', 'x', '-30m', '--why', 'x'], /unknown option '-30m'/],
    [['status', '--db', 'mysql://db/x'], /^shepherd-store: mysql: is no kind of store/],
    [['status', '--\u001B[31m'], /unknown option '--\\x1b\[31m'/],
  ])('%j is told in a sentence, with exit status 2', async (argv, sentence) => {
    const { exitCode, stdout, stderr } = await run(argv)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/\n {4}at /)
    expect(stderr).not.toContain('\u001B')
  })

  test.each([
    [['usage', '--from', '2026-11-24', '--to', '2026-11-24'], /--to is the day after the last one/],
    [['usage', '--from', '2026-11-25', '--to', '2026-11-24'], /--to is the day after the last one/],
    [['usage', '--by', 'day,week'], /^shepherd-store: by takes one of day, week and month/],
    [['status', '--scope', ''], /^shepherd-store: scope "" is empty/],
    [['sessions', 'recover', 'one', '--all'], /^shepherd-store: give a session or --all, not both/],
    [['adjust', 'x', '--why', 'y', '--by', 'z'], /^shepherd-store: say with --plus or --minus by how much/],
    [['grant', 'x', '1m', '--why', 'y'], /^shepherd-store: say with --by who decided it/],
    [['grant', 'x', '1m', '--why', '', '--by', 'z'], /^shepherd-store: why /],
    [['grant', 'x', '1m', '--why', 'y', '--by', ''], /^shepherd-store: by /],
  ])('%j of a store that is there likewise', async (argv, sentence) => {
    const { exitCode, stdout, stderr } = await run([...argv, '--db', await storeWith(async () => {})])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(sentence)
  })
})

test('global options may stand before and after the command', async () => {
  const path = await storeWith((store) =>
    store.view({ scope: 'mia' }).setCooldownUntil('lofi', new Date('2026-11-24T13:00Z')),
  )
  const before = await run(['--db', path, '--scope', 'mia', '--json', 'cooldowns'])
  const after = await run(['cooldowns', '--db', path, '--scope', 'mia', '--json'])
  expect(before.exitCode).toBe(0)
  expect(JSON.parse(before.stdout)).toMatchObject({ cooldowns: [{ entryId: 'lofi' }] })
  expect(after).toEqual(before)
})

test('the environment names the database', async () => {
  const path = await storeWith(async () => {})
  const { exitCode, stdout } = await run(['status'], { env: { SHEPHERD_STORE_URL: `sqlite:${path}` } })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(path)
})

test('--version and help are no failures', async () => {
  expect(await run(['--version'])).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' })
  expect(await run(['help', 'usage'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await run(['--help'])).stdout).toContain('Exit status: 0 done')
})

test("another program's file is left as it is", async () => {
  const path = join(testDirectory(), 'notes.txt')
  const { exitCode, stderr } = await run(['status', '--db', `${path}/store.db`])
  expect({ exitCode, there: existsSync(path) }).toEqual({ exitCode: 1, there: false })
  expect(stderr.split('\n')).toHaveLength(2)
})

test('a password is not shown when PostgreSQL cannot be reached', async () => {
  const port = await freePort()
  const { exitCode, stdout, stderr } = await run(['status', '--db', `postgres://mia:geheim@127.0.0.1:${port}/shepherd`])
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toContain(`postgres://mia:***@127.0.0.1:${port}/shepherd: `)
  expect(stderr).not.toContain('geheim')
})

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}
