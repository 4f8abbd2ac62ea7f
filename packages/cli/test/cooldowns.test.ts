import { expect, test } from 'vitest'
import { run, storeWith, tamper } from './command.ts'

function resting(): Promise<string> {
  return storeWith(async (store) => {
    await store.setCooldownUntil('minecraft', new Date('2026-11-24T13:05:00Z'))
    await store.setCooldownUntil('lo\u001B[1mfi', new Date('2026-11-24T12:10:03Z'))
    await store.setCooldownUntil('over', new Date('2026-11-24T12:00:00Z'))
    await store.view({ scope: 'mia' }).setCooldownUntil('theirs', new Date('2026-11-24T13:00:00Z'))
  })
}

test('shows those that run, the first to end first', async () => {
  const { exitCode, stdout } = await run(['cooldowns', '--db', await resting()])
  expect(exitCode).toBe(0)
  expect(stdout).toBe(
    [
      'Until (Europe/Berlin)         Left  Entry',
      '2026-11-24 13:10:03    10 min 03 s  lo\\x1b[1mfi',
      '2026-11-24 14:05:00     1 h 05 min  minecraft',
      '',
    ].join('\n'),
  )
})

test('--json has instants and what is left', async () => {
  const { stdout } = await run(['cooldowns', '--db', await resting(), '--json', '--scope', 'mia'])
  expect(JSON.parse(stdout)).toEqual({
    at: '2026-11-24T12:00:00.000Z',
    cooldowns: [{ entryId: 'theirs', until: '2026-11-24T13:00:00.000Z', remainingMs: 3_600_000 }],
    unreadable: [],
  })
})

test('says when none runs', async () => {
  const { exitCode, stdout } = await run(['cooldowns', '--db', await storeWith(async () => {})])
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'No cooldown runs.\n' })
})

test('one that cannot be read is not taken for none', async () => {
  const path = await resting()
  tamper(path, `update cooldowns set until = 'soon' where entry_id = 'over'`)
  const { exitCode, stdout } = await run(['cooldowns', '--db', path])
  expect(exitCode).toBe(3)
  expect(stdout).toContain('The cooldown of over cannot be read; set or clear it.\n')
})
