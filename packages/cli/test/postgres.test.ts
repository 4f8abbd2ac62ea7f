import { manualClock, startSession } from '@shepherd-store/core'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase, withClient } from '../../../conformance-tests/postgres/database.ts'
import type {} from '../../../conformance-tests/postgres/global-setup.ts'
import { openStore } from '../src/index.ts'
import { run, rustDatabase } from './command.ts'

async function database(): Promise<string> {
  const { url, drop } = await createDatabase(inject('postgresUrl'))
  onTestFinished(drop)
  return url
}

test('a command that reads makes no tables', async () => {
  const url = await database()
  const { exitCode, stdout, stderr } = await run(['status', '--db', url])
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(/ has no tables of the store, or older ones; name another/)
  const { rows } = await withClient(url, (client) =>
    client.query("select 1 from information_schema.schemata where schema_name = 'shepherd'"),
  )
  expect(rows).toEqual([])
})

test('a store of a fleet is read as this machine, or as another', async () => {
  const url = await database()
  await using store = await openStore(url, { node: 'lab-7', calendar: { timeZone: 'Europe/Berlin' } })
  await store.addUsage('tuxmath', '2026-11-24', 60_000)
  await store.saveSnapshot({ timestamp: new Date('2026-11-24T11:00:00Z') })
  const here = await run(['status', '--db', url])
  expect(here).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('Node       this-machine, scope default\n'),
  })
  expect(here.stdout).toContain('Snapshot   none\n')
  const there = await run(['status', '--db', url, '--node', 'lab-7'])
  expect(there.stdout).toContain('Snapshot   revision 1 of 2026-11-24 12:00:00, no session\n')
  const usage = await run(['usage', '--db', url, '--by', 'node,entry'])
  expect(usage.stdout).toContain('lab-7  1 min  tuxmath\n')
})

test('import rust makes the tables', async () => {
  const url = await database()
  const rehearsal = await run(['import', 'rust', rustDatabase(), '--db', url, '--dry-run'])
  expect(rehearsal.exitCode).toBe(0)
  const { exitCode } = await run(['import', 'rust', rustDatabase(), '--db', url])
  expect(exitCode).toBe(0)
  expect(await run(['audit', 'verify', '--db', url])).toMatchObject({ exitCode: 0 })
})

test('the log of a fleet is followed, of all machines or of one', async () => {
  const url = await database()
  const clock = manualClock('2026-11-24T12:00:00Z')
  await using store = await openStore(url, { node: 'lab-7', calendar: { timeZone: 'Europe/Berlin' }, clock })
  await store.appendAudit({ type: 'service_started' })
  let appended: Promise<unknown> | undefined
  const follow = (lines: number, argv: readonly string[]): ReturnType<typeof run> =>
    run(['audit', 'follow', '--db', url, ...argv], {
      onOutput(stdout, interrupt) {
        appended ??= store.view({ node: 'lab-8' }).appendAudit({ type: 'service_stopped' })
        if (stdout.split('\n').length > lines) interrupt()
      },
    })
  expect(await follow(3, [])).toEqual({
    exitCode: 0,
    stdout:
      '#  When (Europe/Berlin)  Node   What\n' +
      '1  2026-11-24 13:00:00   lab-7  service started\n' +
      '2  2026-11-24 13:00:00   lab-8  service stopped\n',
    stderr: '',
  })
  const one = await follow(2, ['--node', 'lab-8'])
  expect(one.stdout).toBe('#  When (Europe/Berlin)  What\n2  2026-11-24 13:00:00   service stopped\n')
})

test('neither a password that is wrong nor one that is right is shown', async () => {
  const right = new URL(await database())
  // A server that trusts everyone takes a password too, and gives none.
  right.password ||= 'right'
  const wrong = new URL(right)
  wrong.password = 'geheim-und-falsch'
  const missing = new URL(right)
  missing.pathname = '/no_such_database'
  for (const url of [wrong, missing]) {
    const { exitCode, stderr } = await run(['status', '--db', url.href])
    expect(exitCode).toBe(1)
    expect(stderr).not.toContain('geheim')
    expect(stderr).not.toContain(`:${right.password}@`)
    expect(stderr).toContain(':***@')
  }
})

test('nodes compares the clocks of machines with that of the database', async () => {
  const url = await database()
  const clock = manualClock('2100-01-01T00:00:00Z')
  await using store = await openStore(url, { node: 'lab-7', calendar: { timeZone: 'Europe/Berlin' }, clock })
  for (const [node, now] of [
    ['lab-8', '2001-01-01T00:00:00Z'],
    ['lab-7', '2100-01-01T00:00:00Z'],
  ] as const) {
    clock.set(new Date(now))
    expect(await startSession(store.view({ node }), { entryId: 'tuxmath' })).toMatchObject({ applied: true })
  }
  const { exitCode, stdout } = await run(['nodes', '--db', url], { clock })
  expect(exitCode).toBe(0)
  // How long ago is by the clock of the database, too, whatever that of this machine shows.
  expect(stdout).toMatch(/\n[-\d]+ [:\d]+ +\d+ (ms|s|min)( \d\d s)? ago +[\d,]+ h( \d\d min)? ahead +1 {2}lab-7\n/)
  expect(stdout).toMatch(/ ago +[\d,]+ h( \d\d min)? behind +1 {2}lab-8\n/)
  expect(stdout).toMatch(/\nClock: how far the machine's was from the database's when it last reported\.\n$/)
  const json = await run(['nodes', '--db', url, '--json'], { clock })
  expect(JSON.parse(json.stdout)).toMatchObject({
    comparesClocks: true,
    nodes: [
      { node: 'lab-7', clockSkewMs: expect.any(Number), openSessions: 1 },
      { node: 'lab-8', clockSkewMs: expect.any(Number), openSessions: 1 },
    ],
  })
  const status = await run(['status', '--db', url], { clock })
  expect(status.stdout).toMatch(/\nClock +[\d,]+ h( \d\d min)? ahead of the database's\n/)
})

test('a session of another machine is recovered in the name of this one', async () => {
  const url = await database()
  const clock = manualClock('2026-11-24T12:00:00Z')
  await using store = await openStore(url, { node: 'lab-7', calendar: { timeZone: 'Europe/Berlin' }, clock })
  const started = await startSession(store, { entryId: 'tuxmath' })
  clock.advance(617_000)
  if (started.applied) await started.session.checkpoint()
  const { exitCode, stdout } = await run(['sessions', 'recover', '--node', 'lab-7', '--db', url])
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'Recovered tuxmath on lab-7: ended as of 2026-11-24 13:00:00, 10 min 17 s booked.\n',
  })
  expect((await store.getRecentAudits(1))[0]).toMatchObject({ node: 'this-machine', event: { type: 'session_ended' } })
  const again = await run(['sessions', 'recover', '--node', 'lab-7', '--db', url])
  expect(again.stdout).toContain('There is nothing to recover: no session is open on lab-7')
})

test('a machine with a wrong clock is as silent as the clock of the database says', async () => {
  const url = await database()
  // A quarter of an hour ahead of the one that the commands run with.
  const clock = manualClock('2026-11-24T12:15:00Z')
  await using store = await openStore(url, { node: 'lab-7', calendar: { timeZone: 'Europe/Berlin' }, clock })
  expect(await startSession(store, { entryId: 'tuxmath' })).toMatchObject({ applied: true })
  const recoverAll = ['sessions', 'recover', '--all', '--db', url]
  expect((await run(['status', '--db', url])).stdout).not.toContain('Not heard of')
  expect((await run(recoverAll)).stdout).toMatch(/^Left alone tuxmath on lab-7: heard of \d+ (ms|s) ago\.\n$/)

  // It dies, and 16 minutes pass.
  await withClient(url, (client) =>
    client.query("update shepherd.sessions set last_reported_at = last_reported_at - interval '16 minutes'"),
  )
  expect((await run(['status', '--db', url])).stdout).toContain(
    'Not heard of for 10 min or more: tuxmath on lab-7 (16 min',
  )
  expect((await run(recoverAll)).stdout).toMatch(/^Recovered tuxmath on lab-7: /)
})
