import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, storeWith, testDirectory } from './command.ts'

/** Three records of two scopes. */
function three(): Promise<string> {
  return storeWith(async (store) => {
    await store.appendAudit({
      type: 'launch_denied',
      entryId: '=1+1',
      reasons: [{ type: 'other', text: 'no "games"' }],
    })
    await store.view({ scope: 'ben' }).appendAudit({ type: 'service_started' })
    await store.appendAudit({ type: 'service_stopped' })
  })
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

test('prints JSON Lines by default, of the scope that is asked for', async () => {
  const { exitCode, stdout, stderr } = await run(['audit', 'export', '--db', await three()])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(lines(stdout).map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([1, 3])
})

test('prints CSV whose titles can be left out, and no formula', async () => {
  const path = await three()
  const { stdout } = await run(['audit', 'export', '--format', 'csv', '--db', path])
  expect(lines(stdout)[0]).toMatch(/^id,timestamp,scope,node,type,entry_id,/)
  expect(lines(stdout)[1]).toMatch(/^1,2026-11-24T12:00:00\.000Z,default,local,launch_denied,'=1\+1,/)
  const resumed = await run(['audit', 'export', '--format', 'csv', '--no-titles', '--after', '1', '--db', path])
  expect(lines(resumed.stdout)).toEqual([expect.stringMatching(/^3,/)])
})

test('prints CloudEvents', async () => {
  const { stdout } = await run([
    'audit',
    'export',
    '--format',
    'cloudevents',
    '--type',
    'launch_denied',
    '--db',
    await three(),
  ])
  expect(lines(stdout).map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({
      specversion: '1.0',
      type: 'shepherd.launch_denied',
      sequence: '0000000000000001',
      subject: '=1+1',
    }),
  ])
})

test('an unknown format is refused', async () => {
  const { exitCode, stderr } = await run(['audit', 'export', '--format', 'xml', '--db', await three()])
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('jsonl, csv, cloudevents')])
})

test('refuses --json, which is none of its formats', async () => {
  const { exitCode, stdout, stderr } = await run(['audit', 'export', '--json', '--db', await three()])
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toBe(
    'shepherd-store: --json is not for an export: --format says what it prints; see shepherd-store --help\n',
  )
})

describe('what could talk to the terminal', () => {
  const HOSTILE = 'a\u001B[2J\u009B31m\u202E\nb'

  function hostile(): Promise<string> {
    return storeWith((store) => store.appendAudit({ type: 'launch_denied', entryId: HOSTILE, reasons: [] }))
  }

  test.each(['jsonl', 'cloudevents'])('is escaped there in %s, which stays the same JSON', async (format) => {
    const argv = ['audit', 'export', '--format', format, '--db', await hostile()]
    const { stdout: piped } = await run(argv)
    const { stdout: shown } = await run(argv, { columns: 80 })
    expect(piped).toContain('\u009B')
    expect(shown.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    expect([shown.endsWith('}\n'), JSON.parse(shown)]).toEqual([true, JSON.parse(piped)])
  })

  test('is escaped there in a CSV', async () => {
    const argv = ['audit', 'export', '--format', 'csv', '--db', await hostile()]
    expect((await run(argv)).stdout).toContain(HOSTILE)
    const { stdout: shown } = await run(argv, { columns: 80 })
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    expect(shown).toContain('"a\\x1b[2J\\x9b31m\\u202e\nb"')
  })
})

describe('an export that is cut off', () => {
  function long(): Promise<string> {
    return storeWith(async (store) => {
      const start = { type: 'append_audit', event: { type: 'service_started' } } as const
      for (let commit = 0; commit < 10; commit += 1) await store.commit(Array.from({ length: 250 }, () => start))
    })
  }

  test.each([
    ['jsonl', [], 1_000],
    ['cloudevents', [], 1_000],
    ['csv', [], 999],
    ['csv', ['--no-titles'], 1_000],
  ])('says how to go on, as %s with %j', async (format, flags, last) => {
    const argv = ['audit', 'export', '--format', format, '--db', await long()]
    const cut = await run([...argv, ...flags], { onOutput: (_, interrupt) => interrupt() })
    const printed = `at most ${last.toLocaleString('en')} records were printed, up to record ${last}`
    const goOn = 'go on behind the last whole record that you have, with --after and its id'
    const titles = format === 'csv' ? ', and with --no-titles' : ''
    expect([cut.exitCode, cut.stderr]).toEqual([
      1,
      `shepherd-store: the export was stopped; ${printed}: ${goOn}${titles}\n`,
    ])
    const whole = await run([...argv, ...flags])
    const goneOn = await run([...argv, '--after', String(last), ...(format === 'csv' ? ['--no-titles'] : [])])
    const both = lines(cut.stdout + goneOn.stdout)
    // The first line of an export in JSON Lines tells what comes before it.
    const plain = both.map((line) => line.replace(/,"previous_hash":"[0-9a-f]{64}"/, ''))
    expect(plain).toEqual(lines(whole.stdout.replace(/,"previous_hash":"[0-9a-f]{64}"/, '')))
  })

  test('before anything was printed says nothing of that, and prints no titles', async () => {
    const path = await storeWith(async (store, clock) => {
      await store.appendAudit({ type: 'service_started' })
      await store.appendAudit({ type: 'service_started' })
      clock.advance(60 * 24 * 60 * 60 * 1_000)
      await store.applyRetention({ keepDays: 30, archiveTo: join(testDirectory(), 'archive') })
    })
    const { exitCode, stdout, stderr } = await run(['audit', 'export', '--format', 'csv', '--after', '1', '--db', path])
    expect([exitCode, stdout, stderr]).toEqual([1, '', expect.stringContaining('records 2 to 2 were archived')])
    expect(stderr).not.toContain('printed')
    expect(stderr).toContain('(shepherd-store --db new.db audit import DIRECTORY)\n')
  })
})
