import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createStore, isStoreError, manualClock, type StoreErrorCode } from '@shepherd-store/core'
import { openSqliteDriver, openSqliteStore } from '@shepherd-store/sqlite'
import { Journal } from '../journal.ts'
import { judge } from '../judge.ts'
import { Tally } from '../tally.ts'
import { work, WORK_AT } from '../work.ts'

/**
 * A process that has a file system of 2 MB for itself, which it fills and gives room again while it writes to a store
 * there, and then mounts read-only. It says what came of it in one line. Given: the directory, and the way to write.
 */
const [directory = '', writer] = process.argv.slice(2)
const MIB = 2 ** 20
const path = join(directory, 'store.db')
const filler = join(directory, 'filler')
const clock = manualClock(WORK_AT)
const calendar = { timeZone: 'UTC', dayStart: '00:00' }
const open = () => openSqliteDriver(path, { calendar, writer: writer === 'inline' ? 'inline' : 'thread' })

const tally = new Tally()
const journal = new Journal()
const store = createStore(await open(), { node: 'writer', clock })
let next = 0

/** How many of so many steps failed. */
async function steps(count: number): Promise<number> {
  let failures = 0
  const tell = (told: Parameters<Journal['note']>[2], number: number) => {
    journal.note('writer', number, told)
    if (told === 'not_applied' || told === 'unknown') failures += 1
  }
  await work(store, { writer: 'writer', from: next, steps: count, retries: 0, clock, tell })
  next += count
  return failures
}

/** While the cause lasts writes fail with the code, reads answer, and health tells; once it is gone all works again. */
async function meet(code: StoreErrorCode, cause: { begin(): void; end(): void }): Promise<void> {
  tally.tried()
  const before = await store.listAudits({ limit: 1, order: 'desc' })
  const since = clock.now()
  cause.begin()
  const failures = await steps(8)
  assert.ok(failures > 0)
  tally.faults += failures
  await assert.rejects(
    store.appendAudit(LARGE),
    (error) => isStoreError(error, code) && error.outcome === 'not_applied',
    code,
  )
  const until = clock.now()
  clock.advance(MINUTE_MS)
  assert.deepEqual((await store.listAudits({ limit: 1, order: 'asc' })).length, Math.min(1, before.length))
  const { healthy, problems } = await store.health()
  assert.deepEqual([healthy, problems.map((problem) => problem.code)], [false, [code]])
  assert.ok(problems.every((problem) => problem.since >= since && problem.since <= until && problem.message.length > 0))
  cause.end()
  assert.equal(await steps(8), 0)
  assert.equal(await store.isHealthy(), true)
}
const MINUTE_MS = 60_000
const LARGE = { type: 'other', name: 'large', data: { text: 'x'.repeat(60_000) } } as const

await steps(20)
await meet('DISK_FULL', {
  begin() {
    mkdirSync(filler)
    for (let size = MIB; size >= 512; size /= 2) fill(size)
  },
  end: () => rmSync(filler, { recursive: true }),
})
await store.close()

execFileSync('mount', ['-o', 'remount,ro', directory])
await assert.rejects(openSqliteStore(path), (error) => isStoreError(error, 'READ_ONLY'))
await assert.rejects(openSqliteStore(join(directory, 'new', 'store.db')), (error) => isStoreError(error, 'READ_ONLY'))
execFileSync('mount', ['-o', 'remount,rw', directory])

const again = createStore(await open(), { clock })
tally.add(await judge(again, journal), directory)
await again.appendAudit(LARGE)
await again.close()
assert.deepEqual(tally.problems, [])
console.log(tally.toString())

/** Files of that size, as long as there is room for one more. */
function fill(size: number): void {
  for (let count = 0; ; count += 1) {
    const file = join(filler, `${size}-${count}`)
    try {
      writeFileSync(file, Buffer.alloc(size))
    } catch {
      if (existsSync(file)) rmSync(file)
      return
    }
  }
}
