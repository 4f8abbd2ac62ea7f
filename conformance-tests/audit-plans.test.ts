import assert from 'node:assert/strict'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { type LargeLog, largePostgresLog, largeSqliteLog } from './large-log/places.ts'
import { questions } from './large-log/questions.ts'
import { createDatabase } from './postgres/database.ts'

/** Enough that no planner goes through all of them rather than take an index. */
const RECORDS = 30_000
/** In few places of the log, though a record of every hundred is dated decades before those beside it. */
const PLACES_MAX = 3
const { fresh } = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const BACKENDS = [
  { name: 'sqlite', make: () => largeSqliteLog(join(fresh(), 'large.db'), RECORDS) },
  { name: 'postgres', make: () => largePostgresLog(url, 'large', RECORDS) },
]

describe.each(BACKENDS)('a question to a large log on $name', ({ make }) => {
  let log: LargeLog
  beforeAll(async () => {
    log = await make()
  })
  afterAll(() => log.close())

  test.each(questions(RECORDS))('is answered by an index: $what', async ({ query, found }) => {
    const plans = await log.plansOf(() => log.store.listAudits(query))
    assert.ok(plans.length > 0 && plans.length <= PLACES_MAX, `asked in ${plans.length} places`)
    for (const plan of plans) {
      assert.match(plan, /SEARCH audit_log|Index (Only )?Scan/)
      if (found !== undefined)
        assert.match(plan, new RegExp(`(INDEX|using|on) (audit_log|audit_log_all)_(${found})\\b`))
      assert.doesNotMatch(plan, /SCAN audit_log|Seq Scan on audit_log|Sort Key: .*timestamp/)
    }
  })
})
