import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@shepherd-store/core'
import { openSqliteStore, type SqliteStoreOptions } from '@shepherd-store/sqlite'
import { events, turn } from './household.ts'

/** What is printed, as JSON. */
export interface StallReport {
  /** The longest time between two turns of the event loop from the opening of a new file to its closing. */
  readonly stallMs: number
  /** What an fsync takes here: whether it was delayed at all. */
  readonly fsyncMs: number
  readonly writes: number
}

const WRITES = 100
const BETWEEN_MS = 50

const [path = '', options = '{}'] = process.argv.slice(2)
const given = JSON.parse(options) as SqliteStoreOptions
const fsyncMs = fsyncOnce(`${path}.probe`)
// What is loaded, compiled and prepared by the first of them is not what the disk does.
await useOnce(`${path}.first`)

const watch = watchEventLoop()
const store = await openSqliteStore(path, given)
const writes: Promise<unknown>[] = []
for (let index = 0; index < WRITES; index += 1) {
  writes.push(store.appendAudit(turn(events, index)))
  await wait(BETWEEN_MS)
}
await Promise.all(writes)
await store.close()
const stallMs = watch()
const report: StallReport = { stallMs, fsyncMs, writes: writes.length }
console.log(JSON.stringify(report))

async function useOnce(file: string): Promise<void> {
  const store = await openSqliteStore(file, given)
  await store.appendAudit(turn(events, 0))
  await store.close()
}

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
