import { describe, expect, test } from 'vitest'
import { run, storeWith, tamper } from './command.ts'

const UNTIL = new Date('2026-11-24T13:00:00Z')

function household(): Promise<string> {
  return storeWith(async (store) => {
    await store.appendAudit({ type: 'service_started' })
    await store.addUsage('minecraft', '2026-11-24', 3_600_000)
    await store.addUsage('lofi', '2026-11-24', 300_000)
    await store.addUsage('lofi', '2026-11-23', 60_000)
    await store.setCooldownUntil('minecraft', UNTIL)
    await store.setCooldownUntil('lofi', new Date('2026-11-24T11:59:59Z'))
    await store.saveSnapshot({
      timestamp: new Date('2026-11-24T11:30:00Z'),
      activeSession: {
        sessionId: 'one',
        entryId: 'mine\u001B[2Jcraft',
        startedAt: new Date('2026-11-24T11:00:00Z'),
        warningsIssuedMs: [],
      },
    })
  })
}

test('shows how the store is, where it is, and what is in it', async () => {
  const path = await household()
  const { exitCode, stdout, stderr } = await run(['status', '--db', path])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout.replace(/sqlite .*/, 'sqlite')).toBe(
    [
      'Health     healthy',
      `Database   ${path}`,
      'Backend    sqlite',
      'Durable    yes: what was acknowledged outlives a power cut',
      'Days       of Europe/Berlin, from 00:00 on; today is 2026-11-24',
      'Node       local, scope default',
      'Log        1 record, the last of 2026-11-24 13:00:00',
      'Today      2 entries used for 1 h 05 min',
      'Cooldowns  1 running',
      'Snapshot   revision 1 of 2026-11-24 12:30:00, a session of mine\\x1b[2Jcraft',
      '',
    ].join('\n'),
  )
})

test('--json has the same for programs', async () => {
  const path = await household()
  const { stdout } = await run(['status', '--db', path, '--json'])
  expect(JSON.parse(stdout)).toEqual({
    healthy: true,
    checkedAt: '2026-11-24T12:00:00.000Z',
    problems: [],
    where: path,
    database: { backend: 'sqlite', version: expect.any(String), schemaVersion: 1, sizeBytes: expect.any(Number) },
    capabilities: { durability: 'power_loss', sharing: 'machine' },
    calendar: { timeZone: 'Europe/Berlin', dayStart: '00:00' },
    node: 'local',
    scope: 'default',
    today: '2026-11-24',
    contents: {
      records: 1,
      head: { id: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/), timestamp: '2026-11-24T12:00:00.000Z' },
      entriesToday: 2,
      usedTodayMs: 3_900_000,
      cooldownsRunning: 1,
      snapshot: {
        revision: 1,
        snapshot: {
          timestamp: '2026-11-24T11:30:00.000Z',
          activeSession: {
            sessionId: 'one',
            entryId: 'mine\u001B[2Jcraft',
            startedAt: '2026-11-24T11:00:00.000Z',
            warningsIssuedMs: [],
          },
        },
      },
    },
  })
})

test('--node asks for the snapshot of another machine', async () => {
  const { stdout } = await run(['status', '--db', await household(), '--node', 'attic'])
  expect(stdout).toContain('Node       attic, scope default\n')
  expect(stdout).toContain('Snapshot   none\n')
})

test('says that a store in memory keeps nothing', async () => {
  const { exitCode, stdout } = await run(['status', '--db', 'memory:'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('Durable    no: it is gone when the process ends\n')
})

describe('names what cannot be read, with exit status 3:', () => {
  test.each([
    ['a snapshot', `update snapshot set state = 'x'`, 'the snapshot of node "local" cannot be read'],
    ['a cooldown', `update cooldowns set until = 'x' where entry_id = 'lofi'`, 'The cooldown of lofi cannot be read'],
    [
      'usage of any day',
      `pragma ignore_check_constraints = 1; update usage set duration_ms = -1 where day = '2026-11-23'`,
      '1 row of the usage of lofi cannot be read',
    ],
  ])('%s', async (_, sql, sentence) => {
    const path = await household()
    tamper(path, sql)
    const { exitCode, stdout } = await run(['status', '--db', path])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('Health     1 problem\n')
    expect(stdout).toContain(sentence)
    const json = await run(['status', '--db', path, '--json'])
    expect(json.exitCode).toBe(3)
    expect(JSON.parse(json.stdout)).toMatchObject({ healthy: false, problems: [{ code: 'MALFORMED' }] })
  })

  test('a table that is gone', async () => {
    const path = await household()
    tamper(path, 'drop table cooldowns')
    const { exitCode, stdout } = await run(['status', '--db', path])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/\nDATABASE: .*cooldowns/)
  })
})
