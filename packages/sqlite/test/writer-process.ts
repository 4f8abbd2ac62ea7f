import { chmodSync } from 'node:fs'
import process from 'node:process'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { told } from './told-error.ts'

/** A process of its own: does what it is asked with the store at the path, prints what it met, and closes nothing. */
const [task = '', path = '', writer] = process.argv.slice(2)
const DAY = '2026-11-23'
const store = await openSqliteStore(path, { writer: writer === 'inline' ? 'inline' : 'thread' })

switch (task) {
  case 'write':
    await store.addUsage('minecraft', DAY, 7)
    break
  case 'write-and-leave':
    void store.addUsage('minecraft', DAY, 7)
    break
  case 'lose-the-right-to-write':
    chmodSync(path, 0o400)
    print(await told(store.addUsage('minecraft', DAY, 7)))
    break
  case 'regain-the-right-to-write':
    chmodSync(path, 0o400)
    await told(store.addUsage('minecraft', DAY, 7))
    chmodSync(path, 0o600)
    // SQLite gives the log the rights of the file, and the connection behind that.
    await store.addUsage('minecraft', DAY, 7).catch(() => {})
    await store.addUsage('minecraft', DAY, 7, { operationId: 'op-1' })
    print({ healthy: await store.isHealthy(), isWritten: (await store.getUsage('minecraft', DAY)) > 0 })
    break
  case 'append-much':
    print(await told(store.appendAudit({ type: 'other', name: 'test.much', data: { text: 'x'.repeat(60_000) } })))
    break
  default:
    throw new Error(`there is no task ${task}`)
}

function print(met: unknown): void {
  process.stdout.write(JSON.stringify(met))
}
