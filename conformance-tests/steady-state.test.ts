import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Harness } from '@shepherd-store/core/conformance'
import { afterAll, describe, inject, test } from 'vitest'
import { memoryHarness } from './memory-harness.ts'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase } from './postgres/database.ts'
import { seed } from './seed.ts'
import { sqliteHarness } from './sqlite-harness.ts'
import { sqliteInlineHarness } from './sqlite-inline-harness.ts'
import type { Held } from './steady-state/held.ts'
import type { SteadyMessage, SteadyTask } from './steady-state/tasks.ts'

/** A million by hand. */
const OPERATIONS = Number(process.env['SHEPHERD_TEST_STEADY_OPERATIONS'] ?? 2_000)
/** So many come before the first look, which finds the code compiled and every cache full. */
const BEFORE = 2_000
const OPERATIONS_PER_SECOND_MIN = 400

const MEGABYTE = 1_024 * 1_024
/** What may be held more at the end, however many operations there are: at a million, two bytes for each are too many. */
const HEAP_BYTES_MORE = 2 * MEGABYTE
const EXTERNAL_BYTES_MORE = 1 * MEGABYTE

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const HARNESSES: readonly Harness[] = [sqliteHarness, sqliteInlineHarness, postgresHarness(url), memoryHarness]

describe.each(HARNESSES)('on $name', (harness) => {
  test(
    `a process holds no more after ${OPERATIONS} operations of every kind than before`,
    { timeout: 60_000 + (OPERATIONS / OPERATIONS_PER_SECOND_MIN) * 1_000 },
    async ({ annotate }) => {
      const place = await harness.createPlace()
      try {
        const { address } = place
        const task = { ...(address === undefined ? {} : { address }), seed, before: BEFORE, operations: OPERATIONS }
        const { early, late, counts } = await run(task)
        await annotate(JSON.stringify({ counts, early, late }))
        assert.deepEqual(withoutBytes(late), withoutBytes(early))
        assertBounded('the heap', early.heapBytes, late.heapBytes, HEAP_BYTES_MORE)
        assertBounded('the heap of threads', early.threadHeapBytes, late.threadHeapBytes, HEAP_BYTES_MORE)
        assertBounded('external memory', early.externalBytes, late.externalBytes, EXTERNAL_BYTES_MORE)
      } finally {
        await place.destroy()
      }
    },
  )
})

function withoutBytes({ resources, descriptors, listeners, threads }: Held) {
  return { resources, descriptors, listeners, threads }
}

function assertBounded(what: string, early: number, late: number, more: number): void {
  assert.ok(late <= early + more, `${what} took ${early} bytes, and takes ${late} ${OPERATIONS} operations later`)
}

async function run(task: SteadyTask): Promise<Extract<SteadyMessage, { type: 'done' }>> {
  const execArgv = [...process.execArgv, '--expose-gc']
  const child = fork(new URL('./steady-state/steady-process.ts', import.meta.url), { execArgv })
  const gone = once(child, 'exit')
  try {
    child.send(task)
    const [message] = (await Promise.race([
      once(child, 'message'),
      gone.then(([code]) => [{ type: 'failed', problem: `the process ended with ${String(code)}` }]),
    ])) as [SteadyMessage]
    if (message.type === 'failed') throw new Error(message.problem)
    return message
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}
