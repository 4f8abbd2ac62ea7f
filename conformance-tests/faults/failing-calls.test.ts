import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { CALLS, type FailingCall, runTraced } from './failing-calls/traced-writer.ts'
import { judgeFile } from './judge-file.ts'
import { Tally } from './tally.ts'

/** How many of all failures are tried, spread over all of them. There are some three thousand, for each way to write. */
const FAILURES = Number(process.env['SHEPHERD_TEST_FAILING_CALLS'] ?? 3)
/** A processor that waits for one writer's disk works for another. */
const AT_ONCE = 2

const { fresh } = temporaryDirectories()
const moduleOf = (file: string) => new URL(file, import.meta.url).href

/** The disk fails, is full, or the process ends: once; for a while, until somebody has made room; for good. */
const FAULTS = [
  { fault: 'error=EIO', lasts: (first: number) => `${first}` },
  { fault: 'error=ENOSPC', lasts: (first: number) => `${first}` },
  { fault: 'signal=KILL', lasts: (first: number) => `${first}` },
  { fault: 'error=ENOSPC', lasts: (first: number) => `${first}..${first + CALLS_OF_A_WHILE}` },
  { fault: 'error=EIO', lasts: (first: number) => `${first}+` },
] as const
const CALLS_OF_A_WHILE = 20

test.each([
  ['the thread that writes', moduleOf('../sqlite-harness.ts')],
  ['the process that writes inline', moduleOf('../sqlite-inline-harness.ts')],
])(
  'a call of %s that fails, whichever it is, loses nothing, doubles nothing, and is told truly',
  { timeout: 120_000 + FAILURES * 5_000 },
  async (name, module) => {
    const { counts } = await runTraced(fresh(), module)
    const all = CALLS.flatMap((call) =>
      Array.from({ length: counts.get(call) ?? 0 }, (_, index) =>
        FAULTS.map(({ fault, lasts }): FailingCall => ({ call, fault, when: lasts(index + 1) })),
      ).flat(),
    )
    const tally = new Tally()
    const chosen = spread(all, FAILURES)
    let next = 0
    const worker = async () => {
      for (let failing = chosen[next++]; failing !== undefined; failing = chosen[next++]) {
        const { path, journal, isMet } = await runTraced(fresh(), module, failing)
        tally.tried()
        if (isMet) tally.faults += 1
        const { call, when, fault } = failing
        tally.add(await judgeFile(path, journal), `${call} ${when} ${fault}`)
        rmSync(dirname(dirname(path)), { recursive: true })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    tally.print(`failing calls of ${name}, ${all.length} in all`)
    assert.deepEqual(tally.problems, [])
    // How often a call is made differs a little from run to run: the last of them may not be met.
    assert.ok(2 * tally.faults > tally.tries && tally.acknowledged > 0, tally.toString())
  },
)

/** So many of them, evenly spread, from a place that the seed determines. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  if (count >= all.length) return all
  const step = all.length / count
  const first = seeded(seed).fraction() * step
  return Array.from({ length: count }, (_, index) => all[Math.floor(first + index * step)]).filter(
    (item) => item !== undefined,
  )
}
