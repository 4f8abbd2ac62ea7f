import { writeSync } from 'node:fs'
import process from 'node:process'
import { type CalendarOptions, createStore, isStoreError, manualClock, type StoreDriver } from '@shepherd-store/core'
import type { PlaceAddress } from '@shepherd-store/core/conformance'
import { work, WORK_AT, type WorkOptions } from './work.ts'

/** What a writer is asked for, as JSON in its only argument. */
export interface WriterTask extends Pick<WorkOptions, 'writer' | 'from' | 'steps' | 'retries'> {
  readonly address: PlaceAddress
  /** How often it opens the place, does so many steps, and closes it. */
  readonly rounds: number
}

/**
 * A process that works, and says of each step, by a line that is written before it goes on, what it asks for and what it was
 * answered with. Whatever is no `StoreError` ends it. A store that cannot be opened is opened again, as an operator would.
 */
const { address, rounds, ...task } = JSON.parse(process.argv[2] ?? '') as WriterTask
const { openDriver } = (await import(address.module)) as {
  openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
}
const clock = manualClock(WORK_AT)
const tell: WorkOptions['tell'] = (told, number) => writeSync(1, `${told} ${task.writer} ${number}\n`)

for (let round = 0; round < rounds; round += 1) {
  const driver = await open()
  if (driver === undefined) continue
  const store = createStore(driver, { node: task.writer, clock })
  await work(store, { ...task, from: task.from + round * task.steps, clock, tell })
  await store.close().catch(onlyStoreErrors)
}

async function open(): Promise<StoreDriver | undefined> {
  for (let tries = 0; tries <= task.retries; tries += 1) {
    const opening = openDriver(address.location, { calendar: { timeZone: 'UTC', dayStart: '00:00' } })
    const driver = await opening.catch(onlyStoreErrors)
    if (driver !== undefined) return driver
  }
  return undefined
}

function onlyStoreErrors(error: unknown): undefined {
  if (!isStoreError(error)) throw error
}
