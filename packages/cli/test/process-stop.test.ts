import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { describe, expect, test } from 'vitest'
import { run, storeWith, testDirectory } from './command.ts'

const BIN = fileURLToPath(new URL('../bin/shepherd-store.js', import.meta.url))

type Child = ChildProcessByStdio<Writable, Readable, Readable>

function start(argv: readonly string[]): Child {
  return spawn(process.execPath, ['--conditions=@shepherd-store/source', BIN, ...argv], { stdio: 'pipe' })
}

/** How it ends. */
async function endOf(child: Child): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const stderr = text(child.stderr)
  const [code] = await once(child, 'close')
  return { code, stderr: await stderr }
}

function fifo(name: string): string {
  const path = join(testDirectory(), name)
  execFileSync('mkfifo', [path])
  return path
}

/** An export of 1,100 records: whoever reads it takes up a batch, and waits with the rest. */
async function exported(): Promise<string> {
  const path = await storeWith(async (store) => {
    const append = { type: 'append_audit', event: { type: 'service_started' } } as const
    for (let commit = 0; commit < 11; commit += 1) await store.commit(Array.from({ length: 100 }, () => append))
  })
  return (await run(['audit', 'export', '--all-scopes', '--db', path])).stdout
}

/** Resolves when the log has records. */
function recordsIn(path: string): Promise<void> {
  return until(async () => (await headIdOf(path)) > 0)
}

async function headIdOf(path: string): Promise<number> {
  await using store = await openSqliteStore(path)
  return (await store.auditHead())?.id ?? 0
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error('it has not come within 30 s')
    await setImmediate()
  }
}

describe.skipIf(process.platform === 'win32')('an import that is stopped ends, though', () => {
  test('standard input stays silent', async () => {
    const db = await storeWith(async () => {})
    const child = start(['audit', 'import', '-', '--db', db])
    const ended = endOf(child)
    // What is left of it when the import ends, nobody takes.
    child.stdin.on('error', () => {})
    child.stdin.write(await exported())
    await recordsIn(db)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    const imported = (await headIdOf(db)).toLocaleString('en')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `shepherd-store: the import was stopped: ${imported} records were imported; the same command goes on\n`,
    })
  })

  test.each(['log.jsonl', 'log.jsonl.gz'])('the FIFO %s has no writer', async (name) => {
    const db = join(testDirectory(), 'store.db')
    const child = start(['audit', 'import', fifo(name), '--db', db])
    const ended = endOf(child)
    await until(() => existsSync(db))
    child.kill('SIGINT')
    expect(await ended).toEqual({
      code: 1,
      stderr: 'shepherd-store: the import was stopped: nothing was imported; the same command goes on\n',
    })
  })

  test('the writer of a FIFO stays silent', async () => {
    const [db, path] = [await storeWith(async () => {}), fifo('log.jsonl')]
    const child = start(['audit', 'import', path, '--db', db])
    const ended = endOf(child)
    await using writer = await open(path, 'w')
    await writer.write(await exported())
    await recordsIn(db)
    child.kill('SIGINT')
    expect(await ended).toEqual({ code: 1, stderr: expect.stringContaining('the import was stopped: ') })
  })
})

test.skipIf(process.platform === 'win32').each([
  ['log.jsonl', (log: string) => log],
  ['log.jsonl.gz', (log: string) => gzipSync(log)],
])('an import of the FIFO %s makes the store', async (name, packed) => {
  const [db, path] = [join(testDirectory(), 'store.db'), fifo(name)]
  const child = start(['audit', 'import', path, '--db', db])
  const [ended, stdout] = [endOf(child), text(child.stdout)]
  await writeFile(path, packed(await exported()))
  expect(await ended).toEqual({ code: 0, stderr: '' })
  expect(await stdout).toMatch(/^1,100 records imported\.\n/)
})

describe.skipIf(process.platform === 'win32')('an export that is stopped while its reader', () => {
  /** It prints more than a pipe holds. */
  async function printing(): Promise<Child> {
    const path = await storeWith(async (store) => {
      const event = { type: 'other', name: 'long', data: { text: 'x'.repeat(1_000) } } as const
      const append = { type: 'append_audit', event } as const
      for (let commit = 0; commit < 11; commit += 1) await store.commit(Array.from({ length: 200 }, () => append))
    })
    const child = start(['audit', 'export', '--db', path])
    await once(child.stdout, 'readable')
    return child
  }

  test('waits ends behind a whole record, and says so', async () => {
    const child = await printing()
    const [ended, stdout] = [endOf(child), text(child.stdout)]
    child.kill('SIGINT')
    expect(await ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/: the export was stopped; at most \d/),
    })
    const lines = (await stdout).trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual(lines.map((_, index) => index + 1))
  })

  test('is gone ends quietly, as one that was not stopped', async () => {
    const child = await printing()
    const ended = endOf(child)
    child.kill('SIGINT')
    child.stdout.destroy()
    expect(await ended).toEqual({ code: 0, stderr: '' })
  })
})
