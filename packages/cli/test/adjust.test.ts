import { expect, test } from 'vitest'
import { run, storeWith } from './command.ts'

/** An hour on two machines today, half an hour the day before. */
function played(): Promise<string> {
  return storeWith(async (store) => {
    await store.addUsage('minecraft', '2026-11-24', 1_800_000)
    await store.view({ node: 'attic' }).addUsage('minecraft', '2026-11-24', 1_800_000)
    await store.addUsage('minecraft', '2026-11-23', 1_800_000)
  })
}

const WHO_WHY = ['--by', 'mum', '--why', 'the game had crashed']

test('takes off what was not played, and says what the total is now', async () => {
  const path = await played()
  const argv = ['adjust', 'minecraft', '--minus', '45m', ...WHO_WHY, '--db', path]
  expect(await run(argv)).toEqual({
    exitCode: 0,
    stdout: 'Took 45 min off minecraft on 2026-11-24: 15 min in all.\n',
    stderr: '',
  })
  const { stdout } = await run(['audit', '-n', '1', '--db', path])
  expect(stdout).toContain(
    'usage of minecraft on 2026-11-24 lowered by 45 min to 15 min, by mum: the game had crashed\n',
  )
})

test('adds to another day', async () => {
  const argv = ['adjust', 'minecraft', '--plus', '1h30m', '--day', '2026-11-23', ...WHO_WHY, '--db', await played()]
  expect((await run(argv)).stdout).toBe('Added 1 h 30 min to minecraft on 2026-11-23: 2 h in all.\n')
})

test('takes off no more than there is, and says so', async () => {
  const argv = ['adjust', 'minecraft', '--minus', '2h', ...WHO_WHY, '--db', await played()]
  expect((await run(argv)).stdout).toBe(
    'Took 1 h off minecraft on 2026-11-24: 0 s in all.\nNo more than that was used; 2 h were asked for.\n',
  )
})

test('--json has exact durations, and the record', async () => {
  const argv = ['adjust', 'minecraft', '--minus', '1m1ms', ...WHO_WHY, '--db', await played(), '--json']
  expect(JSON.parse((await run(argv)).stdout)).toEqual({
    ...{ entryId: 'minecraft', day: '2026-11-24', byMs: -60_001, usedMs: 3_539_999, repeated: false, record: 1 },
    ...{ by: 'mum', why: 'the game had crashed' },
  })
})

test('with an operation id it is done once', async () => {
  const path = await played()
  const argv = ['adjust', 'minecraft', '--plus', '1m', ...WHO_WHY, '--operation-id', 'once', '--db', path]
  await run(argv)
  const { exitCode, stdout } = await run(argv)
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout:
      'This was done before, by record 1 of 2026-11-24 13:00:00; nothing was changed now.\n' +
      'Added 1 min to minecraft on 2026-11-24: 1 h 01 min in all.\n',
  })
  const usage = await run(['usage', '--db', path, '--from', '2026-11-24', '--json'])
  expect(JSON.parse(usage.stdout)).toMatchObject({ totalMs: 3_660_000 })
})

test.each([
  [{ USER: 'dad', LOGNAME: 'root' }, 'dad'],
  [{ USER: '', LOGNAME: 'gran' }, 'gran'],
])('who decides is, if nobody is named, the user of %j', async (env, by) => {
  const path = await played()
  const argv = ['adjust', 'minecraft', '--minus', '1m', '--why', 'x', '--db', path, '--json']
  expect(JSON.parse((await run(argv, { env })).stdout)).toMatchObject({ by })
})

test("--node takes from that machine's first", async () => {
  const path = await played()
  await run(['adjust', 'minecraft', '--minus', '10m', ...WHO_WHY, '--node', 'attic', '--db', path])
  const { stdout } = await run(['usage', '--db', path, '--from', '2026-11-24', '--by', 'node'])
  expect(stdout).toContain('attic  20 min\nlocal  30 min\n')
})

test('what it is told harms no terminal', async () => {
  const argv = ['adjust', 'a\u001B[2Jb', '--plus', '1m', ...WHO_WHY, '--db', await played()]
  expect((await run(argv, { columns: 80 })).stdout).toContain('Added 1 min to a\\x1b[2Jb on')
})
