import process from 'node:process'
import { inspect } from 'node:util'
import type { CalendarOptions } from '../calendar.ts'
import { manualClock } from '../clock.ts'
import { createStore } from '../create-store.ts'
import type { StoreDriver } from '../driver.ts'
import type { Store } from '../store.ts'
import { SUITE_CALENDAR } from './harness.ts'
import type { WorkerJob, WorkerMessage, WorkerReport, WorkerTask } from './workers.ts'

/** The other side of `runWorkers`: a process of its own that opens the place, does its job, closes, and ends. */
async function work(): Promise<void> {
  const { address, node, job } = (await nextMessage()) as WorkerTask
  const module = (await import(address.module)) as {
    openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  }
  await send({ type: 'loaded' })
  await nextMessage()
  const driver = await module.openDriver(address.location, { calendar: SUITE_CALENDAR })
  const store = createStore(driver, { node, clock: manualClock('2026-11-23T10:00:00.000Z') })
  await send({ type: 'opened' })
  await nextMessage()
  const report = await perform(store, job)
  await store.close()
  await send({ type: 'done', report })
}

async function perform(store: Store, job: WorkerJob): Promise<WorkerReport> {
  const { changes, times, atOnce = 1, operationPrefix } = job
  const report = { applied: 0, repeated: 0, refused: 0, auditIds: [] as number[] }
  let next = 0
  const commitInTurn = async () => {
    while (next < times) {
      const number = next
      next += 1
      const options = operationPrefix === undefined ? {} : { operationId: `${operationPrefix}${number}` }
      const result = await (job.if === undefined
        ? store.commit(changes, options)
        : store.commit(changes, { ...options, if: job.if }))
      report[!result.applied ? 'refused' : result.repeated ? 'repeated' : 'applied'] += 1
      if (result.applied) report.auditIds.push(...result.audits.map(({ id }) => id))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, commitInTurn))
  const { timeZone, dayStart } = store.calendar
  return { ...report, calendar: { timeZone, dayStart } }
}

function nextMessage(): Promise<unknown> {
  return new Promise((resolve) => process.once('message', resolve))
}

function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}

try {
  await work()
} catch (error) {
  process.exitCode = 1
  await send({ type: 'failed', problem: inspect(error) })
} finally {
  process.disconnect()
}
