import assert from 'node:assert/strict'
import { afterAll, describe, inject, test } from 'vitest'
import { postgresHarness } from '../postgres-harness.ts'
import { createDatabase } from '../postgres/database.ts'
import { seed } from '../seed.ts'
import { sqliteHarness } from '../sqlite-harness.ts'
import { sqliteInlineHarness } from '../sqlite-inline-harness.ts'
import { killRounds } from './kills/rounds.ts'
import { othersGone } from './settled.ts'

/** How many writers are killed, on each backend; two at least. */
const KILLS = Number(process.env['SHEPHERD_TEST_WRITER_KILLS'] ?? 4)

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const BACKENDS = [
  { harness: sqliteHarness, settled: async () => {} },
  { harness: sqliteInlineHarness, settled: async () => {} },
  { harness: postgresHarness(url), settled: () => othersGone(url) },
] as const

describe.each(BACKENDS)('on $harness.name', ({ harness, settled }) => {
  test(
    `SIGKILL of ${KILLS} writers, alone and beside others, loses and doubles nothing`,
    { timeout: 60_000 + KILLS * 10_000 },
    async () => {
      const tally = await killRounds({ harness, kills: KILLS, seed, settled })
      tally.print(`writers that are killed on ${harness.name}`)
      const { lost, doubled, untrue, problems } = tally
      assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
      assert.ok(tally.faults > 0 && tally.inDoubt > 0, 'no kill met a writer at its work')
    },
  )
})
