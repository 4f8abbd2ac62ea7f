import process from 'node:process'
import { parentPort } from 'node:worker_threads'
import type { StoreDriver } from '@shepherd-store/core'
import { sqlDriver } from '@shepherd-store/core/sql'
import type { Database } from 'better-sqlite3'
import { compact, connect } from './connection.ts'
import { sqliteFlavor } from './flavor.ts'
import { sqliteRunner } from './runner.ts'
import { sentError, sentOutcomes, type ThreadPlace, type ThreadReply, type ThreadRequest } from './thread-messages.ts'

/** What the thread has open: one database at a time. */
interface Opened {
  readonly database: Database
  readonly driver: StoreDriver
  readonly place: ThreadPlace
}

let opened: Opened | undefined

async function open(place: ThreadPlace): Promise<void> {
  const { file, busyTimeoutMs, calendar } = place
  const database = await connect(file, place)
  const runner = sqliteRunner(database, { busyTimeoutMs, close: () => void database.close() })
  const facts = { backend: 'sqlite', capabilities: { durability: 'power_loss', sharing: 'machine' } } as const
  opened = { database, place, driver: sqlDriver(runner, sqliteFlavor, { ...facts, calendar }) }
}

async function answer(request: ThreadRequest): Promise<unknown> {
  if (request.call === 'open') return open(...request.arguments)
  if (opened === undefined) throw new TypeError('no database is open in this thread')
  const { database, driver, place } = opened
  switch (request.call) {
    case 'write': {
      const [units] = request.arguments
      return sentOutcomes(units, await driver.write(units))
    }
    case 'probe':
      return driver.probe()
    case 'compact':
      return compact(database, place.busyTimeoutMs)
    case 'close':
      opened = undefined
      return driver.close()
  }
}

async function reply(request: ThreadRequest): Promise<ThreadReply> {
  const { id } = request
  try {
    return { id, value: await answer(request) }
  } catch (error) {
    return { id, failure: sentError(error) }
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  reply(request).then(
    (message) => parentPort?.postMessage(message),
    // What cannot be sent is a defect of this library: the other side is told that the thread has ended.
    () => process.exit(1),
  )
})
