import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AuditHead } from '@shepherd-store/core'
import type { Harness } from '@shepherd-store/core/conformance'
import { afterAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase } from './postgres/database.ts'
import { fillLog, killRounds, openPlace } from './retention-processes/rounds.ts'
import { seed } from './seed.ts'
import { sqliteHarness } from './sqlite-harness.ts'

/** How many processes are killed while they archive the log, on each backend. */
const KILLS = Number(process.env['SHEPHERD_TEST_RETENTION_KILLS'] ?? 3)
const RECORDS = Number(process.env['SHEPHERD_TEST_RETENTION_RECORDS'] ?? 3_000)

const { fresh } = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const HARNESSES: readonly Harness[] = [sqliteHarness, postgresHarness(url)]

describe.each(HARNESSES)('on $name', (harness) => {
  test(
    `of ${RECORDS} records none is lost and none is doubled by ${KILLS} kills of the process that archives them`,
    { timeout: 60_000 + KILLS * 20_000 + RECORDS * 2 },
    async ({ annotate }) => {
      const [place, other] = [await harness.createPlace(), await harness.createPlace()]
      const archiveTo = fresh()
      mkdirSync(archiveTo)
      await fillLog(place, RECORDS, KILLS)
      const before = await place.raw.audits()
      assert.equal(before.length, RECORDS)

      const met = await killRounds(place, { archiveTo, kills: KILLS, before, seed })
      const told = Object.entries(met).map(([where, count]) => `${where} ${count}`)
      await annotate(told.join(', '))
      assert.ok(met.cutting > 0 && met.removing > 0, told.join(', '))

      const archived = recordsOf(archiveTo)
      const left = (await place.raw.audits()).map(({ id, hash }) => ({ id, hash }))
      const all = [...archived, ...left]
      assert.ok(all.every(({ id }, index) => id === index + 1))
      assert.ok(before.every(({ id, hash }, index) => all[index]?.id === id && all[index].hash === hash))

      const [store, newStore] = [await openPlace(place), await openPlace(other)]
      try {
        const head = await store.auditHead()
        const verified = await store.verifyAudits({ expectedHead: head })
        assert.deepEqual([verified.intact, verified.firstBreak, verified.tail], [true, undefined, 'proven'])
        const { imported } = await newStore.importAudits(archiveTo)
        assert.equal(imported, archived.length)
        const alone = await newStore.verifyAudits({ expectedHead: archived.at(-1) })
        assert.deepEqual([alone.intact, alone.checked, alone.tail], [true, archived.length, 'proven'])
        await newStore.importAudits(store.exportAudits({ format: 'jsonl', scope: 'all' }))
        const whole = await newStore.verifyAudits({ expectedHead: head })
        assert.deepEqual([whole.intact, whole.checked, whole.tail], [true, all.length, 'proven'])
      } finally {
        await store.close()
        await newStore.close()
        await place.destroy()
        await other.destroy()
      }
    },
  )
})

/** What the archives hold, in their order. Each is what its manifest says. */
function recordsOf(directory: string): readonly AuditHead[] {
  const manifests = readdirSync(directory).filter((name) => name.endsWith('.json'))
  return manifests.toSorted().flatMap((name) => {
    const { file, sha256 } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<string, string>
    const bytes = readFileSync(join(directory, String(file)))
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256)
    const lines = gunzipSync(bytes).toString('utf8').trimEnd().split('\n')
    return lines.map((line) => {
      const { id, hash } = JSON.parse(line) as AuditHead
      return { id, hash }
    })
  })
}
