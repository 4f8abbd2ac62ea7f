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
  expect(await run(['verify', '--db', url])).toMatchObject({ exitCode: 0 })
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
