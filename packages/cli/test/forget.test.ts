import { readFileSync } from 'node:fs'
import { startSession } from '@shepherd-store/core'
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
      'Backups are to be dealt with, too.\n',
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
