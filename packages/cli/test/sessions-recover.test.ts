import { manualClock } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { describe, expect, test } from 'vitest'
import { playing, run, storeWith, tamper } from './command.ts'

/** Silent at noon since: local 2 min, attic 30 min, mia's attic an hour. */
function fleet(): Promise<string> {
  return storeWith(async (store, clock) => {
    await playing(store.view({ node: 'attic', scope: 'mia' }), clock, {
      ...{ sessionId: 'hers', entryId: 'tuxmath', from: '2026-11-24T10:50:00Z', playedMs: 600_000 },
    })
    await playing(store.view({ node: 'attic' }), clock, {
      ...{ sessionId: 'old', entryId: 'mc', label: 'Minecraft', from: '2026-11-24T11:10:00Z', playedMs: 1_200_000 },
    })
    await playing(store, clock, {
      ...{ sessionId: 'new', entryId: 'lofi', from: '2026-11-24T11:38:00Z', playedMs: 1_200_000 },
    })
  })
}

async function openIn(path: string): Promise<readonly string[]> {
  await using store = await openSqliteStore(path, { clock: manualClock('2026-11-24T12:00:00Z') })
  return (await store.listSessions({ open: true, scope: 'all' })).map(({ sessionId }) => sessionId)
}

const RECOVER = ['sessions', 'recover']

test('recovers the one that is open on the node, in the name of the machine that asks', async () => {
  const path = await fleet()
  const { exitCode, stdout, stderr } = await run([...RECOVER, '--node', 'attic', '--db', path])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe('Recovered Minecraft (mc) on attic: ended as of 2026-11-24 12:30:00, 20 min booked.\n')
  expect(await openIn(path)).toEqual(['new', 'hers'])
  await using store = await openSqliteStore(path)
  const [record] = await store.getRecentAudits(1)
  expect(record).toMatchObject({
    node: 'local',
    event: { type: 'session_ended', sessionId: 'old', durationMs: 1_200_000, reason: { type: 'recovered' } },
  })
})

test('without anything named, that is the one of this machine', async () => {
  const path = await fleet()
  await run([...RECOVER, '--db', path])
  expect(await openIn(path)).toEqual(['old', 'hers'])
})

test('may be repeated: then there is nothing to recover', async () => {
  const path = await fleet()
  await run([...RECOVER, '--node', 'attic', '--db', path])
  const { exitCode, stdout } = await run([...RECOVER, '--node', 'attic', '--db', path])
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout:
      'There is nothing to recover: no session is open on attic in scope default.\n' +
      'What is open anywhere: shepherd-store sessions --open --all-scopes\n',
  })
})

describe('a session that is named by its id', () => {
  test('is recovered, with a cooldown from when it was last heard of', async () => {
    const path = await fleet()
    const { stdout } = await run([...RECOVER, 'old', '--cooldown', '1h', '--db', path])
    expect(stdout).toBe(
      'Recovered Minecraft (mc) on attic: ended as of 2026-11-24 12:30:00, 20 min booked, cooldown until 13:30:00.\n',
    )
    const cooldowns = await run(['cooldowns', '--db', path])
    expect(cooldowns.stdout).toContain('2026-11-24 13:30:00    30 min  mc\n')
  })

  test('has a cooldown that may be over', async () => {
    const { stdout } = await run([...RECOVER, 'old', '--cooldown', '90s', '--db', await fleet()])
    expect(stdout).toContain('cooldown until 12:31:30, which is over.\n')
  })

  test('keeps a later cooldown that stands', async () => {
    const path = await fleet()
    await using store = await openSqliteStore(path)
    await store.setCooldownUntil('mc', new Date('2026-11-25T12:00:00Z'))
    const { stdout } = await run([...RECOVER, 'old', '--cooldown', '90s', '--db', path])
    expect(stdout).toContain('cooldown until 2026-11-25 13:00:00.\n')
  })

  test('is left alone where it was heard of', async () => {
    const path = await fleet()
    const { exitCode, stdout } = await run([...RECOVER, 'old', '--silent-for', '30m1ms', '--db', path])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: 'Left alone Minecraft (mc) on attic: heard of 30 min ago.\n',
    })
    expect(await openIn(path)).toEqual(['new', 'old', 'hers'])
  })

  test('that has ended is told as it ended', async () => {
    const path = await fleet()
    await run([...RECOVER, 'old', '--db', path])
    const { exitCode, stdout } = await run([...RECOVER, 'old', '--db', path])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: 'Nothing to recover of Minecraft (mc) on attic: ended before, at 2026-11-24 12:30:00, recovered.\n',
    })
  })

  test('that nobody knows is a failure', async () => {
    const { exitCode, stdout, stderr } = await run([...RECOVER, 'hers', '--db', await fleet()])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toBe(
      'shepherd-store: there is no session hers in scope default; see shepherd-store sessions --json\n',
    )
  })

  test('is found in any scope with --all-scopes', async () => {
    const { stdout } = await run([...RECOVER, 'hers', '--all-scopes', '--db', await fleet()])
    expect(stdout).toBe('Recovered tuxmath on attic in scope mia: ended as of 2026-11-24 12:00:00, 10 min booked.\n')
  })
})

describe('--all', () => {
  test('recovers what was silent for 10 minutes in the scope, and tells what was left alone', async () => {
    const path = await fleet()
    const { exitCode, stdout } = await run([...RECOVER, '--all', '--db', path])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout:
        'Left alone lofi on local: heard of 2 min ago.\n' +
        'Recovered Minecraft (mc) on attic: ended as of 2026-11-24 12:30:00, 20 min booked.\n',
    })
    expect(await openIn(path)).toEqual(['new', 'hers'])
  })

  test('takes another time, and every scope', async () => {
    const path = await fleet()
    const { stdout } = await run([...RECOVER, '--all', '--all-scopes', '--silent-for', '45m', '--json', '--db', path])
    expect(JSON.parse(stdout)).toMatchObject({
      at: '2026-11-24T12:00:00.000Z',
      sessions: [
        { result: 'heard_of', session: { sessionId: 'new' } },
        { result: 'heard_of', session: { sessionId: 'old' } },
        { result: 'recovered', session: { sessionId: 'hers', scope: 'mia', endedAt: '2026-11-24T11:00:00.000Z' } },
      ],
    })
    expect(await openIn(path)).toEqual(['new', 'old'])
  })

  test('is of one node with --node', async () => {
    const path = await fleet()
    await run([...RECOVER, '--all', '--silent-for', '0s', '--node', 'attic', '--db', path])
    expect(await openIn(path)).toEqual(['new', 'hers'])
  })

  test('says when nothing is open', async () => {
    const { exitCode, stdout } = await run([
      ...RECOVER,
      '--all',
      '--all-scopes',
      '--db',
      await storeWith(async () => {}),
    ])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: 'There is nothing to recover: no session is open in any scope.\n',
    })
  })

  test('recovers what cannot be read, too, with exit status 3', async () => {
    const path = await fleet()
    tamper(path, `update sessions set last_reported_at = 'soon' where session_id = 'old'`)
    const { exitCode, stdout } = await run([...RECOVER, '--all', '--all-scopes', '--db', path])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('A part of its row could not be read: lastReportedAt is not an instant.\n')
    expect(stdout).toContain('Recovered tuxmath on attic in scope mia')
    expect(await openIn(path)).toEqual(['new'])
  })
})

test('a session of another machine that has booked ahead is left alone until that is over', async () => {
  const path = await storeWith((store, clock) =>
    playing(store.view({ node: 'attic' }), clock, {
      ...{ entryId: 'mc', from: '2026-11-24T11:50:00Z', playedMs: 570_000 },
      strict: { limits: [{ limitMs: 3_600_000 }], sliceMs: 60_000 },
    }),
  )
  const argv = [...RECOVER, '--node', 'attic', '--db', path]
  const early = await run(argv)
  expect(early).toMatchObject({
    exitCode: 0,
    stdout: 'Left alone mc on attic: heard of 30 s ago, with 1 min booked ahead that it may still play.\n',
  })
  const late = await run(argv, { clock: manualClock('2026-11-24T12:00:30Z') })
  expect(late.stdout).toBe('Recovered mc on attic: ended as of 2026-11-24 12:59:30, 9 min 30 s booked.\n')
})

test('one whose row cannot be read is recovered when it is named, with exit status 3', async () => {
  const path = await fleet()
  tamper(path, `update sessions set last_reported_at = 'soon' where session_id = 'old'`)
  const { exitCode, stdout } = await run([...RECOVER, 'old', '--db', path])
  expect(exitCode).toBe(3)
  expect(stdout).toBe(
    'Recovered Minecraft (mc) on attic: ended as of 2026-11-24 13:00:00, 20 min booked. ' +
      'A part of its row could not be read: lastReportedAt is not an instant.\n',
  )
  expect(await openIn(path)).toEqual(['new', 'hers'])
})

test('an id of control characters harms no terminal', async () => {
  const path = await storeWith((store, clock) =>
    playing(store, clock, { entryId: 'a\u001B[2Jb', from: '2026-11-24T11:00:00Z', playedMs: 60_000 }),
  )
  const { stdout } = await run([...RECOVER, '--db', path], { columns: 80, env: { NO_COLOR: '1' } })
  expect(stdout).toContain('Recovered a\\x1b[2Jb on local')
})
