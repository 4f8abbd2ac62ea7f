import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SCHEMA_VERSION } from '@shepherd-store/core/sql'
import { afterAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { createDatabase } from '../postgres/database.ts'
import { seed } from '../seed.ts'
import type { Where } from './processes/watched-store.ts'
import { useWhere } from './processes/watched-store.ts'
import type { Tally } from './tally.ts'
import { dump, lostRows } from './upgrades/dump.ts'
import { freeze } from './upgrades/frozen.ts'
import { cutOffOpenings, killedOpenings, type UpgradeFaults } from './upgrades/rounds.ts'
import { openEach } from './upgrades/undisturbed.ts'

/** Before how many statements an opening is stopped, on each backend and in each way. 500 are more than there are. */
const FAULTS = Number(process.env['SHEPHERD_TEST_UPGRADE_FAULTS'] ?? 2)
const VERSIONS = Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1)
const TIMEOUT_MS = 60_000 + FAULTS * 10_000

const directories = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

let places = 0
function freshFile(): Where {
  const path = join(directories.fresh(), 'store.db')
  mkdirSync(dirname(path))
  return { type: 'sqlite', path }
}
function freshSchema(): Where {
  return { type: 'postgres', url, schema: `frozen_${(places += 1)}_` }
}
const BACKENDS = [
  { name: 'sqlite', fresh: freshFile },
  { name: 'postgres', fresh: freshSchema },
] as const
const opened = new Map<() => Where, ReturnType<typeof openEach>>()
/** What undisturbed openings come to: made once. */
function undisturbed(fresh: () => Where): ReturnType<typeof openEach> {
  const made = opened.get(fresh) ?? openEach(fresh)
  opened.set(fresh, made)
  return made
}

describe.each(BACKENDS)('on $name', ({ name, fresh }) => {
  test.each(VERSIONS)('a database of schema version %i opens, and keeps all that it holds', async (version) => {
    const where = fresh()
    await freeze(where, version)
    const before = await dump(where)
    const opened = await useWhere(where, async (store) => {
      const { intact, checked } = await store.verifyAudits()
      const usage = await store.listUsage({ from: '2026-01-01', to: '2027-01-01', scope: 'all' })
      const sessions = await store.listSessions({ scope: 'all' })
      return {
        intact,
        checked,
        usedMs: usage.reduce((sum, { durationMs }) => sum + durationMs, 0),
        sessions: sessions.length,
      }
    })
    const after = await dump(where)
    assert.deepEqual(lostRows(before, after), [])
    const rows = (table: string) =>
      (before.rows[table] ?? []).map((text) => JSON.parse(text) as { duration_ms: number })
    const usedMs = rows('usage').reduce((sum, { duration_ms }) => sum + duration_ms, 0)
    assert.deepEqual(opened, {
      intact: true,
      checked: rows('audit_log').length,
      usedMs,
      sessions: rows('sessions').length,
    })
    assert.ok(opened.checked > 0 && usedMs > 0)
  })

  test(
    `an opening that is killed before any of its statements, ${FAULTS} times, is made once by the next`,
    { timeout: TIMEOUT_MS },
    async () => {
      const faults: UpgradeFaults = { opened: await undisturbed(fresh), faults: FAULTS, seed, fresh }
      told(await killedOpenings(faults), faults, `killed on ${name}`)
    },
  )
})

test(
  `an opening whose backend is terminated before any of its statements, ${FAULTS} times, is made once`,
  { timeout: TIMEOUT_MS },
  async () => {
    const fresh = freshSchema
    const faults: UpgradeFaults = { opened: await undisturbed(fresh), faults: FAULTS, seed, fresh }
    told(await cutOffOpenings(faults), faults, 'cut off by postgres')
  },
)

function told(tally: Tally, { opened }: UpgradeFaults, how: string): void {
  const counts = opened.map(({ version, statements }) => `${statements} from version ${version}`)
  tally.print(`openings of ${counts.join(', ')} statements that are ${how}`)
  const { lost, doubled, untrue, problems, faults } = tally
  assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
  assert.equal(faults, FAULTS)
}
