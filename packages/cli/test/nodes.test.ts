import { expect, test } from 'vitest'
import { playing, run, storeWith, tamper } from './command.ts'

function fleet(): Promise<string> {
  return storeWith(async (store, clock) => {
    await playing(store.view({ node: 'lab\u001B[2J', scope: 'mia' }), clock, {
      ...{ entryId: 'tuxmath', from: '2026-11-24T10:50:00Z', playedMs: 600_000 },
    })
    await playing(store.view({ node: 'lab\u001B[2J' }), clock, {
      ...{ entryId: 'mc', from: '2026-11-24T11:10:00Z', playedMs: 1_200_000 },
    })
    const ended = await playing(store, clock, { entryId: 'lofi', from: '2026-11-24T11:38:00Z', playedMs: 1_200_000 })
    await ended.end({ reason: { type: 'user_stop' } })
    const imported = { sessionId: 'old', entryId: 'mc', run: 'crate', warningsIssuedMs: [], played: [] }
    const at = new Date('2026-11-20T12:00:00Z')
    await store
      .view({ node: 'attic' })
      .commit([{ type: 'import_session', ...imported, startedAt: at, lastReportedAt: at }], {
        if: [{ type: 'no_open_session' }],
      })
  })
}

test('shows the machines, when each was heard of, and what is open there in any scope', async () => {
  const { exitCode, stdout, stderr } = await run(['nodes', '--db', await fleet()])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'Heard of (Europe/Berlin)     That is  Open  Node',
      'not yet                                  1  attic',
      '2026-11-24 12:30:00       30 min ago     2  lab\\x1b[2J',
      '2026-11-24 12:58:00        2 min ago     0  local',
      '',
      'The clocks of machines are not compared: this database has none of its own.',
      '',
    ].join('\n'),
  )
})

test('--json has instants, and what can be told', async () => {
  const { stdout } = await run(['nodes', '--db', await fleet(), '--json'])
  expect(JSON.parse(stdout)).toEqual({
    at: '2026-11-24T12:00:00.000Z',
    comparesClocks: false,
    nodes: [
      { node: 'attic', openSessions: 1 },
      { node: 'lab\u001B[2J', lastSeenAt: '2026-11-24T11:30:00.000Z', openSessions: 2 },
      { node: 'local', lastSeenAt: '2026-11-24T11:58:00.000Z', openSessions: 0 },
    ],
  })
})

test('says when there is none', async () => {
  const { exitCode, stdout } = await run(['nodes', '--db', await storeWith(async () => {})])
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'No machine has reported on a session.\n' })
})

test('one whose row cannot be read is not passed over in silence', async () => {
  const path = await fleet()
  tamper(path, `update nodes set seen_at = 'soon' where node = 'local'`)
  const { exitCode, stdout } = await run(['nodes', '--db', path])
  expect(exitCode).toBe(3)
  expect(stdout).toContain('unreadable                unreadable     0  local\n')
})
