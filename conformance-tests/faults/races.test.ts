import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, inject, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { createDatabase } from '../postgres/database.ts'
import { seed } from '../seed.ts'
import { Resident } from './processes/resident.ts'
import type { Where } from './processes/watched-store.ts'
import { races, TURNS } from './races/rounds.ts'

/** How often all of them are let loose on a new place, on each backend. */
const ROUNDS = Number(process.env['SHEPHERD_TEST_RACE_ROUNDS'] ?? 1)
const PROCESSES = 6

const directories = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const residents = Array.from({ length: PROCESSES }, () => new Resident(new URL('./races/racer.ts', import.meta.url)))
beforeAll(async () => {
  await Promise.all(residents.map((resident) => resident.ready()))
})
afterAll(async () => {
  await Promise.all(residents.map((resident) => resident.kill()))
})

let places = 0
const BACKENDS: readonly { readonly name: string; fresh(): Where }[] = [
  {
    name: 'sqlite',
    fresh() {
      const path = join(directories.fresh(), 'store.db')
      mkdirSync(dirname(path))
      return { type: 'sqlite', path }
    },
  },
  { name: 'postgres', fresh: () => ({ type: 'postgres', url, schema: `race_${(places += 1)}` }) },
]

test.each(BACKENDS)(
  `${PROCESSES} processes that open, migrate, write, prune, verify, follow, compact and close a place of $name at once lose nothing, ${ROUNDS} times`,
  { timeout: 60_000 + ROUNDS * 240_000 },
  async ({ name, fresh }) => {
    const freshDirectory = () => directories.fresh()
    const { tally, turns } = await races({ residents, rounds: ROUNDS, seed, fresh, freshDirectory })
    const told = Object.entries(turns).map(([turn, count]) => `${turn} ${count}`)
    tally.print(`races of ${PROCESSES} processes on ${name} (${told.toSorted().join(', ')})`)
    const { lost, doubled, untrue, problems } = tally
    assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
    assert.ok(tally.acknowledged > 0, 'nobody has written anything')
    for (const turn of new Set(TURNS)) assert.ok((turns[`did ${turn}`] ?? 0) > 0, `nobody was able to ${turn}`)
  },
)
