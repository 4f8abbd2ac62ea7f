import { subscribe } from 'node:diagnostics_channel'
import { getEventListeners, once } from 'node:events'
import process from 'node:process'
import { inspect } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { type CalendarOptions, createStore, manualClock, type OwnedStore, type StoreDriver } from '@shepherd-store/core'
import { createMemoryData, memoryDriver } from '@shepherd-store/memory'
import { seeded } from '../session-processes/seeded.ts'
import { lookAt, type Watched } from './held.ts'
import { type Caller, makeOperation } from './operations.ts'
import type { SteadyMessage, SteadyTask } from './tasks.ts'

const UTC = { timeZone: 'UTC', dayStart: '00:00' }
const CALLERS = 16

/** A process of its own, in which nothing else runs: makes the operations, and tells what it holds before and after. */
async function work(task: SteadyTask): Promise<SteadyMessage> {
  const threads = new Map<Worker, Promise<unknown>>()
  subscribe('worker_threads', (message) => {
    const { worker } = message as { readonly worker: Worker }
    threads.set(
      worker,
      once(worker, 'exit').finally(() => threads.delete(worker)),
    )
  })
  const clock = manualClock('2026-11-23T10:00:00.000Z')
  const openDriver = await opener(task)
  const open = async (node: string): Promise<OwnedStore> => createStore(await openDriver(), { node, clock })
  const { signal } = new AbortController()

  const store = await open('node-0')
  const callers = Array.from({ length: CALLERS }, (_, index): Caller => {
    const node = `node-${index}`
    const choices = seeded(task.seed + index)
    // Opening takes longer than anything else: one caller does it, again and again.
    const opens = index === 0 ? () => open(node) : undefined
    return { store: store.view({ node }), made: 0, choices, clock, signal, open: opens }
  })
  const counts: Record<string, number> = {}
  const watched: Watched = { threads, listeners: () => getEventListeners(signal, 'abort').length }

  await makeOperations(callers, task.before, counts)
  const early = await lookAt(watched)
  await makeOperations(callers, task.operations, counts)
  const late = await lookAt(watched)
  const { intact, firstBreak } = await store.verifyAudits()
  if (!intact) throw new Error(`the log is not what was written: ${inspect(firstBreak)}`)
  await store.close()
  return { type: 'done', early, late, counts }
}

/** Each caller makes one operation after another, until all together have made so many. */
async function makeOperations(
  callers: readonly Caller[],
  total: number,
  counts: Record<string, number>,
): Promise<void> {
  let left = total
  await Promise.all(
    callers.map(async (caller) => {
      while (left > 0) {
        left -= 1
        const name = await makeOperation(caller)
        counts[name] = (counts[name] ?? 0) + 1
      }
    }),
  )
}

async function opener({ address }: SteadyTask): Promise<() => Promise<StoreDriver>> {
  if (address === undefined) {
    const data = createMemoryData({ calendar: UTC })
    return async () => memoryDriver(data)
  }
  const { openDriver } = (await import(address.module)) as {
    openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  }
  return () => openDriver(address.location, { calendar: UTC })
}

// Whoever started it has gone, and nobody else would end it.
process.once('disconnect', () => process.exit())
const [task] = (await once(process, 'message')) as [SteadyTask]
try {
  process.send?.(await work(task))
} catch (error) {
  process.send?.({ type: 'failed', problem: inspect(error) } satisfies SteadyMessage)
}
