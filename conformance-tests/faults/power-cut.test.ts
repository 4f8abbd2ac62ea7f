import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { cutPower } from './power-cut/power-cuts.ts'
import { FILE, record, recordHeldUp, type Recording } from './power-cut/record.ts'
import { Tally } from './tally.ts'

/** How often the power is cut, in all ways to write. */
const CUTS = Number(process.env['SHEPHERD_TEST_POWER_CUTS'] ?? 100)
/** One recording is cut at most so often, so that there are more recordings when there are more cuts. */
const CUTS_PER_RECORDING = 1_000
const CUTS_PER_FAILED_SYNC = 25
/** Each recording has another sync that fails, and serves fewer cuts. */
const CUTS_BEHIND_FAILURES = Math.max(100, Math.ceil(CUTS / 10))
const CONTROL_CUTS = 40

const { fresh } = temporaryDirectories()
const moduleOf = (file: string) => new URL(file, import.meta.url).href
const THREAD = moduleOf('../sqlite-harness.ts')
const INLINE = moduleOf('../sqlite-inline-harness.ts')
const UNSYNCED = moduleOf('./unsynced-harness.ts')

/** Which sync is the first to fail, in a recording that has that, and how many more fail behind it. */
const SYNCS = { first: 5, last: 40, more: 4 }

const CUTS_BEHIND_A_READ = Math.max(40, Math.ceil(CUTS / 20))
/** The log is longer than it should be while the read goes on, and begins anew behind that. */
const STEPS = [30, 70, 20] as const

/** Whether another connection, which met no error and is none of a store's, brings the rest of the log into the file. */
const HELD_UP = Object.entries({ thread: THREAD, inline: INLINE }).flatMap(([writer, module]) => [
  { name: `${writer}, alone`, module, othersBringIn: false },
  { name: `${writer}, beside a connection that knows of nothing`, module, othersBringIn: true },
])

/** The first sync of the file itself when nobody reads any more. */
function firstSyncOfFile({ root, events }: Recording) {
  const [before, reading] = STEPS
  const freed = events.findIndex(
    (event) => event.type === 'said' && event.text.includes(`begun writer ${before + reading}\n`),
  )
  const sync = events
    .slice(freed)
    .find((event) => (event.type === 'sync' || event.type === 'failed_sync') && event.path === join(root, FILE))
  if (sync?.type !== 'sync' && sync?.type !== 'failed_sync') throw new Error('the file was never synced')
  return sync
}

function saidIn({ events }: Recording): string {
  return events.flatMap((event) => (event.type === 'said' ? [event.text] : [])).join('')
}

interface CutOptions {
  readonly modules: readonly string[]
  readonly cuts: number
  /** Whether syncs fail in each recording, behind which the system forgets what it was to write. */
  readonly hasFailedSync: boolean
}

async function cutAll({ modules, cuts, hasFailedSync }: CutOptions): Promise<Tally> {
  const choices = seeded(seed)
  const tally = new Tally()
  const recordings = Math.max(
    modules.length,
    Math.ceil(cuts / (hasFailedSync ? CUTS_PER_FAILED_SYNC : CUTS_PER_RECORDING)),
  )
  for (let index = 0; index < recordings; index += 1) {
    const module = modules[index % modules.length] ?? THREAD
    // Some bring their log into the file by themselves, as it grows beyond a thousand pages; all do when they close.
    const [rounds, steps] =
      !hasFailedSync && index % 10 === 2 ? [1, 250] : [choices.integer(1, 3), choices.integer(5, 25)]
    const first = choices.integer(SYNCS.first, SYNCS.last)
    // For a while; or until the process ends, behind which another one goes on.
    const isFollowed = hasFailedSync && index % 4 >= 2
    const inject = `fsync:error=EIO:when=${first}${isFollowed ? '+' : `..${first + choices.integer(0, SYNCS.more)}`}`
    const recording = await record({
      directory: fresh(),
      module,
      rounds,
      steps,
      inject: hasFailedSync ? inject : undefined,
      isFollowed,
    })
    await cutPower(recording, { cuts: Math.ceil(cuts / recordings), scratch: fresh(), choices, tally })
  }
  return tally
}

describe('a power cut', () => {
  test(`takes nothing back that was acknowledged, ${CUTS} times`, { timeout: 180_000 + CUTS * 200 }, async () => {
    const tally = await cutAll({ modules: [THREAD, INLINE], cuts: CUTS, hasFailedSync: false })
    tally.print('power cuts, SQLite')
    assert.deepEqual(tally.problems, [])
    assert.ok(tally.faults > 0 && tally.inDoubt > 0 && tally.acknowledged > 0)
  })

  test(
    `takes nothing back either when a sync has failed before it, ${CUTS_BEHIND_FAILURES} times`,
    { timeout: 180_000 + CUTS * 200 },
    async () => {
      const tally = await cutAll({ modules: [THREAD, INLINE], cuts: CUTS_BEHIND_FAILURES, hasFailedSync: true })
      tally.print('power cuts behind a failed sync, SQLite')
      assert.deepEqual(tally.problems, [])
      assert.ok(tally.faults > 0 && tally.inDoubt > 0 && tally.acknowledged > 0)
    },
  )

  test.each(HELD_UP)(
    'takes nothing back when the file could not be synced behind a read that held up the log: $name',
    { timeout: 180_000 },
    async ({ name: _, ...writer }) => {
      const held = (inject?: string) => recordHeldUp({ directory: fresh(), steps: STEPS, inject, ...writer })
      const recording = await held(`fsync:error=EIO:when=${firstSyncOfFile(await held()).count}`)
      const failed = firstSyncOfFile(recording)
      assert.equal(failed.type, 'failed_sync')
      // Nobody has to be told: what is in the log is safe, and is brought in again.
      assert.doesNotMatch(saidIn(recording), /^(unknown|not_applied|unhealthy)/m)
      const tally = new Tally()
      const options = { cuts: CUTS_BEHIND_A_READ, first: recording.events.indexOf(failed) + 1 }
      await cutPower(recording, { ...options, scratch: fresh(), choices: seeded(seed), tally })
      tally.print('power cuts behind a failed sync and a read')
      assert.deepEqual(tally.problems, [])
      assert.ok(tally.faults > 0 && tally.acknowledged > 0)
    },
  )

  test('takes acknowledged writes back from a store that does not sync them, and is caught', async () => {
    const tally = await cutAll({ modules: [UNSYNCED], cuts: CONTROL_CUTS, hasFailedSync: false })
    tally.print('power cuts, synchronous=NORMAL')
    assert.ok(tally.lost > 0)
  })
})
