import { writeSync } from 'node:fs'
import { type CalendarOptions, createStore, isStoreError, manualClock, type StoreDriver } from '@shepherd-store/core'
import type { PlaceAddress } from '@shepherd-store/core/conformance'
import { work, WORK_AT, type WorkOptions } from './work.ts'

/** What a writer is asked for. */
export interface WriterTask extends Pick<WorkOptions, 'writer' | 'from' | 'steps' | 'retries'> {
  readonly address: PlaceAddress
  /** How often it opens the place, does so many steps, and closes it. */
  readonly rounds: number
}

/**
 * Works, and says of each step, by a line of its output that is written before it goes on, what it asks for and what it was
 * answered with; and when it has opened and closed the place. Whatever is no `StoreError` is thrown. A store that cannot be
 * opened is opened again, as an operator would.
 */
export async function write({ address, rounds, ...task }: WriterTask): Promise<void> {
  const clock = manualClock(WORK_AT)
  for (let round = 0; round < rounds; round += 1) {
    const driver = await open(address, task.retries)
    if (driver === undefined) continue
    const store = createStore(driver, { node: task.writer, clock })
    say('opened')
    const from = task.from + round * task.steps
    await work(store, { ...task, from, clock, tell: (told, number) => say(`${told} ${task.writer} ${number}`) })
    await store.close().catch(onlyStoreErrors)
    say('closed')
  }
}

async function open(address: PlaceAddress, retries: number): Promise<StoreDriver | undefined> {
  for (let tries = 0; tries <= retries; tries += 1) {
    const driver = await openAddress(address).catch(onlyStoreErrors)
    if (driver !== undefined) return driver
  }
  return undefined
}

/** The driver of the place, as the module that it names opens it. */
export async function openAddress({ module, location }: PlaceAddress): Promise<StoreDriver> {
  const { openDriver } = (await import(module)) as {
    openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  }
  return openDriver(location, { calendar: { timeZone: 'UTC', dayStart: '00:00' } })
}

export function say(line: string): void {
  writeSync(1, `${line}\n`)
}

function onlyStoreErrors(error: unknown): undefined {
  if (!isStoreError(error)) throw error
}
