import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isStoreError, type WriteUnit } from '@shepherd-store/core'
import { openSqliteDriver, openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { watchThreads } from './threads.ts'

const DAY = '2026-11-23'
const threads = watchThreads()

test('starts one thread when several calls find the last one ended, and leaves no log', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  await threads.endLast()
  const before = threads.started.length
  await Promise.all([store.isHealthy(), store.compact(), store.addUsage('minecraft', DAY, 7)])
  await store.close()
  assert.equal(threads.started.length, before + 1)
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('is closed, and leaves no log, when its thread ends while it closes', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  const closing = store.close()
  await threads.endLast()
  await closing.catch(() => undefined)
  const other = new Database(path)
  other.close()
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test.each(['with its log', 'closed before'])(
  'leaves what takes the place of its file before its first write as it is (%s)',
  async (how) => {
    const path = freshPath()
    const other = await openSqliteStore(path, { writer: 'inline' })
    await other.addUsage('minecraft', DAY, 7)
    if (how === 'closed before') await other.close()
    const store = await openSqliteStore(path)
    assert.equal(existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0, how === 'with its log')
    const foreign = freshPath()
    new Database(foreign).exec('create table customers (id integer primary key, name text)').close()
    const bytes = readFileSync(foreign)
    renameSync(foreign, path)
    await store.addUsage('minecraft', DAY, 7).catch((error: unknown) => assert.ok(isStoreError(error)))
    await store.close()
    assert.ok(readFileSync(path).equals(bytes))
    await other.close()
  },
)

test('writes in a program that Node was given as text', async () => {
  const program = `
    import { openSqliteStore } from '@shepherd-store/sqlite'
    const store = await openSqliteStore(process.argv[1])
    const met = await store.addUsage('minecraft', '2026-11-23', 7).then(() => 'written', (error) => error.outcome)
    process.stdout.write(met)`
  const met = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', program, freshPath()], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(met, 'written')
})

test('is closed for good: what comes late does not reach the store that has its thread now', async () => {
  const [one, two] = [freshPath(), freshPath()]
  const unit: WriteUnit = {
    conditions: [],
    changes: [{ table: 'usage', scope: 'default', day: DAY, entryId: 'minecraft', node: 'local', addMs: 7 }],
  }
  const driver = await openSqliteDriver(one)
  await driver.write([unit])
  await driver.close()
  const store = await openSqliteStore(two)
  await store.addUsage('tuxmath', DAY, 7)
  await assert.rejects(driver.write([unit]), (error) => isStoreError(error, 'CLOSED'))
  assert.equal(await store.getUsage('minecraft', DAY), 0)
  await store.close()
})

test.each(['thread', 'inline'] as const)('does not compact what is closed, by the %s', async (writer) => {
  const path = freshPath()
  const store = await openSqliteStore(path, { writer })
  await store.addUsage('minecraft', DAY, 7)
  await store.close()
  await assert.rejects(store.compact(), (error) => isStoreError(error, 'CLOSED'))
  assert.deepEqual(readdirSync(dirname(path)), ['store.db'])
})

test('says when it is opened that the file of its thread is not there, as in a bundle', () => {
  const bundle = dirname(freshPath())
  cpSync(join(import.meta.dirname, '../src'), join(bundle, 'src'), { recursive: true })
  rmSync(join(bundle, 'src/writer-thread.ts'))
  symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(bundle, 'node_modules'))
  const program = `
    import { openSqliteStore } from ${JSON.stringify(join(bundle, 'src/open.ts'))}
    const met = await openSqliteStore('bundled.db').then(() => 'opened', (error) => error.code)
    await (await openSqliteStore('bundled.db', { writer: 'inline' })).close()
    process.stdout.write(met)`
  const met = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', program], {
    cwd: bundle,
    encoding: 'utf8',
  })
  assert.equal(met, 'UNSUPPORTED')
})
