import { expect, test } from 'vitest'
import { run, storeWith } from './command.ts'

const WHO_WHY = ['--by', 'dad', '--why', 'helped in the garden']

function empty(): Promise<string> {
  return storeWith(async () => {})
}

test("grants extra time, and says what the day's is now", async () => {
  const path = await empty()
  const argv = ['grant', 'minecraft', '30m', ...WHO_WHY, '--db', path]
  await run(argv)
  expect(await run(argv)).toEqual({
    exitCode: 0,
    stdout: 'Granted 30 min of extra time for minecraft on 2026-11-24: 1 h in all.\n',
    stderr: '',
  })
  const { stdout } = await run(['audit', '-n', '1', '--db', path])
  expect(stdout).toContain(
    '30 min of extra time granted for minecraft on 2026-11-24, 1 h in all, by dad: helped in the garden\n',
  )
})

test('--take-back takes it back, as far as there is any', async () => {
  const path = await empty()
  await run(['grant', 'minecraft', '30m', '--day', '2026-11-25', ...WHO_WHY, '--db', path])
  const argv = ['grant', 'minecraft', '20m', '--take-back', '--day', '2026-11-25', ...WHO_WHY, '--db', path]
  expect((await run(argv)).stdout).toBe('Took back 20 min of extra time from minecraft on 2026-11-25: 10 min in all.\n')
  expect((await run(argv)).stdout).toBe(
    'Took back 10 min of extra time from minecraft on 2026-11-25: 0 s in all.\n' +
      'No more than that was there; 20 min were asked for.\n',
  )
})

test('--json has exact durations, and the record', async () => {
  const argv = ['grant', 'minecraft', '90s', ...WHO_WHY, '--db', await empty(), '--json']
  expect(JSON.parse((await run(argv)).stdout)).toEqual({
    ...{ entryId: 'minecraft', day: '2026-11-24', byMs: 90_000, grantedMs: 90_000, repeated: false, record: 1 },
    ...{ by: 'dad', why: 'helped in the garden' },
  })
})

test('with an operation id it is done once', async () => {
  const path = await empty()
  const argv = ['grant', 'minecraft', '30m', ...WHO_WHY, '--operation-id', 'once', '--db', path]
  await run(argv)
  expect((await run(argv)).stdout).toMatch(/^This was done before, by record 1 of .*\n.*: 30 min in all\.\n$/)
})

test('an operation id of another grant is refused', async () => {
  const path = await empty()
  await run(['grant', 'minecraft', '30m', ...WHO_WHY, '--operation-id', 'once', '--db', path])
  const argv = ['grant', 'minecraft', '31m', ...WHO_WHY, '--operation-id', 'once', '--db', path]
  expect(await run(argv)).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('"once"') })
})
