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
import { isSession } from './work.ts'

/** How many of all failures are tried, spread over all of them. There are some 3,500, for each way to write. */
const FAILURES = Number(process.env['SHEPHERD_TEST_FAILING_CALLS'] ?? 3)
/** Of failures that last, a part of as many: one that begins with a call differs little from one that begins with the next. */
const LASTING_SHARE = 0.1
/** At least so much of them must be met. */
const SHARE_MET = 0.9
/** Where in the work of a writer one of its syncs fails. */
const SHARES_OF_SYNCS = [0.4, 0.6, 0.8]
/** A processor that waits for one writer's disk works for another. */
const AT_ONCE = 2

const { fresh } = temporaryDirectories()
const moduleOf = (file: string) => new URL(file, import.meta.url).href

type Fault = Pick<FailingCall, 'fault'> & { readonly lasts: (first: number) => string }
/** The disk fails, is full, or the process ends. */
const ONCE: readonly Fault[] = (['error=EIO', 'error=ENOSPC', 'signal=KILL'] as const).map((fault) => ({
  fault,
  lasts: (first) => `${first}`,
}))
const CALLS_OF_A_WHILE = 20
/** Until somebody has made room; for good. */
const LASTING: readonly Fault[] = [
  { fault: 'error=ENOSPC', lasts: (first) => `${first}..${first + CALLS_OF_A_WHILE}` },
  { fault: 'error=EIO', lasts: (first) => `${first}+` },
]

const WAYS = [
  ['the thread that writes', moduleOf('../sqlite-harness.ts')],
  ['the process that writes inline', moduleOf('../sqlite-inline-harness.ts')],
] as const

test.each(WAYS)(
  'what became of a commit whose sync fails, %s finds out by itself, and leaves to others only what goes on failing',
  { timeout: 120_000 },
  async (_name, module) => {
    const { counts } = await runTraced(fresh(), module)
    const statesWhen = async (when: string) => {
      const failing: FailingCall = { call: 'fsync', fault: 'error=EIO', when }
      const { journal, isMet } = await runTraced(fresh(), module, { failing, retries: 0 })
      assert.ok(isMet)
      // Of the calls of a session, some leave no trace by which they could be found.
      return new Set([...journal].filter(({ number }) => !isSession(number)).map(({ state }) => state))
    }
    for (const share of SHARES_OF_SYNCS) {
      const when = Math.floor(share * (counts.get('fsync') ?? 0))
      assert.deepEqual(await statesWhen(`${when}`), new Set(['acknowledged']), `sync ${when} fails`)
      assert.notDeepEqual(await statesWhen(`${when}+`), new Set(['acknowledged']), `all fail from ${when} on`)
    }
  },
)

test.each(WAYS)(
  'a call of %s that fails, whichever it is, loses nothing, doubles nothing, and is told truly',
  { timeout: 120_000 + FAILURES * 5_000 },
  async (name, module) => {
    const { counts } = await runTraced(fresh(), module)
    const failures = (faults: readonly Fault[]) =>
      CALLS.flatMap((call) =>
        Array.from({ length: counts.get(call) ?? 0 }, (_, index) =>
          faults.map(({ fault, lasts }): FailingCall => ({ call, fault, when: lasts(index + 1) })),
        ).flat(),
      )
    const once = failures(ONCE)
    const tally = new Tally()
    const lasting = Math.ceil(LASTING_SHARE * Math.min(FAILURES, once.length))
    const chosen = [...spread(once, FAILURES), ...spread(failures(LASTING), lasting)]
    let next = 0
    const worker = async () => {
      for (let failing = chosen[next++]; failing !== undefined; failing = chosen[next++]) {
        const { path, journal, isMet } = await runTraced(fresh(), module, { failing })
        tally.tried()
        if (isMet) tally.faults += 1
        const { call, when, fault } = failing
        tally.add(await judgeFile(path, journal), `${call} ${when} ${fault}`)
        rmSync(dirname(dirname(path)), { recursive: true })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    tally.print(`failing calls of ${name}, ${once.length} in all that fail once`)
    assert.deepEqual(tally.problems, [])
    // How often a call is made differs a little from run to run: the last of them may not be met.
    assert.ok(tally.faults >= Math.floor(SHARE_MET * tally.tries) && tally.acknowledged > 0, tally.toString())
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
