import { type AuditEvent, manualClock, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { expect, test } from 'vitest'
import { main } from '../src/main.ts'
import { type Ran, run, storeWith, testDirectory } from './command.ts'

const STARTED: AuditEvent = { type: 'service_started' }

function log(records: number): Promise<string> {
  return storeWith(async (store) => {
    for (let record = 0; record < records; record += 1) await store.appendAudit(STARTED)
  })
}

interface Steps {
  /** Done as soon as something is printed: it has looked then at what is there. */
  readonly append?: (store: Store) => Promise<unknown>
  /** It is interrupted when it has printed so many lines. */
  readonly lines: number
}

async function followed(path: string, argv: readonly string[], { append, lines }: Steps): Promise<Ran> {
  await using store = await openSqliteStore(path, { clock: manualClock('2026-11-24T12:00:05Z') })
  let appended: Promise<unknown> | undefined
  const ran = await run(['audit', 'follow', '--db', path, ...argv], {
    onOutput(stdout, interrupt) {
      appended ??= append?.(store) ?? Promise.resolve()
      if (stdout.split('\n').length > lines) interrupt()
    },
  })
  await appended
  return ran
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

test('shows the last ten records, then each as it comes, until it is interrupted', async () => {
  const { exitCode, stdout, stderr } = await followed(await log(12), [], {
    lines: 13,
    async append(store) {
      await store.view({ node: 'attic' }).appendAudit({ type: 'service_stopped' })
      await store.appendAudit({ type: 'other', name: 'odd\n\u001B[2J', data: {} })
    },
  })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout.split('\n')).toEqual([
    ' #  When (Europe/Berlin)  Node   What',
    ...range(3, 12).map((id) => `${String(id).padStart(2)}  2026-11-24 13:00:00   local  service started`),
    '13  2026-11-24 13:00:05   attic  service stopped',
    '14  2026-11-24 13:00:05   local  odd\\n\\x1b[2J {}',
    '',
  ])
})

test('what comes stands in the columns of what is there', async () => {
  const { stdout } = await followed(await log(9), ['-n', '1', '--all-scopes'], {
    lines: 4,
    async append(store) {
      await store.view({ node: 'pc\u0007', scope: 'the twins' }).appendAudit(STARTED)
      await store.appendAudit(STARTED)
    },
  })
  expect(stdout.split('\n')).toEqual([
    '#  When (Europe/Berlin)  Node   Scope    What',
    '9  2026-11-24 13:00:00   local  default  service started',
    '10  2026-11-24 13:00:05   pc\\x07  the twins  service started',
    '11  2026-11-24 13:00:05   local   default    service started',
    '',
  ])
})

test('a log that has nothing yet is waited for, under its titles', async () => {
  const { stdout } = await followed(await log(0), [], { lines: 2, append: (store) => store.appendAudit(STARTED) })
  expect(stdout).toBe('#  When (Europe/Berlin)  Node  What\n1  2026-11-24 13:00:05   local  service started\n')
})

test('--json prints a record a line', async () => {
  const { exitCode, stdout } = await followed(await log(30), ['--after', '5', '--json'], {
    lines: 27,
    append: (store) => store.commit([1, 2].map(() => ({ type: 'append_audit', event: STARTED }))),
  })
  expect(exitCode).toBe(0)
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(records).toMatchObject(range(6, 32).map((id) => ({ id, event: { type: 'service_started' } })))
})

test.each([
  [
    ['-n', '2'],
    [29, 30, 31],
  ],
  [['-n', '0'], [31]],
  [
    ['-n', '2', '--after', '5'],
    [29, 30, 31],
  ],
  [
    ['-n', '2', '--after', '29'],
    [30, 31],
  ],
  [
    ['-n', '1', '--since', '2026-11-24'],
    [30, 31],
  ],
  [['--since', '2026-11-24'], range(1, 31)],
  [['--since', '13:00:01'], [31]],
  [['--after', '27'], range(28, 31)],
  [['-n', 'all'], range(1, 31)],
])('%j says how many are shown of those that are there', async (argv, ids) => {
  const { stdout } = await followed(await log(30), argv, {
    lines: ids.length + 1,
    append: (store) => store.appendAudit(STARTED),
  })
  const [, ...lines] = stdout.trimEnd().split('\n')
  expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(ids)
})

test('filters what is there and what comes', async () => {
  const filters = ['--all-scopes', '--type', 'service_stopped', '--node', 'attic']
  const { stdout } = await followed(await log(3), filters, {
    lines: 2,
    async append(store) {
      await store.appendAudit({ type: 'service_stopped' })
      const attic = store.view({ node: 'attic', scope: 'mia' })
      await attic.appendAudit(STARTED)
      await attic.appendAudit({ type: 'service_stopped' })
    },
  })
  expect(stdout).toBe('#  When (Europe/Berlin)  Scope  What\n6  2026-11-24 13:00:05   mia    service stopped\n')
})

test('what cannot mean anything is refused', async () => {
  const path = await log(1)
  for (const argv of [['--until', 'now'], ['--reverse'], ['-n', '10001'], ['--since', 'soon']]) {
    expect(await run(['audit', 'follow', ...argv, '--db', path])).toMatchObject({ exitCode: 2, stdout: '' })
  }
})

test('stops while it waits for a reader that reads no more', async () => {
  let interrupt = (): void => {}
  let waited = false
  const exitCode = await main(['audit', 'follow', '--db', await log(3)], {
    env: { HOME: testDirectory() },
    hostname: 'this-machine',
    stdout: {
      writableNeedDrain: true,
      once() {
        waited = true
        interrupt()
      },
      write: () => false,
    },
    stderr: { write: () => true },
    onInterrupt(listener) {
      interrupt = listener
      return () => {}
    },
  })
  expect({ exitCode, waited }).toEqual({ exitCode: 0, waited: true })
})
