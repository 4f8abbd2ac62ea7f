import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
    expect.objectContaining({ specversion: '1.0', type: 'shepherd.launch_denied', id: '1', subject: '=1+1' }),
  ])
})

test('an unknown format is refused', async () => {
  const { exitCode, stderr } = await run(['audit', 'export', '--format', 'xml', '--db', await three()])
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('jsonl, csv, cloudevents')])
})

test('what is exported of all scopes is imported into a new store, and proven there', async () => {
  const path = await three()
  const directory = testDirectory()
  const [file, head, other] = ['log.jsonl', 'head.json', 'other.db'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(file, (await run(['audit', 'export', '--all-scopes', '--db', path])).stdout)
  writeFileSync(head, (await run(['audit', 'head', '--db', path])).stdout)
  const first = await run(['audit', 'import', file, '--db', other])
  expect([first.exitCode, lines(first.stdout)[0]]).toEqual([0, '3 records imported.'])
  const again = await run(['audit', 'import', file, '--db', other])
  expect(lines(again.stdout)[0]).toBe('0 records imported, 3 were there already.')
  const verified = await run(['audit', 'verify', '--expect-head', head, '--db', other])
  expect([verified.exitCode, lines(verified.stdout)[1]]).toEqual([
    0,
    'Nothing up to record 3 was cut off or written anew.',
  ])
})

test('an export with records left out, or changed, is not imported', async () => {
  const directory = testDirectory()
  const [file, other] = [join(directory, 'log.jsonl'), join(directory, 'other.db')]
  const { stdout } = await run(['audit', 'export', '--all-scopes', '--db', await three()])
  writeFileSync(file, stdout.replace(/^.*service_started.*\n/m, ''))
  expect(await run(['audit', 'import', file, '--db', other])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('records 2 to 2 are missing'),
  })
  writeFileSync(file, stdout.replace('service_stopped', 'service_started'))
  const changed = await run(['audit', 'import', file, '--db', other])
  expect([changed.exitCode, changed.stderr]).toEqual([1, expect.stringContaining('record 3 is not as it was written')])
})

test('a source that is not there is told', async () => {
  const path = join(testDirectory(), 'none.jsonl')
  const { exitCode, stderr } = await run(['audit', 'import', path, '--db', await three()])
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining(path)])
})
