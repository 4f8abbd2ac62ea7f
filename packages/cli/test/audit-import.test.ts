import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, storeWith, testDirectory } from './command.ts'

/** Three records of two scopes. */
function three(): Promise<string> {
  return storeWith(async (store) => {
    await store.appendAudit({ type: 'policy_loaded', entryCount: 1 })
    await store.view({ scope: 'ben' }).appendAudit({ type: 'service_started' })
    await store.appendAudit({ type: 'service_stopped' })
  })
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

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

test('tells of records that lie before where the log begins, and could not be compared', async () => {
  const archive = join(testDirectory(), 'archive')
  const path = await storeWith(async (store, clock) => {
    for (let record = 0; record < 3; record += 1) await store.appendAudit({ type: 'service_started' })
    clock.advance(60 * 24 * 60 * 60 * 1_000)
    await store.applyRetention({ keepDays: 30, archiveTo: archive })
  })
  const { exitCode, stdout } = await run(['audit', 'import', archive, '--db', path])
  expect([exitCode, lines(stdout).slice(0, 2)]).toEqual([
    0,
    ['0 records imported.', '3 records lie before where the log begins here, and were not compared.'],
  ])
  // Nothing of it was seen here.
  expect(stdout).not.toContain('proves')
  const json = await run(['audit', 'import', archive, '--json', '--db', path])
  expect(JSON.parse(json.stdout)).toMatchObject({ imported: 0, present: 0, beforeStart: 3, head: { id: 3 } })
})

describe('the database', () => {
  /** A place for a database, and a file beside it. */
  function placesWith(text: string): { directory: string; file: string; db: string } {
    const [directory, file] = [testDirectory(), join(testDirectory(), 'log.jsonl')]
    writeFileSync(file, text)
    return { directory, file, db: join(directory, 'new', 'store.db') }
  }

  const exported = async (): Promise<string> =>
    (await run(['audit', 'export', '--all-scopes', '--db', await three()])).stdout

  test('that is made keeps the days of --time-zone', async () => {
    const { file, db } = placesWith(await exported())
    const { exitCode } = await run(['audit', 'import', file, '--time-zone', 'Pacific/Chatham', '--db', db])
    expect(exitCode).toBe(0)
    expect((await run(['audit', '--db', db])).stdout).toContain('When (Pacific/Chatham)')
  })

  test('that is there and keeps other days than those of --time-zone is left alone', async () => {
    const { file } = placesWith(await exported())
    const db = await storeWith(async () => {})
    const { exitCode, stderr } = await run(['audit', 'import', file, '--time-zone', 'Pacific/Chatham', '--db', db])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Europe/Berlin')])
    expect((await run(['audit', '--db', db])).stdout).toBe('Nothing is recorded in scope default.\n')
  })

  test.each([
    ['garbage', () => 'no record\n', []],
    ['what leaves out its beginning', (log: string) => log.slice(log.indexOf('\n') + 1), []],
    ['an unknown time zone', (log: string) => log, ['--time-zone', 'Mars/Base']],
  ])('is not made for %s', async (_, textOf, flags) => {
    const { directory, file, db } = placesWith(textOf(await exported()))
    const { exitCode, stdout, stderr } = await run(['audit', 'import', file, ...flags, '--db', db])
    expect([exitCode === 0, stdout]).toEqual([false, ''])
    expect(stderr).toMatch(/^shepherd-store: .+\n$/)
    expect(readdirSync(directory)).toEqual([])
  })

  test('is not made for a source that is not there, or holds no archive', async () => {
    const { directory, file, db } = placesWith('')
    for (const source of [`${file}.none`, testDirectory()]) {
      expect(await run(['audit', 'import', source, '--db', db])).toMatchObject({ exitCode: 1, stdout: '' })
    }
    expect(readdirSync(directory)).toEqual([])
  })

  test('is not made for a source that is empty', async () => {
    const { directory, file, db } = placesWith('')
    const { exitCode, stdout } = await run(['audit', 'import', file, '--db', db])
    expect([exitCode, stdout]).toEqual([0, 'There was nothing to import.\n'])
    expect(readdirSync(directory)).toEqual([])
  })
})
