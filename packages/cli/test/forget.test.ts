import { readFileSync } from 'node:fs'
import { startSession, type Store } from '@shepherd-store/core'
import { expect, test } from 'vitest'
import { run, storeWith } from './command.ts'

const WHO_WHY = ['--by', 'dad', '--why', 'she has moved out']

function withAnna(): Promise<string> {
  return storeWith(async (store) => {
    const anna = store.view({ scope: 'anna' })
    await anna.appendAudit({ type: 'launch_denied', entryId: 'secret-of-anna', reasons: [] })
    await anna.addUsage('secret-of-anna', '2026-11-24', 60_000)
    await store.appendAudit({ type: 'service_started' })
  })
}

test('erases a scope from the file, and the log tells who and why', async () => {
  const path = await withAnna()
  expect(readFileSync(path).includes('secret-of-anna')).toBe(true)
  const forgotten = await run(['forget', 'anna', ...WHO_WHY, '--yes', '--db', path])
  expect([forgotten.exitCode, forgotten.stdout]).toEqual([
    0,
    'All that was kept of scope anna is erased, and 1 record of the log with it.\n' +
      'The file was written anew: nothing of it is left there.\n' +
      'Backups are to be dealt with, too, and what a prune that was stopped has left in its directory.\n',
  ])
  expect(readFileSync(path).includes('secret-of-anna')).toBe(false)
  const { stdout } = await run(['audit', '--scope', 'anna', '--db', path])
  expect(stdout).toContain('(erased)')
  expect(stdout).toContain('all that was recorded until then erased, by dad: she has moved out')
  expect((await run(['usage', '--scope', 'anna', '--db', path])).stdout).not.toContain('secret-of-anna')
  expect((await run(['audit', 'verify', '--db', path])).exitCode).toBe(0)
})

test('--json tells what was done', async () => {
  const argv = ['forget', 'anna', ...WHO_WHY, '--yes', '--json', '--db', await withAnna()]
  const { stdout } = await run(argv)
  expect(JSON.parse(stdout)).toEqual({ scope: 'anna', erased: 1, throughId: 2, compacted: true })
})

test('refuses another scope than the one that it is given', async () => {
  const path = await withAnna()
  const argv = ['forget', 'anna', '--scope', 'ben', ...WHO_WHY, '--yes', '--db', path]
  expect(await run(argv)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('leave --scope out') })
  expect(readFileSync(path).includes('secret-of-anna')).toBe(true)
})

test('asks for --yes first', async () => {
  const path = await withAnna()
  expect(await run(['forget', 'anna', ...WHO_WHY, '--db', path])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--yes'),
  })
  expect(readFileSync(path).includes('secret-of-anna')).toBe(true)
})

test('is refused while a session is open, and names it', async () => {
  const path = await storeWith(async (store) => {
    await startSession(store.view({ scope: 'anna' }), { entryId: 'minecraft' })
  })
  const { exitCode, stderr } = await run(['forget', 'anna', ...WHO_WHY, '--yes', '--db', path])
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is open on node "local"')])
})

test('a scope of which nothing is recorded is taken for a slip, and nothing is written', async () => {
  const path = await withAnna()
  const forgotten = await run(['forget', 'annna', ...WHO_WHY, '--yes', '--db', path])
  expect(forgotten).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'shepherd-store: nothing is recorded of scope "annna"; look at the name\n',
  })
  expect((await run(['audit', 'head', '--db', path])).stdout).toMatch(/^\{"id":2,/)
})

test.each<[string, (anna: Store) => Promise<unknown>]>([
  ['usage of the first day', (anna) => anna.addUsage('chess', '1970-01-01', 1)],
  ['usage of a day far ahead', (anna) => anna.addUsage('chess', '9998-12-31', 1)],
  ['a cooldown', (anna) => anna.setCooldownUntil('chess', new Date('2026-11-25T00:00:00Z'))],
  [
    'a snapshot of another node',
    (anna) => anna.view({ node: 'tablet' }).saveSnapshot({ timestamp: new Date('2026-11-24T12:00:00Z') }),
  ],
  ['a snapshot', (anna) => anna.saveSnapshot({ timestamp: new Date('2026-11-24T12:00:00Z') })],
])('a scope with nothing but %s is forgotten', async (_, fill) => {
  const path = await storeWith((store) => fill(store.view({ scope: 'anna' })))
  expect(await run(['forget', 'anna', ...WHO_WHY, '--yes', '--db', path])).toMatchObject({ exitCode: 0, stderr: '' })
})

test('may be repeated', async () => {
  const argv = ['forget', 'anna', ...WHO_WHY, '--yes', '--db', await withAnna()]
  await run(argv)
  expect(await run(argv)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('and 0 records of the log') })
})
