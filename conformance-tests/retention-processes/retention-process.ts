import process from 'node:process'
import { inspect } from 'node:util'
import { type CalendarOptions, createStore, manualClock, type StoreDriver } from '@shepherd-store/core'
import { type RetentionMessage, type RetentionTask, UTC } from './tasks.ts'

/** The other side of `killRetention`: a process of its own, which archives the log, tells each step, and then stays. */
async function work(): Promise<void> {
  const { address, archiveTo, keepDays, now, holdsBeforeWrite } = await new Promise<RetentionTask>((resolve) =>
    process.once('message', (message) => resolve(message as RetentionTask)),
  )
  const { openDriver } = (await import(address.module)) as {
    openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  }
  const driver = await openDriver(address.location, { calendar: UTC })
  let writes = 0
  const announced: StoreDriver = {
    ...driver,
    async read(request) {
      tell({ type: 'reading' })
      const result = await driver.read(request)
      tell({ type: 'read' })
      return result
    },
    async write(units) {
      writes += 1
      const table = units[0]?.changes.at(-1)?.table ?? ''
      tell({ type: 'writing', table })
      if (writes === holdsBeforeWrite) await new Promise(() => undefined)
      const outcomes = await driver.write(units)
      tell({ type: 'written', table })
      return outcomes
    },
  }
  const store = createStore(announced, { node: 'archivist', clock: manualClock(now) })
  const { records } = await store.applyRetention({ keepDays, archiveTo })
  tell({ type: 'done', records })
}

function tell(message: RetentionMessage): void {
  process.send?.(message)
}

// Whoever started it has gone, and nobody else would end it.
process.on('disconnect', () => process.exit(1))
try {
  await work()
} catch (error) {
  tell({ type: 'failed', problem: inspect(error) })
}
