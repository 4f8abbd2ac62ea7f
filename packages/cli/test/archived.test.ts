import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prunedLog, run, storeWith, testDirectory } from './command.ts'

const NOTE =
  'shepherd-store: records 1 to 3 were archived by prune, and they are not in the log any more; ' +
  'to read the archive: shepherd-store --db new.db audit import DIRECTORY\n'

describe('that records were archived is told on stderr', () => {
  test.each([
    [['-n', '4']],
    [['-n', '3']],
    [['--reverse']],
    [['-n', 'all']],
    [['-n', 'all', '--reverse']],
    [['-n', 'all', '--json']],
    [['-n', 'all', '--reverse', '--after', '1']],
    [['--after', '0', '-n', '1']],
    [['--since', '2026-08-01', '--until', '2026-09-01']],
    [['--since', '2026-08-01', '--until', '2026-09-01', '-n', 'all']],
    [['--type', 'no_such_event', '--entry', 'none']],
    [['--scope', 'anna']],
    [['export']],
    [['export', '--format', 'csv', '--until', '2026-09-01', '--all-scopes']],
  ])('by audit with %j, which asks for what may be there', async (argv) => {
    const { exitCode, stderr } = await run(['audit', ...argv, '--db', await prunedLog()])
    expect([exitCode, stderr]).toEqual([0, NOTE])
  })

  test.each([
    [['-n', '2']],
    [['--since', '2026-11-24T12:00Z']],
    [['--since', 'now', '-n', 'all', '--reverse']],
    [['--after', '3']],
    [['--after', '4', '-n', 'all', '--reverse']],
    [['export', '--after', '3']],
    [['export', '--since', 'now']],
  ])('and not with %j, which asks for what is left', async (argv) => {
    expect(await run(['audit', ...argv, '--db', await prunedLog()])).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test.each([[[]], [['-n', 'all']], [['--until', '2026-09-01']], [['export']]])(
    'and not with %j of a log that is whole',
    async (argv) => {
      const path = await storeWith((store) => store.appendAudit({ type: 'service_started' }))
      expect(await run(['audit', ...argv, '--db', path])).toMatchObject({ exitCode: 0, stderr: '' })
    },
  )

  test('where the log is followed from its beginning', async () => {
    const path = await prunedLog()
    const follow = (argv: readonly string[]): ReturnType<typeof run> =>
      run(['audit', 'follow', '--db', path, ...argv], { onOutput: (_, interrupt) => interrupt() })
    expect((await follow([])).stderr).toBe(NOTE)
    expect((await follow(['-n', 'all'])).stderr).toBe(NOTE)
    expect((await follow(['-n', '3'])).stderr).toBe('')
  })
})

test('audit --json tells it in a field', async () => {
  const path = await prunedLog()
  const { stdout, stderr } = await run(['audit', '--json', '--db', path])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject({ records: [{ id: 4 }, { id: 5 }, { id: 6 }], archivedThrough: 3 })
  const none = await run(['audit', '--until', '2026-09-01', '--json', '--db', path])
  expect(JSON.parse(none.stdout)).toEqual({ records: [], more: false, archivedThrough: 3 })
  const last = await run(['audit', '-n', '2', '--json', '--db', path])
  expect(JSON.parse(last.stdout)).not.toHaveProperty('archivedThrough')
})

test('what is told of archives reads and proves them', async () => {
  const archive = join(testDirectory(), 'archive')
  const path = await prunedLog(archive)
  const { stdout } = await run(['audit', 'verify', '--db', path])
  expect(stdout).toContain(
    'Records 1 to 3 are not in the log any more: verify their archives ' +
      '(shepherd-store --db new.db audit import DIRECTORY, then shepherd-store --db new.db audit verify --part).\n',
  )
  const other = join(testDirectory(), 'new.db')
  expect(await run(['--db', other, 'audit', 'import', archive])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await run(['--db', other, 'audit', 'verify', '--part'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await run(['--db', other, 'audit'])).stdout).toMatch(/\n3 .* service started\n$/)
})

test('a source that leaves records out is told what makes a whole one', async () => {
  const path = await storeWith(async (store) => {
    await store.appendAudit({ type: 'service_started' })
    await store.view({ scope: 'anna' }).appendAudit({ type: 'service_started' })
    await store.appendAudit({ type: 'service_stopped' })
  })
  const file = join(testDirectory(), 'log.jsonl')
  writeFileSync(file, (await run(['audit', 'export', '--db', path])).stdout)
  const { exitCode, stderr } = await run(['audit', 'import', file, '--db', join(testDirectory(), 'new.db')])
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining('(an export that can be imported is made by shepherd-store audit export --all-scopes, '),
  ])
})
