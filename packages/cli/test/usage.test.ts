import { describe, expect, test } from 'vitest'
import { run, storeWith, tamper } from './command.ts'

const HOSTILE = 'evil\u001B]0;title\u0007\nnext\tcell'

function fortnight(): Promise<string> {
  return storeWith(async (store) => {
    const attic = store.view({ node: 'attic' })
    await store.addUsage('minecraft', '2026-11-24', 3_900_000)
    await attic.addUsage('minecraft', '2026-11-24', 60_000)
    await store.addUsage('lofi', '2026-11-18', 303_000)
    await store.addUsage('minecraft', '2026-11-17', 7_200_000)
    await store.addUsage(HOSTILE, '2026-10-31', 500)
    await store.view({ scope: 'mia' }).addUsage('lofi', '2026-11-24', 1_000)
  })
}

test('shows the last seven days by day and entry', async () => {
  const { exitCode, stdout, stderr } = await run(['usage', '--db', await fortnight()])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'Day               Used  Entry',
      '2026-11-18  5 min 03 s  lofi',
      '2026-11-24  1 h 06 min  minecraft',
      '',
      '1 h 11 min in all, from 2026-11-18 to 2026-11-24, days of Europe/Berlin.',
      '',
    ].join('\n'),
  )
})

test('--json has exact durations, and the range that was meant', async () => {
  const { stdout } = await run(['usage', '--db', await fortnight(), '--json'])
  expect(JSON.parse(stdout)).toEqual({
    from: '2026-11-18',
    to: '2026-11-25',
    by: ['day', 'entry'],
    timeZone: 'Europe/Berlin',
    totals: [
      { day: '2026-11-18', entryId: 'lofi', durationMs: 303_000, unreadable: 0 },
      { day: '2026-11-24', entryId: 'minecraft', durationMs: 3_960_000, unreadable: 0 },
    ],
    totalMs: 4_263_000,
    unreadable: 0,
  })
})

describe('groups', () => {
  test.each([
    ['by week', ['--by', 'week'], ['Week from         Used', '2026-11-16  2 h 05 min', '2026-11-23  1 h 06 min']],
    ['by month', ['--by', 'month'], ['Month          Used', '2026-11  3 h 11 min']],
    [
      'by node and entry, given apart',
      ['--by', 'node', '--by', 'entry'],
      ['Node         Used  Entry', 'attic       1 min  minecraft', 'local  5 min 03 s  lofi'],
    ],
    [
      'by keys separated by commas',
      ['--by', 'node,entry'],
      ['Node         Used  Entry', 'attic       1 min  minecraft', 'local  5 min 03 s  lofi'],
    ],
    [
      'over all scopes',
      ['--by', 'scope', '--all-scopes'],
      ['Scope          Used', 'default  3 h 11 min', 'mia             1 s'],
    ],
    ['of one machine', ['--by', 'entry', '--node', 'attic'], [' Used  Entry', '1 min  minecraft']],
  ])('%s', async (_, argv, lines) => {
    const { stdout } = await run(['usage', '--db', await fortnight(), '--from', '2026-11-01', ...argv])
    expect(stdout.split('\n').slice(0, lines.length)).toEqual(lines)
  })
})

test('--to is the day after the last one', async () => {
  const { stdout } = await run(['usage', '--db', await fortnight(), '--to', '2026-11-18'])
  expect(stdout).toContain('2 h in all, from 2026-11-11 to 2026-11-17,')
})

test('says when nothing was used', async () => {
  const { exitCode, stdout } = await run([
    'usage',
    '--db',
    await fortnight(),
    '--from',
    '2025-01-01',
    '--to',
    '2025-01-02',
  ])
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'Nothing was used from 2025-01-01 to 2025-01-01, days of Europe/Berlin.\n',
  })
})

test('an id of control characters stays on its line and harms no terminal', async () => {
  const argv = ['usage', '--db', await fortnight(), '--from', '2026-10-31', '--to', '2026-11-01']
  const piped = await run(argv)
  expect(piped.stdout).toContain('2026-10-31  500 ms  evil\\x1b]0;title\\x07\\nnext\\tcell\n')
  const terminal = await run(argv, { columns: 80, env: { NO_COLOR: '1' } })
  expect(terminal.stdout).toBe(piped.stdout)
  const json = await run([...argv, '--json'])
  expect(json.stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  expect(JSON.parse(json.stdout)).toMatchObject({ totals: [{ entryId: HOSTILE }] })
})

test('a row that cannot be read is not passed over in silence', async () => {
  const path = await fortnight()
  tamper(path, `pragma ignore_check_constraints = 1; update usage set duration_ms = -1 where day = '2026-11-18'`)
  const { exitCode, stdout } = await run(['usage', '--db', path])
  expect(exitCode).toBe(3)
  expect(stdout).toContain('1 row could not be read, and the totals are without')
})
