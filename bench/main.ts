import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type OwnedStore, systemClock } from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'

const DAY = '2026-11-23'
const COMMITS = 1_000
/** No turn of the event loop may take longer, in milliseconds: a service would be late for its children. */
const STALL_MS_MAX = 100

/** What the first users ask; each line names its yardstick, measured in the same run. */
const directory = mkdtempSync(join(tmpdir(), 'shepherd-bench-'))
try {
  await memoryOpening()
  await twoHandles(join(directory, 'store.db'), twoConnections(join(directory, 'yardstick.db')))
} finally {
  rmSync(directory, { recursive: true })
}

/** Opening a store in memory, beside an empty SQLite database in memory. */
async function memoryOpening(): Promise<void> {
  const rounds = 200
  const ours = await medianMs(rounds, () => createMemoryStore().close())
  const yardstick = await medianMs(rounds, async () => void new Database(':memory:').close())
  report('memory: open and close', ours, 'an empty :memory: database', yardstick)
}

/** Commits of two handles on one file, each a record and an addition, and how long the event loop stood still meanwhile. */
async function twoHandles(path: string, yardstickMs: number): Promise<void> {
  const stores = [await openSqliteStore(path, { node: 'one' }), await openSqliteStore(path, { node: 'two' })]
  const watch = watchEventLoop()
  const startedMs = systemClock.monotonicMs()
  for (let count = 0; count < COMMITS / 2; count += 1) await Promise.all(stores.map(commitOnce))
  const tookMs = systemClock.monotonicMs() - startedMs
  const longestMs = watch()
  await Promise.all(stores.map((store) => store.close()))
  report(`sqlite: ${COMMITS} commits, two handles`, tookMs, 'as many transactions, two connections', yardstickMs)
  console.log(`sqlite: the longest stall of the event loop meanwhile ${longestMs.toFixed(1)} ms`)
  if (longestMs <= STALL_MS_MAX) return
  console.error(`That is more than ${STALL_MS_MAX} ms.`)
  process.exitCode = 1
}

async function commitOnce(store: OwnedStore): Promise<void> {
  await store.commit([
    { type: 'append_audit', event: { type: 'service_started' } },
    { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
  ])
}

/** The raw driver, as durable: a row and an upsert in each transaction. */
function twoConnections(path: string): number {
  const connections = [new Database(path), new Database(path)].map((database) => {
    database.pragma('journal_mode = wal')
    database.pragma('synchronous = full')
    database.exec('create table if not exists log (id integer primary key, event text)')
    database.exec('create table if not exists usage (day text, entry text, ms integer, primary key (day, entry))')
    const append = database.prepare(`insert into log (event) values ('{"type":"service_started"}')`)
    const add = database.prepare('insert into usage values (?, ?, 1) on conflict do update set ms = ms + 1')
    const run = database.transaction(() => void (append.run(), add.run(DAY, 'minecraft')))
    return { run: () => run.immediate(), close: () => database.close() }
  })
  const startedMs = systemClock.monotonicMs()
  for (let count = 0; count < COMMITS / 2; count += 1) for (const { run } of connections) run()
  const tookMs = systemClock.monotonicMs() - startedMs
  for (const { close } of connections) close()
  return tookMs
}

function report(what: string, ms: number, yardstick: string, yardstickMs: number): void {
  const ratio = (ms / yardstickMs).toFixed(1)
  console.log(`${what}: ${ms.toPrecision(3)} ms, ${ratio} × ${yardstick} (${yardstickMs.toPrecision(3)} ms)`)
}

/** Returns a function that ends the watch, and tells the longest time between two turns of the event loop. */
function watchEventLoop(): () => number {
  let longestMs = 0
  let lastMs = systemClock.monotonicMs()
  const timer = setInterval(() => {
    const nowMs = systemClock.monotonicMs()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
  }, 1)
  return () => {
    clearInterval(timer)
    return longestMs
  }
}

async function medianMs(rounds: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = systemClock.monotonicMs()
    await run()
    times.push(systemClock.monotonicMs() - startedMs)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
}
