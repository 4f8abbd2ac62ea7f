import { expect, test } from 'vitest'
import { run, storeWith, tamper } from './command.ts'

function resting(): Promise<string> {
  return storeWith(async (store) => {
    await store.setCooldownUntil('minecraft', new Date('2026-11-24T13:05:00Z'))
    await store.setCooldownUntil('over', new Date('2026-11-24T12:00:00Z'))
  })
}

const WHO_WHY = ['--by', 'mum', '--why', 'it had crashed']

test('clears the cooldown, and says until when it would have run', async () => {
  const path = await resting()
  expect(await run(['cooldowns', 'clear', 'minecraft', ...WHO_WHY, '--db', path])).toEqual({
    exitCode: 0,
    stdout: 'Cleared the cooldown of minecraft, which would have run until 2026-11-24 14:05:00.\n',
    stderr: '',
  })
  expect((await run(['cooldowns', '--db', path])).stdout).toBe('No cooldown runs.\n')
  const { stdout } = await run(['audit', '-n', '1', '--db', path])
  expect(stdout).toContain('cooldown of minecraft until 14:05:00 cleared by mum: it had crashed\n')
})

test('says that one was over', async () => {
  const { stdout } = await run(['cooldowns', 'clear', 'over', ...WHO_WHY, '--db', await resting()])
  expect(stdout).toBe('Cleared the cooldown of over, which was over since 2026-11-24 13:00:00.\n')
})

test('says that there was none', async () => {
  const { exitCode, stdout } = await run(['cooldowns', 'clear', 'lofi', ...WHO_WHY, '--db', await resting()])
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'There was no cooldown of lofi, or none that could be read; there is none now.\n',
  })
})

test('clears one that cannot be read', async () => {
  const path = await resting()
  tamper(path, `update cooldowns set until = 'soon' where entry_id = 'minecraft'`)
  expect(await run(['cooldowns', '--db', path])).toMatchObject({ exitCode: 3 })
  expect(await run(['cooldowns', 'clear', 'minecraft', ...WHO_WHY, '--db', path])).toMatchObject({ exitCode: 0 })
  expect(await run(['cooldowns', '--db', path])).toMatchObject({ exitCode: 0, stdout: 'No cooldown runs.\n' })
})

test('--json has when it would have ended, and the record', async () => {
  const argv = ['cooldowns', 'clear', 'minecraft', ...WHO_WHY, '--db', await resting(), '--json']
  expect(JSON.parse((await run(argv)).stdout)).toEqual({
    ...{ entryId: 'minecraft', until: '2026-11-24T13:05:00.000Z', by: 'mum', why: 'it had crashed' },
    ...{ repeated: false, record: 1 },
  })
})

test('with an operation id it is done once', async () => {
  const path = await resting()
  const argv = ['cooldowns', 'clear', 'minecraft', ...WHO_WHY, '--operation-id', 'once', '--db', path]
  await run(argv)
  expect((await run(argv)).stdout).toBe(
    'This was done before, by record 1 of 2026-11-24 13:00:00; nothing was changed now.\n' +
      'Cleared the cooldown of minecraft, which would have run until 2026-11-24 14:05:00.\n',
  )
})
