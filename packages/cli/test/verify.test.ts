import type { AuditVerification } from '@shepherd-store/core'
import { describe, expect, test } from 'vitest'
import { run, storeWith, tamper, WITHOUT_TRIGGERS } from './command.ts'

function log(records = 3): Promise<string> {
  return storeWith(async (store) => {
    for (let record = 0; record < records; record += 1) await store.appendAudit({ type: 'service_started' })
  })
}

async function headOf(path: string): Promise<string> {
  const { stdout } = await run(['verify', '--db', path, '--json'])
  const { head }: AuditVerification = JSON.parse(stdout)
  return `${head?.id}:${head?.hash}`
}

test('finds a sound log intact, prints its head, and says what that cannot show', async () => {
  const path = await log()
  const { exitCode, stdout, stderr } = await run(['verify', '--db', path])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'The log is intact: 3 records, each as it was written, in its place.',
      '',
      `Head: ${await headOf(path)}`,
      'The records alone cannot show that the end of the log was cut off, or all of it',
      'written anew: keep the head elsewhere, and give it with --expect-head next time.',
      '',
    ].join('\n'),
  )
})

test('--json is the verification', async () => {
  const { stdout } = await run(['verify', '--db', await log(), '--json'])
  expect(JSON.parse(stdout)).toEqual({
    intact: true,
    checked: 3,
    head: { id: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    tail: 'unproven',
  })
})

test('an empty log is intact', async () => {
  const { exitCode, stdout } = await run(['verify', '--db', await log(0)])
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'The log is intact: 0 records, each as it was written, in its place.\n',
  })
})

test('--expect-head proves that nothing before it is gone', async () => {
  const path = await log()
  const { exitCode, stdout } = await run(['verify', '--db', path, '--expect-head', await headOf(path)])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('\nNothing up to record 3 was cut off or written anew.\n')
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
    const { exitCode, stdout } = await run(['verify', '--db', path])
    expect(exitCode).toBe(3)
    expect(stdout).toContain(`The log is not intact: ${sentence}.\nThe records up to 1 are as they were written.\n`)
    const json = await run(['verify', '--db', path, '--json'])
    expect(json.exitCode).toBe(3)
    expect(JSON.parse(json.stdout)).toMatchObject({ intact: false, firstBreak: { id: 2 } })
  })

  test('a tail that was cut off, by the head that was kept', async () => {
    const path = await log()
    const head = await headOf(path)
    tamper(path, `${WITHOUT_TRIGGERS} delete from audit_log where id = 3`)
    const { exitCode, stdout } = await run(['verify', '--db', path, '--expect-head', head])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('the log ends at 2, but it once reached 3: its tail was cut off (head_missing).')
  })
})
