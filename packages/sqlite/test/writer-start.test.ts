import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const threads = watchThreads()

test('makes many new files in one thread, and one file for several handles that may not wait', async () => {
  const before = threads.started.length
  const path = freshPath()
  const paths = [path, path, path, path, ...Array.from({ length: 12 }, freshPath)]
  const stores = await Promise.all(paths.map((each) => openSqliteStore(each, { busyTimeoutMs: 0 })))
  assert.equal(threads.started.length, before + 1)
  for (const store of stores) await store.close()
})

// The thread preloads it, too: if that made a thread of its own, it would preload it again.
test('lets what the process preloads open a store, in its thread as well', () => {
  const path = freshPath()
  const preload = append('service_started')
  // The first record is the thread's.
  assert.deepEqual(runFile({ path, preload, main: append('service_stopped') }), ['2 3'])
})

test('says that its thread does not start, and why', () => {
  const preload = `import { isMainThread } from 'node:worker_threads'
    if (!isMainThread) throw new Error('not in a thread')`
  assert.deepEqual(runFile({ path: freshPath(), preload, main: OPEN }), ['UNSUPPORTED not_applied', 'not in a thread'])
})

test('makes nothing where threads are not allowed', () => {
  const path = freshPath()
  const permissions = ['--permission', '--allow-addons', '--allow-fs-read=*', '--allow-fs-write=*']
  const met = runFile({ path, permissions, main: OPEN })
  assert.deepEqual(met, ['UNSUPPORTED not_applied', 'threads are not allowed'])
  assert.equal(existsSync(path), false)
})

const OPEN = `
  const met = await openSqliteStore(path).then(() => ['opened'], (error) => [[error.code, error.outcome].join(' '), error.cause.message])
  process.stdout.write(met.join('|'))`

function append(type: string): string {
  return `
    const store = await openSqliteStore(path)
    await store.appendAudit({ type: '${type}' })
    if (isMainThread) process.stdout.write(String((await store.auditHead()).id) + ' ')
    await store.close()`
}

interface Run {
  readonly path: string
  readonly preload?: string
  readonly permissions?: readonly string[]
  readonly main: string
}

/** What a process writes that runs the programs, in parts. */
function runFile({ path, preload, permissions = [], main }: Run): readonly string[] {
  const files = [preload, main].flatMap((program) => {
    if (program === undefined) return []
    const file = `${freshPath()}.mjs`
    const heads = [
      `import { openSqliteStore } from '${import.meta.resolve('@shepherd-store/sqlite')}'`,
      program.includes('import { isMainThread }') ? '' : `import { isMainThread } from 'node:worker_threads'`,
      `const path = process.env.STORE_PATH`,
    ]
    writeFileSync(file, [...heads, program].join('\n'))
    return [file]
  })
  const imports = files.length === 1 ? files : ['--import', ...files]
  const output = execFileSync(process.execPath, [...process.execArgv, ...permissions, ...imports], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, STORE_PATH: path },
  })
  return output.trim().split('|')
}
