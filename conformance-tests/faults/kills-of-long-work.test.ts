import assert from 'node:assert/strict'
import { afterAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { postgresHarness } from '../postgres-harness.ts'
import { createDatabase } from '../postgres/database.ts'
import { seed } from '../seed.ts'
import { sqliteInlineHarness } from '../sqlite-inline-harness.ts'
import { longWorkKills } from './long-work/rounds.ts'
import type { LongWorkName } from './long-work/works.ts'
import { othersGone } from './settled.ts'

/** How often a process is killed in the middle of each work, on each backend. */
const KILLS = Number(process.env['SHEPHERD_TEST_LONG_WORK_KILLS'] ?? 1)

const { fresh } = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const WORKS = ['importAudits', 'importRustStore', 'forgetScope'] as const satisfies readonly LongWorkName[]
const BACKENDS = [
  { harness: sqliteInlineHarness, works: [...WORKS, 'compact'] as const, settled: async () => {} },
  { harness: postgresHarness(url), works: WORKS, settled: () => othersGone(url) },
] as const

describe.each(BACKENDS)('on $harness.name', ({ harness, works, settled }) => {
  test.each(works)(
    `%s that is killed before any of its statements, ${KILLS} times, completes when it is called again, as if nothing had been`,
    { timeout: 60_000 + KILLS * 10_000 },
    async (name) => {
      const tally = await longWorkKills({ name, harness, kills: KILLS, seed, fresh, settled })
      tally.print(`${name} that is killed on ${harness.name}`)
      const { lost, doubled, untrue, problems } = tally
      assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
      assert.ok(tally.faults > 0, 'no kill met the work')
    },
  )
})
