import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, storeWith, testDirectory } from './command.ts'

/** A record on each of 100 days up to today. */
function hundredDays(): Promise<string> {
  return storeWith(async (store, clock) => {
    clock.set('2026-08-17T12:00:00Z')
    for (let day = 0; day < 100; day += 1) {
      await store.appendAudit({ type: 'service_started' })
      clock.advance(24 * 60 * 60 * 1_000)
    }
  })
}

test('--dry-run says what would go, and touches nothing', async () => {
  const path = await hundredDays()
  const archive = join(testDirectory(), 'archive')
  const argv = ['prune', '--keep', '90d', '--archive', archive, '--dry-run', '--db', path]
  expect(await run(argv)).toEqual({
    exitCode: 0,
    stdout: 'Would archive and remove 9 records from before 2026-08-26 00:00:00 (Europe/Berlin), up to record 9.\n',
    stderr: '',
  })
  expect(existsSync(archive)).toBe(false)
})

test('archives what is old, removes it, and leaves a log that verifies and tells it', async () => {
  const path = await hundredDays()
  const archive = join(testDirectory(), 'archive')
  const argv = ['prune', '--keep', '90d', '--archive', archive, '--db', path]
  const pruned = await run(argv)
  expect([pruned.exitCode, pruned.stdout.split('\n')[0]]).toEqual([
    0,
    'Archived and removed 9 records from before 2026-08-26 00:00:00 (Europe/Berlin), up to record 9.',
  ])
  const name = 'audit-0000000000000001-0000000000000009'
  expect(readdirSync(archive).toSorted()).toEqual([`${name}.json`, `${name}.jsonl.gz`])
  expect((await run(['audit', 'verify', '--db', path])).stdout).toContain('Records 1 to 9 are not in the log any more')
  const last = await run(['audit', '-n', '1', '--db', path])
  expect(last.stdout).toContain(`records 1 to 9 archived in ${name}.jsonl.gz`)
  expect((await run(argv)).stdout).toMatch(/^There is no record from before .*: nothing to archive\.\n$/)
  const other = join(testDirectory(), 'other.db')
  expect((await run(['audit', 'import', archive, '--db', other])).stdout).toMatch(/^9 records imported\.\n/)
})

test('tells of a record that is not old, and keeps older ones in the log: that is no failure', async () => {
  const path = await storeWith(async (store, clock) => {
    for (const at of ['2026-08-17T12:00:00Z', '2027-02-01T12:00:00Z', '2026-08-17T12:00:00Z']) {
      clock.set(at)
      await store.appendAudit({ type: 'service_started' })
    }
  })
  const held =
    'Record 2 of 2027-02-01 13:00:00 (node local) stays, as it is not old; 1 older record behind it in the log stays with it until it is old itself. Either clock may have been wrong.\n'
  const argv = ['prune', '--keep', '90d', '--archive', join(testDirectory(), 'archive'), '--db', path]
  const dry = await run([...argv, '--dry-run'])
  expect([dry.exitCode, dry.stdout]).toEqual([0, expect.stringMatching(/^Would archive and remove 1 record .*\n/)])
  expect(dry.stdout.endsWith(held)).toBe(true)
  const pruned = await run(argv)
  expect([pruned.exitCode, pruned.stdout]).toEqual([0, expect.stringContaining(`up to record 1.\n${held}`)])
  const again = await run(argv, { columns: 400 })
  expect([again.exitCode, again.stdout]).toEqual([0, `Nothing to archive.\n\u001B[33m${held.trimEnd()}\u001B[39m\n`])
  const json = await run([...argv, '--json'])
  const heldBy = { id: 2, timestamp: '2027-02-01T12:00:00.000Z', node: 'local' }
  expect(JSON.parse(json.stdout)).toMatchObject({ records: 0, heldBy })
})

test('tells how many older ones stay, up to a number', async () => {
  const path = await storeWith(async (store, clock) => {
    const start = { type: 'append_audit', event: { type: 'service_started' } } as const
    await store.appendAudit({ type: 'service_started' })
    clock.set('1970-01-01T00:01:00Z')
    for (let commit = 0; commit < 5; commit += 1) await store.commit(Array.from({ length: 250 }, () => start))
  })
  const { exitCode, stdout } = await run(['prune', '--keep', '90d', '--dry-run', '--db', path])
  expect([exitCode, stdout]).toEqual([
    0,
    expect.stringContaining('1,000 or more older records behind it in the log stay with it until it is old itself.'),
  ])
})

test('shows on a terminal how far it is', async () => {
  const path = await hundredDays()
  const archive = join(testDirectory(), 'archive')
  const { stderr } = await run(['prune', '--keep', '5w', '--archive', archive, '--db', path], { columns: 80 })
  expect(stderr).toContain('removing: 64 of 64')
})

test.each([
  [['--archive', '/nowhere'], '--keep'],
  [['--keep', '90'], '90d or 52w'],
  [['--keep', '7d', '--dry-run'], "option '--keep <time>' argument '7d' is invalid. Give 30 days at least"],
  [['--keep', '29d', '--dry-run'], 'Give 30 days at least'],
  [['--keep', '18251d', '--dry-run'], 'and 18250 at most'],
  [['--keep', '2608w', '--dry-run'], 'and 18250 at most'],
  [['--keep', '90d'], 'say with --archive which directory'],
  [['--keep', '90d', '--archive', ''], 'say with --archive which directory'],
  [['--keep', '90d', '--dry-run', '--scope', 'anna'], 'prune is about the log of all scopes, and takes no --scope'],
])('is refused with %j', async (argv, why) => {
  const path = await storeWith(async () => {})
  expect(await run(['prune', ...argv, '--db', path])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(why),
  })
})

test.each(['30d', '18250d', '2607w'])('takes --keep %s', async (keep) => {
  const argv = ['prune', '--keep', keep, '--dry-run', '--db', await storeWith(async () => {})]
  expect(await run(argv)).toMatchObject({ exitCode: 0, stderr: '' })
})
