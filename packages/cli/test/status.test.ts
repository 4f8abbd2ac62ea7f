import { describe, expect, test } from 'vitest'
import { playing, prunedLog, run, storeWith, tamper } from './command.ts'

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
      'Sessions   0 open in all scopes',
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
    database: { backend: 'sqlite', version: expect.any(String), schemaVersion: 3, sizeBytes: expect.any(Number) },
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
      grantedToday: [],
      cooldownsRunning: 1,
      openSessions: 0,
      silentSessions: [],
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

test('of a log that was pruned it counts what is left', async () => {
  const path = await prunedLog()
  expect((await run(['status', '--db', path])).stdout).toContain('\nLog        3 records, the last of ')
  const json = await run(['status', '--db', path, '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ contents: { records: 3, head: { id: 6 } } })
})

test('--node asks for the snapshot of another machine', async () => {
  const { stdout } = await run(['status', '--db', await household(), '--node', 'attic'])
  expect(stdout).toContain('Node       attic, scope default\n')
  expect(stdout).toContain('Snapshot   none\n')
})

test("shows today's extra time beside use", async () => {
  const path = await storeWith(async (store) => {
    const correction = { by: 'mum', why: 'x' }
    await store.addUsage('minecraft', '2026-11-24', 3_600_000)
    await store.grantTime('minecraft', '2026-11-24', 1_800_000, correction)
    await store.grantTime('lo\u0007fi', '2026-11-24', 300_000, correction)
    await store.grantTime('yesterday', '2026-11-23', 300_000, correction)
    await store.grantTime('taken', '2026-11-24', 300_000, correction)
    await store.grantTime('taken', '2026-11-24', -300_000, correction)
  })
  const { stdout } = await run(['status', '--db', path])
  expect(stdout).toContain(
    [
      'Today       1 entry used for 1 h',
      'Extra time  5 min for lo\\x07fi, not used',
      '            30 min for minecraft, used for 1 h',
      'Cooldowns   0 running',
      '',
    ].join('\n'),
  )
  const json = await run(['status', '--db', path, '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({
    contents: {
      grantedToday: [
        { entryId: 'lo\u0007fi', grantedMs: 300_000, usedMs: 0 },
        { entryId: 'minecraft', grantedMs: 1_800_000, usedMs: 3_600_000 },
      ],
    },
  })
})

describe('of open sessions', () => {
  function fleet(silent: number): Promise<string> {
    return storeWith(async (store, clock) => {
      for (let lab = 1; lab <= silent; lab += 1) {
        const view = store.view({ node: `lab-${lab}`, scope: `child ${lab}` })
        const from = `2026-11-24T11:${String(50 - lab).padStart(2, '0')}:00Z`
        await playing(view, clock, { sessionId: `s${lab}`, entryId: 'tuxmath', from, playedMs: 60_000 })
      }
      await playing(store, clock, { entryId: 'mc', from: '2026-11-24T11:49:00Z', playedMs: 60_001 })
    })
  }

  test('it tells those that were not heard of for 10 minutes, in every scope, and what to do', async () => {
    const path = await fleet(1)
    const { exitCode, stdout } = await run(['status', '--db', path])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Sessions   2 open in all scopes\n')
    expect(stdout).toContain(
      'Not heard of for 10 min or more: tuxmath on lab-1 (10 min ago).\n' +
        'If a machine is gone, end its session: shepherd-store sessions recover --node NAME\n',
    )
    const json = await run(['status', '--db', path, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      healthy: true,
      contents: { openSessions: 2, silentSessions: [{ sessionId: 's1', scope: 'child 1', node: 'lab-1' }] },
    })
  })

  test('it names the first of many, the longest silence first', async () => {
    const { stdout } = await run(['status', '--db', await fleet(7)])
    expect(stdout).toMatch(
      /: tuxmath on lab-7 \(16 min ago\), .*, tuxmath on lab-3 \(12 min ago\), 2 more; see shepherd-store sessions --open --all-scopes\.\n/,
    )
  })

  test('it says nothing where all were heard of', async () => {
    const { stdout } = await run(['status', '--db', await fleet(0)])
    expect(stdout).not.toContain('Not heard of')
  })
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
      'extra time',
      `pragma ignore_check_constraints = 1;
       insert into grants (scope, day, entry_id, granted_ms) values ('default', '2026-11-24', 'lofi', -1)`,
      'The extra time of lofi on 2026-11-24 cannot be read; repair its row.',
    ],
    [
      'an open session',
      `insert into sessions (scope, session_id, node, run, report, entry_id, started_at, last_reported_at, duration_ms,
         reserved_ms, detail)
       values ('mia', 'broken', 'attic', 'one', 0, 'lofi', 'soon', '2026-11-24T11:59:00.000Z', 0, 0, '{}')`,
      'The row of session broken of lofi on attic cannot be read (startedAt is not an instant); repair it.',
    ],
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
    expect(stdout).toMatch(/\nDATABASE, since .*: .*cooldowns/)
  })
})
