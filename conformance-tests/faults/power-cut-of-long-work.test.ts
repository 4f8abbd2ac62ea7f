import assert from 'node:assert/strict'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { seed } from '../seed.ts'
import { longWorkCuts } from './power-cut/long-work-cuts.ts'
import { CUT_WORKS, type CutWorkName } from './power-cut/works.ts'

/** How often the power is cut in the middle of each work. */
const CUTS = Number(process.env['SHEPHERD_TEST_WORK_POWER_CUTS'] ?? 10)

const CONTROL_CUTS = 40

const { fresh } = temporaryDirectories()

const WORKS = (Object.keys(CUT_WORKS) as CutWorkName[]).flatMap((name) =>
  (['thread', 'inline'] as const).map((writer) => ({ name, writer })),
)

test.each(WORKS)(
  `$name ($writer) in the middle of which the power is cut, ${CUTS} times, completes when it is called again, as if nothing had been`,
  { timeout: 60_000 + CUTS * 5_000 },
  async ({ name, writer }) => {
    const tally = await longWorkCuts({ name, writer, cuts: CUTS, seed, fresh })
    tally.print(`power cuts in ${name} (${writer})`)
    const { lost, doubled, untrue, problems } = tally
    assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
    assert.ok(tally.acknowledged > 0 && tally.inDoubt > 0)
  },
)

test.each(['forgetScope', 'an upgrade from version 1'] as const)(
  '%s that is not synced is lost by power cuts, and is caught',
  async (name) => {
    const tally = await longWorkCuts({ name, writer: 'unsynced', cuts: CONTROL_CUTS, seed, fresh })
    tally.print(`power cuts in ${name}, synchronous=NORMAL`)
    assert.ok(tally.lost > 0)
  },
)
