import assert from 'node:assert/strict'
import { join } from 'node:path'
import process from 'node:process'
import { isStoreError, LIMITS } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'

/**
 * A process whose writers are faster than its disk, which strace slows down: more writes than may wait, at once, beside
 * callers who wait for each of theirs, who read, and who follow the log slowly. It says what came of it in one line.
 */
const FLOOD = 2 * LIMITS.QUEUE_UNITS_MAX
const CALLERS = 3
/** Whoever asks in between is served in the order of the calls: once before the flood, once behind it. */
const TURNS_MIN = 2
/** What one write takes that waits. Those that are refused take nothing. */
const WAITING_BYTES_MAX = 8_192
/** A store that kept what it refused, or what it has served, would hold more. */
const HELD_BYTES_MAX = 8 * 2 ** 20

const store = await openSqliteStore(join(process.argv[2] ?? '', 'store.db'))
await store.appendAudit({ type: 'service_started' })
let isServed = false

async function callInTurn(): Promise<number> {
  let turns = 0
  while (!isServed) {
    // A queue that is full says so at once: whoever meets that comes again.
    await store.appendAudit({ type: 'config_reloaded', success: true }).then(
      () => (turns += 1),
      (error: unknown) => assert.ok(isStoreError(error, 'BUSY'), String(error)),
    )
    await new Promise(setImmediate)
  }
  return turns
}

async function readInTurn(): Promise<number> {
  let reads = 0
  for (; !isServed; reads += 1) {
    await store.getUsage('minecraft', '2026-11-23')
    await new Promise(setImmediate)
  }
  return reads
}

/** Takes one record, and no other until the flood is served. */
const slow = store.readAudits({ follow: true, after: 0 })[Symbol.asyncIterator]()
await slow.next()

const bytesBefore = heapBytes()
const callers = Array.from({ length: CALLERS }, callInTurn)
const reading = readInTurn()
let refused = 0
async function append(entryCount: number): Promise<void> {
  try {
    await store.appendAudit({ type: 'policy_loaded', entryCount })
  } catch (error) {
    assert.ok(isStoreError(error, 'BUSY') && error.outcome === 'not_applied', String(error))
    refused += 1
  }
}
const flood = Promise.all(Array.from({ length: FLOOD }, (_, entryCount) => append(entryCount)))
assert.ok((await store.health()).queuedWrites <= LIMITS.QUEUE_UNITS_MAX)
const waitingBytes = heapBytes() - bytesBefore
assert.ok(waitingBytes < WAITING_BYTES_MAX * LIMITS.QUEUE_UNITS_MAX, `${waitingBytes} bytes while they wait`)
await flood
isServed = true
const turns = await Promise.all(callers)
const reads = await reading

const accepted = FLOOD - refused
assert.ok(refused > 0 && accepted > 0)
assert.ok(
  turns.every((count) => count >= TURNS_MIN),
  `callers were served ${turns.join(', ')} times`,
)
assert.ok(reads > 0)
const records = 1 + accepted + turns.reduce((sum, count) => sum + count, 0)
assert.equal((await store.verifyAudits()).checked, records)
for (let id = 2; id <= records; id += 1) {
  const next = await slow.next()
  assert.ok(next.done !== true)
  assert.equal(next.value.id, id)
}
const heldBytes = heapBytes() - bytesBefore
assert.ok(heldBytes < HELD_BYTES_MAX, `${heldBytes} bytes more`)
await slow.return?.()
await store.close()
console.log(
  `${FLOOD} asked at once, ${accepted} acknowledged, ${refused} refused at once, 0 lost, others served ${turns.join(', ')} times, ${Math.ceil(waitingBytes / 2 ** 20)} MiB while they waited`,
)

/** Without what can be collected. */
function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('start the process with --expose-gc')
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
