import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { describe, expect, test } from 'vitest'
import { run, storeWith, tamper, testDirectory, WITHOUT_TRIGGERS } from './command.ts'

function log(records = 3): Promise<string> {
  return storeWith(async (store) => {
    const start = { type: 'append_audit', event: { type: 'service_started' } } as const
    for (let left = records; left > 0; left -= 256) {
      await store.commit(Array.from({ length: Math.min(left, 256) }, () => start))
    }
  })
}

/** A file with the log's head, as `audit head` prints it. */
async function headFile(path: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(['audit', 'head', '--db', path])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return fileWith(stdout)
}

function fileWith(text: string): string {
  const file = join(testDirectory(), 'head.json')
  writeFileSync(file, text)
  return file
}

describe('audit head', () => {
  test('prints the head in one line of JSON, with --json too', async () => {
    const path = await log()
    const { exitCode, stdout } = await run(['audit', 'head', '--db', path])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\{"id":3,"hash":"[0-9a-f]{64}"\}\n$/),
    })
    expect((await run(['audit', 'head', '--db', path, '--json'])).stdout).toBe(stdout)
  })

  test('of an empty log there is none, and nothing that a file could keep', async () => {
    const { exitCode, stdout, stderr } = await run(['audit', 'head', '--db', await log(0)])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^shepherd-store: nothing is recorded yet: the log has no head\n$/)
  })
})

test('finds a sound log intact, prints its head, and says what that cannot show', async () => {
  const path = await log()
  const { stdout: head } = await run(['audit', 'head', '--db', path])
  const { exitCode, stdout, stderr } = await run(['audit', 'verify', '--db', path])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'The log is intact: 3 records, each as it was written, in its place.',
      '',
      'Its head, which shepherd-store audit head >> FILE keeps elsewhere:',
      head.trimEnd(),
      '',
      'What this cannot show:',
      ' -  Whether the log as a whole was written anew, or its tail cut off by somebody who knew how: keep its head elsewhere, and give it as the head that is expected.',
      '',
    ].join('\n'),
  )
})

test('--json is the verification', async () => {
  const { stdout } = await run(['audit', 'verify', '--db', await log(), '--json'])
  expect(JSON.parse(stdout)).toEqual({
    intact: true,
    checked: 3,
    erased: 0,
    head: { id: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    tail: 'unproven',
    blindSpots: [expect.stringMatching(/^Whether the log as a whole /)],
  })
})

test('an empty log is intact', async () => {
  const { exitCode, stdout } = await run(['audit', 'verify', '--db', await log(0)])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^The log is intact: 0 records, each as it was written, in its place\.\n\nWhat this cannot/)
})

test('--expect-head proves that nothing before it is gone', async () => {
  const path = await log()
  const { exitCode, stdout } = await run(['audit', 'verify', '--db', path, '--expect-head', await headFile(path)])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('\nNothing up to record 3 was cut off or written anew.\n')
  expect(stdout).not.toContain('cannot show')
})

test('--from goes on from a head, and says what was not read again', async () => {
  const path = await log()
  const from = await headFile(path)
  await using store = await openSqliteStore(path)
  await store.appendAudit({ type: 'service_stopped' })
  const { exitCode, stdout } = await run(['audit', 'verify', '--db', path, '--from', from])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^The log is intact: 2 records, /)
  expect(stdout).toContain('\nNothing up to record 3 was cut off or written anew.\n')
  expect(stdout).toContain('\n -  Records before 3 were not read again.\n')
})

test('a file may hold several heads, one after the other: all are looked at', async () => {
  const path = await log()
  const file = await headFile(path)
  await using store = await openSqliteStore(path)
  await store.appendAudit({ type: 'service_stopped' })
  appendFileSync(file, (await run(['audit', 'head', '--db', path])).stdout)
  const { stdout } = await run(['audit', 'verify', '--db', path, '--expect-head', file])
  expect(stdout).toContain('\nNothing up to record 4 was cut off or written anew.\n')
})

test.each(['--expect-head', '--from'])('says when %s lies in what was archived, with exit status 3', async (option) => {
  let first = ''
  const path = await storeWith(async (store, clock) => {
    await store.appendAudit({ type: 'service_started' })
    first = JSON.stringify(await store.auditHead())
    await store.appendAudit({ type: 'service_stopped' })
    clock.advance(60 * 24 * 60 * 60 * 1_000)
    await store.applyRetention({ keepDays: 30, archiveTo: join(testDirectory(), 'archive') })
  })
  const argv = ['audit', 'verify', option, fileWith(first), '--db', path]
  const { exitCode, stdout, stderr } = await run(argv, { columns: 400 })
  expect([exitCode, stderr]).toEqual([3, ''])
  expect(stdout).toContain('The log is intact: ')
  expect(stdout).toContain('\u001B[33mThe head of record 1 proves nothing here: the log begins behind it.')
  const json = await run([...argv, '--json'])
  expect(json.exitCode).toBe(3)
  expect(JSON.parse(json.stdout)).toMatchObject({ intact: true, tail: 'unproven' })
})

const HASH = 'a'.repeat(64)

test.each([
  '',
  'no head',
  '3',
  'null',
  `{"id":0,"hash":"${HASH}"}`,
  `{"id":1.5,"hash":"${HASH}"}`,
  `{"id":"3","hash":"${HASH}"}`,
  `{"id":3,"hash":"${HASH}0"}`,
  `{"id":3,"hash":"${'A'.repeat(64)}"}`,
  `{"id":3}`,
])('a file without a head is refused: %j', async (text) => {
  for (const option of ['--expect-head', '--from']) {
    const ran = await run(['audit', 'verify', '--db', await log(), option, fileWith(text)])
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ran.stderr).toContain('There is no head in it: give a file that shepherd-store audit head has written')
  }
})

test('a file that is not there is told', async () => {
  const { exitCode, stderr } = await run(['audit', 'verify', '--expect-head', join(testDirectory(), 'none.json')])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('The file cannot be read (ENOENT)')
})

describe('shows the first break, with exit status 3:', () => {
  test.each([
    [
      'a changed record',
      `update audit_log set node = 'x' where id = 2`,
      'record 2 is not as it was written (content_changed)',
    ],
    ['a missing record', 'delete from audit_log where id = 2', 'records 2 to 2 are missing (missing)'],
  ])('%s', async (_, sql, sentence) => {
    const path = await log()
    tamper(path, `${WITHOUT_TRIGGERS} ${sql}`)
    const { exitCode, stdout } = await run(['audit', 'verify', '--db', path])
    expect(exitCode).toBe(3)
    expect(stdout).toContain(`The log is not intact: ${sentence}.\nThe records up to 1 are as they were written.\n`)
    const json = await run(['audit', 'verify', '--db', path, '--json'])
    expect(json.exitCode).toBe(3)
    expect(JSON.parse(json.stdout)).toMatchObject({ intact: false, firstBreak: { id: 2 } })
  })

  test('a log that was written anew, by the head that was kept', async () => {
    const head = await headFile(await log())
    const { exitCode, stdout } = await run(['audit', 'verify', '--db', await anotherLog(), '--expect-head', head])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('the log was written anew (head_differs).\nThe records up to 2 are as they were written.')
  })

  test('a tail that was cut off, by the head that was kept', async () => {
    const path = await log()
    const head = await headFile(path)
    const shorter = await log(2)
    const { exitCode, stdout } = await run(['audit', 'verify', '--db', shorter, '--expect-head', head])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('the log ends at 2, but it once reached 3: its tail was cut off (head_missing).')
  })

  function anotherLog(): Promise<string> {
    return storeWith(async (store) => {
      for (let record = 0; record < 3; record += 1) await store.appendAudit({ type: 'service_stopped' })
    })
  }
})

describe('long work', () => {
  test('shows on a terminal how far it is, and leaves nothing of it', async () => {
    const { exitCode, stderr } = await run(['audit', 'verify', '--db', await log(2_500)], { columns: 80 })
    expect(exitCode).toBe(0)
    const [before, ...shown] = stderr.split('\r\u001B[2K')
    expect([before, shown[0], shown.at(-1)]).toEqual(['', 'verified: 1,000 of 2,500', ''])
  })

  test('that is interrupted says from where it can go on', async () => {
    const path = await log(2_500)
    const stopped = await run(['audit', 'verify', '--db', path], {
      columns: 80,
      onProgress: (interrupt) => interrupt(),
    })
    expect(stopped).toMatchObject({ exitCode: 1, stdout: '' })
    const [, head = ''] = /the verification was stopped; .* write (\{.*\}) into a file/.exec(stopped.stderr) ?? []
    const { exitCode, stdout } = await run(['audit', 'verify', '--db', path, '--from', fileWith(head)])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^The log is intact: 1,501 records, /)
  })
})
