import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@shepherd-store/core'
import { openSqliteStore, type SqliteStoreOptions } from '@shepherd-store/sqlite'
import { events, turn } from './household.ts'

/** What is printed, as JSON. */
export interface StallReport {
  /** The longest time between two turns of the event loop while there were writes. */
  readonly stallMs: number
  /** What an fsync takes here: whether it was delayed at all. */
  readonly fsyncMs: number
  readonly writes: number
}

const WRITES = 100
const BETWEEN_MS = 50

const [path = '', options = '{}'] = process.argv.slice(2)
const fsyncMs = fsyncOnce(`${path}.probe`)
const store = await openSqliteStore(path, JSON.parse(options) as SqliteStoreOptions)
// What is compiled and prepared by the first write is not what the disk does.
await store.appendAudit(turn(events, 0))

const watch = watchEventLoop()
const writes: Promise<unknown>[] = []
for (let index = 0; index < WRITES; index += 1) {
  writes.push(store.appendAudit(turn(events, index)))
  await wait(BETWEEN_MS)
}
await Promise.all(writes)
const stallMs = watch()
await store.close()
const report: StallReport = { stallMs, fsyncMs, writes: writes.length }
console.log(JSON.stringify(report))

function fsyncOnce(file: string): number {
  const descriptor = openSync(file, 'w')
  writeSync(descriptor, 'probe')
  const startedMs = systemClock.monotonicMs()
  fsyncSync(descriptor)
  const tookMs = systemClock.monotonicMs() - startedMs
  closeSync(descriptor)
  return tookMs
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
    return Math.max(longestMs, systemClock.monotonicMs() - lastMs)
  }
}
