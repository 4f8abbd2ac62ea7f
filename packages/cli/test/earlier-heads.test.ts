import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { expect, test } from 'vitest'
import { type Ran, run, storeWith, tamper, testDirectory, WITHOUT_TRIGGERS } from './command.ts'

/** A log of as many records of this type. */
function log(type: 'service_started' | 'service_stopped', records: number): Promise<string> {
  return storeWith(async (store) => {
    for (let record = 0; record < records; record += 1) await store.appendAudit({ type })
  })
}

async function headOf(path: string): Promise<string> {
  return (await run(['audit', 'head', '--db', path])).stdout
}

function verify(path: string, heads: readonly string[], argv: readonly string[] = []): Promise<Ran> {
  const file = join(testDirectory(), 'heads.jsonl')
  writeFileSync(file, heads.join(''))
  return run(['audit', 'verify', '--expect-head', file, '--db', path, ...argv])
}

test('heads that were kept one after the other are all found in the log', async () => {
  const path = await log('service_started', 2)
  const heads = [await headOf(path), '\n']
  await using store = await openSqliteStore(path)
  for (let head = 0; head < 2; head += 1) {
    await store.appendAudit({ type: 'service_stopped' })
    heads.push(await headOf(path))
  }
  const { exitCode, stdout } = await verify(path, heads)
  expect(exitCode).toBe(0)
  expect(stdout).toContain('\nNothing up to record 4 was cut off or written anew.\n')
  expect(stdout).not.toContain('cannot show')
})

test('an earlier head tells of a log that was written anew, whatever head was added behind it', async () => {
  const kept = await headOf(await log('service_started', 2))
  const path = await log('service_stopped', 3)
  const heads = [kept, await headOf(path)]
  const { exitCode, stdout } = await verify(path, heads)
  expect(exitCode).toBe(3)
  expect(stdout).toContain(
    'The log is not intact: record 2 is not the one that was the head: the log was written anew (head_differs).\n' +
      'The records up to 1 are as they were written.\n',
  )
  const json = await verify(path, heads, ['--json'])
  expect(json.exitCode).toBe(3)
  expect(JSON.parse(json.stdout)).toMatchObject({
    intact: false,
    checked: 3,
    head: { id: 1 },
    firstBreak: { id: 2, problem: 'head_differs' },
    tail: 'unproven',
  })
})

test('the first of several contradictions is told', async () => {
  const path = await log('service_stopped', 3)
  const kept = await Promise.all([2, 1].map(async (records) => headOf(await log('service_started', records))))
  const { stdout } = await verify(path, [...kept, await headOf(path)], ['--json'])
  const { head, firstBreak } = JSON.parse(stdout) as { head?: object; firstBreak: object }
  expect([head, firstBreak]).toMatchObject([undefined, { id: 1, problem: 'head_differs' }])
})

test('an earlier head tells of a log that has become shorter', async () => {
  const kept = await headOf(await log('service_started', 5))
  const path = await log('service_started', 3)
  const { exitCode, stdout } = await verify(path, [kept, await headOf(path)])
  expect(exitCode).toBe(3)
  expect(stdout).toContain(
    'the log ends at 3, but it once reached 5: its tail was cut off (head_missing).\n' +
      'The records up to 3 are as they were written.\n',
  )
  const empty = await verify(await log('service_started', 0), [kept, kept], ['--json'])
  expect(JSON.parse(empty.stdout)).toMatchObject({ firstBreak: { id: 1, problem: 'head_missing' } })
})

test('a break before the contradiction counts', async () => {
  const kept = await headOf(await log('service_started', 3))
  const path = await log('service_stopped', 4)
  const last = await headOf(path)
  tamper(path, `${WITHOUT_TRIGGERS} update audit_log set node = 'x' where id = 2`)
  const { exitCode, stdout } = await verify(path, [kept, last])
  expect([exitCode, stdout]).toEqual([
    3,
    expect.stringContaining('record 2 is not as it was written (content_changed)'),
  ])
})

test('a record that is gone is missed, before the one that is gone on from, too', async () => {
  const path = await log('service_started', 5)
  await using store = await openSqliteStore(path)
  const [, second, ...rest] = await store.listAudits()
  const heads = [second, ...rest].map((head) => `${JSON.stringify({ id: head?.id, hash: head?.hash })}\n`)
  tamper(path, `${WITHOUT_TRIGGERS} delete from audit_log where id = 2`)
  const from = join(testDirectory(), 'from.json')
  writeFileSync(from, heads.at(-1) ?? '')
  const { exitCode, stdout } = await verify(path, heads, ['--from', from])
  expect([exitCode, stdout]).toEqual([3, expect.stringContaining('record 2 is missing (missing)')])
})

test('those of records that were archived are named, and are no problem', async () => {
  const heads: string[] = []
  const path = await storeWith(async (store, clock) => {
    clock.set('2026-08-17T12:00:00Z')
    for (let record = 0; record < 3; record += 1) {
      await store.appendAudit({ type: 'service_started' })
      heads.push(`${JSON.stringify(await store.auditHead())}\n`)
    }
    clock.set('2026-11-24T12:00:00Z')
    await store.applyRetention({ keepDays: 30, archiveTo: join(testDirectory(), 'archive') })
  })
  const last = await headOf(path)
  const one = await verify(path, [heads[0] ?? '', last])
  expect([one.exitCode, one.stdout]).toEqual([
    0,
    expect.stringContaining('The head of record 1 was not looked at: the log begins behind it.\n'),
  ])
  const { exitCode, stdout } = await verify(path, [...heads, last])
  expect([exitCode, stdout]).toEqual([
    0,
    expect.stringContaining('2 heads, up to that of record 2, were not looked at: the log begins behind them.\n'),
  ])
  // Of the record that it was cut behind the log tells the hash.
  const forged = `${JSON.stringify({ id: 3, hash: 'ab'.repeat(32) })}\n`
  const differs = await verify(path, [forged, last])
  expect([differs.exitCode, differs.stdout]).toEqual([3, expect.stringContaining('(head_differs)')])
})

test('a line that is no head is refused, and named', async () => {
  const path = await log('service_started', 1)
  const head = await headOf(path)
  const { exitCode, stdout, stderr } = await verify(path, [head, 'torn\n', head])
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toContain('There is no head in its line 2: give a file that shepherd-store audit head has written')
})
