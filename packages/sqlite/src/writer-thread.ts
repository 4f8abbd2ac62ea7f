import process from 'node:process'
import { parentPort } from 'node:worker_threads'
import type { MigrateOptions } from '@shepherd-store/core/sql'
import { checkFile, compact, openConnection } from './connection.ts'
import type { Place } from './place.ts'
import { sentError, sentOutcomes, type ThreadReply, type ThreadRequest } from './thread-messages.ts'

/** What the thread has open: one database at a time. */
interface Opened extends Awaited<ReturnType<typeof openConnection>> {
  readonly place: Place
}

let opened: Opened | undefined

async function open(place: Place, options: MigrateOptions): Promise<void> {
  opened = { place, ...(await openConnection(place, options)) }
}

async function answer(request: ThreadRequest): Promise<unknown> {
  if (request.call === 'open') return open(...request.arguments)
  if (request.call === 'check') return checkFile(...request.arguments)
  if (opened === undefined) throw new TypeError('no database is open in this thread')
  const { handle, driver, place } = opened
  switch (request.call) {
    case 'write': {
      const [units] = request.arguments
      return sentOutcomes(units, await driver.write(units))
    }
    case 'probe':
      return driver.probe()
    case 'compact':
      return compact(handle, place.busyTimeoutMs)
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

// It listens from now on.
parentPort?.postMessage('started')
