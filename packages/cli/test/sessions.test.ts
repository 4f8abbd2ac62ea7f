import { expect, test } from 'vitest'
import { playing, run, storeWith, tamper } from './command.ts'

/** An evening before, a morning of three machines, and one that is silent since half past eleven. */
function fleet(): Promise<string> {
  return storeWith(async (store, clock) => {
    const evening = await playing(store, clock, {
      ...{ sessionId: 'evening', entryId: 'mc', label: 'Mine\u001B[2Jcraft', from: '2026-11-23T22:30:00Z' },
      playedMs: 3_600_000,
    })
    await evening.end({ reason: { type: 'expired' } })
    const morning = await playing(store, clock, {
      ...{ sessionId: 'morning', entryId: 'lofi', from: '2026-11-24T08:00:00Z', playedMs: 303_000 },
    })
    await morning.end({ reason: { type: 'process_exited', exitCode: 137 } })
    await playing(store.view({ node: 'attic', scope: 'mia' }), clock, {
      ...{ sessionId: 'silent', entryId: 'tuxmath', from: '2026-11-24T11:20:00Z', playedMs: 600_000 },
    })
    await playing(store, clock, {
      ...{ sessionId: 'now', entryId: 'mc', label: 'mc', from: '2026-11-24T11:40:00Z', playedMs: 1_170_000 },
    })
  })
}

test('shows the last sessions, newest first', async () => {
  const { exitCode, stdout, stderr } = await run(['sessions', '--db', await fleet()])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'Started (Europe/Berlin)  Until                     Played  Node   What',
      '2026-11-24 12:40:00      12:59:30             19 min 30 s  local  mc: open, heard of 30 s ago',
      '2026-11-24 09:00:00      09:05:03              5 min 03 s  local  lofi: its process ended, code 137',
      '2026-11-23 23:30:00      2026-11-24 00:30:00          1 h  local  Mine\\x1b[2Jcraft (mc): time was up',
      '',
    ].join('\n'),
  )
})

test('--open --all-scopes shows what runs anywhere', async () => {
  const { exitCode, stdout } = await run(['sessions', '--db', await fleet(), '--open', '--all-scopes'])
  expect(exitCode).toBe(0)
  expect(stdout).toBe(
    [
      'Started (Europe/Berlin)  Until          Played  Node   Scope    What',
      '2026-11-24 12:40:00      12:59:30  19 min 30 s  local  default  mc: open, heard of 30 s ago',
      '2026-11-24 12:20:00      12:30:00       10 min  attic  mia      tuxmath: open, heard of 30 min ago',
      '',
    ].join('\n'),
  )
})

test('one that was not heard of for long is yellow', async () => {
  const { stdout } = await run(['sessions', '--db', await fleet(), '--scope', 'mia'], { columns: 120 })
  expect(stdout).toContain('\u001B[33mtuxmath: open, heard of 30 min ago\u001B[39m')
})

test.each([
  ['--entry', 'mc', ['now', 'evening']],
  ['--node', 'attic', ['silent']],
  ['--node', 'local', ['now', 'morning', 'evening']],
])('%s %s chooses', async (flag, name, ids) => {
  const { stdout } = await run(['sessions', '--db', await fleet(), '--all-scopes', '--json', flag, name])
  const { sessions }: { sessions: readonly { sessionId: string }[] } = JSON.parse(stdout)
  expect(sessions.map(({ sessionId }) => sessionId)).toEqual(ids)
})

test('-n says how many, and that there are older ones', async () => {
  const path = await fleet()
  const { stdout } = await run(['sessions', '-n', '1', '--db', path])
  expect(stdout.split('\n').slice(1)).toEqual([
    '2026-11-24 12:40:00      12:59:30  19 min 30 s  local  mc: open, heard of 30 s ago',
    'There are older ones: -n 2 shows more.',
    '',
  ])
  const all = await run(['sessions', '-n', '3', '--db', path])
  expect(all.stdout).not.toContain('older')
})

test('-n goes over pages of the store', async () => {
  const path = await storeWith(async (store) => {
    const changes = Array.from(
      { length: 1_100 },
      (_, index) =>
        ({
          type: 'import_session',
          ...{ sessionId: `session ${index}`, entryId: 'lofi', run: 'one', warningsIssuedMs: [], played: [] },
          ...{ startedAt: new Date(index), lastReportedAt: new Date(index) },
        }) as const,
    )
    // One at a time is open on a node.
    const held = { if: [{ type: 'no_open_session' }] } as const
    await Promise.all(changes.map((change) => store.view({ node: change.sessionId }).commit([change], held)))
  })
  const { stdout } = await run(['sessions', '-n', '1050', '--db', path, '--json'])
  const { sessions, more }: { sessions: readonly { sessionId: string }[]; more: boolean } = JSON.parse(stdout)
  expect(sessions.map(({ sessionId }) => sessionId)).toEqual(
    Array.from({ length: 1_050 }, (_, index) => `session ${1_099 - index}`),
  )
  expect(more).toBe(true)
})

test('--json has whole records', async () => {
  const { stdout } = await run(['sessions', '--db', await fleet(), '--scope', 'mia', '--json'])
  expect(JSON.parse(stdout)).toEqual({
    at: '2026-11-24T12:00:00.000Z',
    sessions: [
      {
        ...{ sessionId: 'silent', scope: 'mia', node: 'attic', run: expect.any(String), entryId: 'tuxmath' },
        startedAt: '2026-11-24T11:20:00.000Z',
        lastReportedAt: '2026-11-24T11:30:00.000Z',
        durationMs: 600_000,
        warningsIssuedMs: [],
      },
    ],
    more: false,
  })
})

test.each([
  [[], 'No session is recorded in scope default.\n'],
  [['--open', '--node', 'attic'], 'No session is open on attic in scope default.\n'],
  [['--entry', 'l\u0007fi', '--all-scopes'], 'No session of l\\x07fi is recorded in any scope.\n'],
])('of an empty store, %j says so', async (argv, stdout) => {
  const ran = await run(['sessions', ...argv, '--db', await storeWith(async () => {})])
  expect(ran).toEqual({ exitCode: 0, stdout, stderr: '' })
})

test('one that cannot be read is shown in red beside the others, with exit status 3', async () => {
  const path = await fleet()
  tamper(
    path,
    `pragma ignore_check_constraints = 1;
     update sessions set last_reported_at = 'soon', duration_ms = -1 where session_id = 'now'`,
  )
  const { exitCode, stdout } = await run(['sessions', '--db', path], { columns: 140 })
  expect(exitCode).toBe(3)
  expect(stdout).toMatch(/ {6}unreadable +unreadable {2}local/)
  expect(stdout).toContain('\u001B[31mmc: open, heard of unreadable; its row cannot be read: lastReportedAt is')
  expect(stdout).toContain('lofi: its process ended')
  const json = await run(['sessions', '--db', path, '--json'])
  expect(json.exitCode).toBe(3)
  expect(JSON.parse(json.stdout)).toMatchObject({ sessions: [{ sessionId: 'now', lastReportedAt: null }, {}, {}] })
})

test('on a narrow terminal only the last column is wrapped, and wide characters are counted', async () => {
  const path = await storeWith((store, clock) =>
    playing(store.view({ node: '🏠 屋根裏' }), clock, {
      ...{ entryId: 'org.supertuxkart.SuperTuxKart', label: 'SuperTuxKart 🏎️', from: '2026-11-24T11:00:00Z' },
      playedMs: 3_570_000,
    }),
  )
  const { stdout } = await run(['sessions', '--db', path], { columns: 80, env: { NO_COLOR: '1' } })
  expect(stdout).toBe(
    [
      'Started (Europe/Berlin)  Until          Played  Node       What',
      '2026-11-24 12:00:00      12:59:30  59 min 30 s  🏠 屋根裏  SuperTuxKart 🏎️',
      '                                                           (org.supertuxkart.Sup',
      '                                                           erTuxKart): open,',
      '                                                           heard of 30 s ago',
      '',
    ].join('\n'),
  )
})
