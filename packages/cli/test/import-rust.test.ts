import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { main } from '../src/main.ts'
import { playing, run, rustDatabase, storeWith, tamper, testDirectory } from './command.ts'

const ERASED = '\r\u001B[2K'

describe('import rust', () => {
  test('makes the store, brings everything, and says what', async () => {
    const path = rustDatabase()
    const db = join(testDirectory(), 'new', 'store.db')
    const { exitCode, stdout, stderr } = await run(['import', 'rust', path, '--db', db, '--time-zone', 'Europe/Berlin'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout.replace(/rust-[0-9a-f]{12}/, 'rust-*')).toBe(
      [
        `From  ${path}`,
        `Into  ${db}`,
        'Node  rust-*: what its records and usage belong to',
        'Days  of Europe/Berlin',
        '',
        'Rows       Found  Unreadable  There before  Imported',
        'log            2           0             0         2',
        'usage          1           0           0 s    10 min',
        'cooldowns      1           0             0         1',
        'snapshot       0           0             0         0',
        '',
        'By its log 0 s were played, and 10 min are booked.',
        '  10 min booked although no session in the log accounts for it',
        '',
      ].join('\n'),
    )
    const usage = await run(['usage', '--db', db, '--json'])
    expect(JSON.parse(usage.stdout)).toMatchObject({ totalMs: 600_000, timeZone: 'Europe/Berlin' })
  })

  test('may be repeated', async () => {
    const path = rustDatabase()
    const db = await storeWith(async () => {})
    await run(['import', 'rust', path, '--db', db])
    const { exitCode, stdout } = await run(['import', 'rust', path, '--db', db, '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      counts: { audits: { found: 2, imported: 0, alreadyThere: 2 }, usage: { addedMs: 0, alreadyThereMs: 600_000 } },
    })
  })

  test('--dry-run writes nothing, and needs no store', async () => {
    const directory = testDirectory()
    const argv = ['import', 'rust', rustDatabase(), '--dry-run', '--db', join(directory, 'store.db')]
    const { exitCode, stdout } = await run(argv)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^A dry run: nothing was written\.\n/)
    expect(stdout).toContain('log            2           0             0         2\n')
    expect(readdirSync(directory)).toEqual([])
  })

  test('opens the session that the crate left running, to be recovered', async () => {
    const path = rustDatabase({ unfinished: true })
    const db = await storeWith(async () => {})
    const rehearsal = await run(['import', 'rust', path, '--db', db, '--dry-run'])
    expect(rehearsal.stdout).toContain(
      'A session of minecraft was running (2026-11-23 16:10:17): ' +
        'it would be open on local now, and its 10 min 17 s are booked when it ends.\n',
    )
    const { stdout } = await run(['import', 'rust', path, '--db', db])
    expect(stdout).toContain(
      'A session of minecraft was running (2026-11-23 16:10:17): ' +
        'it is open on local now, and its 10 min 17 s are booked when it ends.\n' +
        'When the old service runs no more: shepherd-store sessions recover\n',
    )
    const open = await run(['sessions', '--open', '--db', db])
    expect(open.stdout).toContain(
      '2026-11-23 16:00:00      16:10:17     0 s  local  minecraft: open, heard of 20 h 49 min ago\n',
    )
    const recovered = await run(['sessions', 'recover', '--db', db])
    expect(recovered.stdout).toBe(
      'Recovered minecraft on local: ended as of 2026-11-23 16:10:17, 10 min 17 s booked.\n',
    )
    const again = await run(['import', 'rust', path, '--db', db])
    expect(again.stdout).not.toContain('was running')
  })

  test('says that another session is in the place of the one that the crate left running', async () => {
    const db = await storeWith((store, clock) =>
      playing(store, clock, { entryId: 'lofi', from: '2026-11-24T11:00:00Z', playedMs: 60_000 }),
    )
    const { stdout } = await run(['import', 'rust', rustDatabase({ unfinished: true }), '--db', db])
    expect(stdout).toContain('but another one is open on local: when that one has ended, import again.\n')
  })

  test('--dry-run on a store leaves it as it is', async () => {
    const db = await storeWith((store) => store.appendAudit({ type: 'service_started' }))
    const before = readFileSync(db)
    const { exitCode } = await run(['import', 'rust', rustDatabase(), '--dry-run', '--db', db])
    expect(exitCode).toBe(0)
    expect(readFileSync(db).equals(before)).toBe(true)
  })

  test('reports rows that cannot be read, with exit status 3', async () => {
    const db = await storeWith(async () => {})
    const { exitCode, stdout } = await run(['import', 'rust', rustDatabase({ unreadable: true }), '--db', db])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /\n1 row could not be read:\nTable {6}Row {2}Kept {8}Problem\naudit_log {4}2 {2}in the log {2}\S/,
    )
  })

  test.each([
    ['is missing', join(testDirectoryName(), 'none.db')],
    ['is no database', import.meta.filename],
  ])('makes no store for a source that %s', async (_, path) => {
    const db = join(testDirectory(), 'store.db')
    const { exitCode, stdout, stderr } = await run(['import', 'rust', path, '--db', db])
    expect({ exitCode, stdout, made: existsSync(db) }).toEqual({ exitCode: 1, stdout: '', made: false })
    expect(stderr).toMatch(/^shepherd-store: .*give the path of the crate's file.*\n$/)
  })

  test('a store of this library is not taken for a source', async () => {
    const db = await storeWith(async () => {})
    const { exitCode, stderr } = await run(['import', 'rust', db, '--db', db])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('a database of this library needs no import')
  })

  test("refuses a calendar that is not the store's", async () => {
    const db = await storeWith(async () => {})
    const { exitCode, stderr } = await run(['import', 'rust', rustDatabase(), '--db', db, '--time-zone', 'UTC'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the database keeps its days in Europe/Berlin')
  })

  test('a zone that nobody knows makes nothing', async () => {
    const db = join(testDirectory(), 'store.db')
    const { exitCode, stderr } = await run(['import', 'rust', rustDatabase(), '--db', db, '--time-zone', 'Mars/Base'])
    expect({ exitCode, made: existsSync(db) }).toEqual({ exitCode: 2, made: false })
    expect(stderr).toContain('timeZone "Mars/Base" is unknown')
  })

  test('shows its progress on a terminal, and cleans up after it', async () => {
    const db = await storeWith(async () => {})
    const { stderr } = await run(['import', 'rust', rustDatabase(), '--db', db], { columns: 80 })
    expect(stderr).toMatch(/audits: 2 of 2/)
    expect(stderr.startsWith(ERASED)).toBe(true)
    expect(stderr.endsWith(ERASED)).toBe(true)
  })

  test('stops between batches at Ctrl-C, says so, and goes on from there', async () => {
    const path = rustDatabase()
    tamper(
      path,
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
       insert into audit_log (timestamp, event_json)
         select '2026-11-23T15:00:02+01:00', '{"type":"service_started"}' from n`,
    )
    const db = await storeWith(async () => {})
    const argv = ['import', 'rust', path, '--db', db]
    const stopped = await run(argv, { columns: 80, onProgress: (interrupt) => interrupt() })
    expect({ exitCode: stopped.exitCode, stdout: stopped.stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stopped.stderr.slice(stopped.stderr.lastIndexOf(ERASED) + ERASED.length)).toMatch(
      /^shepherd-store: the import was stopped; .* the same command goes on from there\n$/,
    )
    const again = await run([...argv, '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({
      counts: { audits: { found: 1_002, alreadyThere: 256, imported: 746 } },
    })
  })

  test('stops at Ctrl-C while the source is checked, before a store is made', async () => {
    const db = join(testDirectory(), 'store.db')
    let stderr = ''
    const exitCode = await main(['import', 'rust', rustDatabase(), '--db', db], {
      env: { HOME: testDirectory() },
      hostname: 'this-machine',
      stdout: { write: () => {} },
      stderr: { write: (text) => (stderr += text) },
      onInterrupt(listener) {
        queueMicrotask(listener)
        return () => {}
      },
    })
    expect({ exitCode, made: existsSync(db) }).toEqual({ exitCode: 1, made: false })
    expect(stderr).toMatch(/^shepherd-store: the import was stopped; /)
  })
})

function testDirectoryName(): string {
  return join(import.meta.dirname, 'no-such-directory')
}
