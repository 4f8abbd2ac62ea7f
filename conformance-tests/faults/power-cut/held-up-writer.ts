import process from 'node:process'
import { createStore, manualClock } from '@shepherd-store/core'
import Database from 'better-sqlite3'
import { work, WORK_AT } from '../work.ts'
import { openAddress, say, type WriterTask } from '../write.ts'

export interface HeldUpTask extends Pick<WriterTask, 'address' | 'writer' | 'retries'> {
  /** How many steps there are before another connection begins to read, while it reads, and behind that. */
  readonly steps: readonly [before: number, reading: number, behind: number]
  /** Whether the other connection brings the log into the file itself, behind the first step that it does not hold up. */
  readonly othersBringIn: boolean
}

/**
 * Works, and says so, as `write` does. While the other connection reads, what was written before can be brought into the
 * file, and nothing of what is written meanwhile.
 */
async function writeHeldUp({ address, writer, retries, steps, othersBringIn }: HeldUpTask): Promise<void> {
  const clock = manualClock(WORK_AT)
  const store = createStore(await openAddress(address), { node: writer, clock })
  // Another store of the process, which has all open that a store has.
  const neighbour = createStore(await openAddress(address), { node: 'neighbour', clock })
  await neighbour.isHealthy()
  const tell = (told: string, number: number) => say(`${told} ${writer} ${number}`)
  let from = 0
  const perform = async (count: number) => {
    await work(store, { writer, from, steps: count, retries, clock, tell })
    from += count
  }
  const [before, reading, behind] = steps
  await perform(before)
  const other = new Database(address.location)
  other.pragma('wal_autocheckpoint = 0')
  other.exec('begin')
  other.prepare('select count(*) from usage').get()
  await perform(reading)
  other.exec('commit')
  await perform(1)
  if (othersBringIn) other.pragma('wal_checkpoint(passive)')
  other.close()
  await perform(behind)
  say((await store.isHealthy()) ? 'healthy' : 'unhealthy')
  await store.close()
  await neighbour.close()
}

await writeHeldUp(JSON.parse(process.argv[2] ?? '') as HeldUpTask)
