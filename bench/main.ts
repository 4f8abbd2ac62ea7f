import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OwnedStore, systemClock } from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'

const DAY = '2026-11-23'

/** What the first users ask; each line names its yardstick, measured in the same run. */
await memoryOpening()
await twoHandles()

/** Opening a store in memory, beside an empty SQLite database in memory. */
async function memoryOpening(): Promise<void> {
  const rounds = 200
  const ours = await medianMs(rounds, () => createMemoryStore().close())
  const yardstick = await medianMs(rounds, async () => void new Database(':memory:').close())
  console.log(`memory: open and close ${ours.toFixed(3)} ms; an empty :memory: database ${yardstick.toFixed(3)} ms`)
}

/** 1,000 commits of two handles on one file, and how long the event loop stood still meanwhile. */
async function twoHandles(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'shepherd-bench-'))
  const path = join(directory, 'store.db')
  const stores = [await openSqliteStore(path, { node: 'one' }), await openSqliteStore(path, { node: 'two' })]
  const watch = watchEventLoop()
  const startedMs = systemClock.monotonicMs()
  for (let count = 0; count < 500; count += 1) await Promise.all(stores.map(commitOnce))
  const tookMs = systemClock.monotonicMs() - startedMs
  const longestMs = watch()
  await Promise.all(stores.map((store) => store.close()))
  rmSync(directory, { recursive: true })
  console.log(`sqlite: two handles, 1,000 commits in ${tookMs.toFixed(0)} ms; longest stall ${longestMs.toFixed(1)} ms`)
}

async function commitOnce(store: OwnedStore): Promise<void> {
  await store.commit([
    { type: 'append_audit', event: { type: 'service_started' } },
    { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
  ])
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
