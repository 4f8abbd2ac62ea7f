import assert from 'node:assert/strict'
import type { VerifyOptions } from '../audit-verification.ts'
import { recordDigest } from '../chain.ts'
import type { DriverChange } from '../driver-changes.ts'
import type { StoreDriver } from '../driver.ts'
import type { ForgetProgress } from '../forget-scope.ts'
import { appendDay, archivesIn, holdsEverything, storedIds, withDirectory, withFailingWrite } from './aged-log.ts'
import { rejectsWith } from './expect.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import { type CaseContext, type CaseDefinition, SUITE_CALENDAR } from './harness.ts'

const DECISION = { by: 'Ada', why: 'She moved away.' }
/** So many that they are erased in two commits. */
const RECORDS = 300

/** A scope that is forgotten while the log is archived. */
export const auditForgetMeanwhileCases: readonly CaseDefinition[] = [
  {
    id: 'audit-forget/archives/none-is-made-of-what-is-still-to-be-erased',
    prevents: 'a child that is remembered in an archive, as the night in which it was forgotten was too short',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ scope: 'anna' })
        await appendDay(t, store, '2026-09-01', RECORDS)
        await appendDay(t, store, '2026-11-01', 2)
        const before = await t.place.raw.audits()
        const controller = new AbortController()
        const onProgress = ({ erased }: ForgetProgress) => {
          assert.ok(erased < RECORDS)
          controller.abort()
        }
        const forgetting = store.forgetScope('anna', { ...DECISION, signal: controller.signal, onProgress })
        await rejectsWith(forgetting, 'ABORTED')
        const error = await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'BUSY', 'not_applied')
        assert.match(error.message, /record 251 is to be erased/)
        assert.deepEqual(await archivesIn(archiveTo), [])
        await store.forgetScope('anna', DECISION)
        await store.applyRetention({ keepDays: 30, archiveTo })
        await holdsEverything(t, { store, directory: archiveTo, before })
      }),
  },
  {
    id: 'audit-forget/cut/what-leaves-the-log-meanwhile-is-removed',
    prevents: 'a child that is remembered in rows which nobody reads any more, and nobody erases',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ scope: 'anna' })
        await appendDay(t, store, '2026-09-01', RECORDS)
        await appendDay(t, store, '2026-11-01', 2)
        let isCut = false
        const cutBefore = (driver: StoreDriver): Faulty => ({
          async write(units) {
            if (units.some(({ changes }) => changes.some(({ table }) => table === 'forget'))) {
              isCut = await withFailingWrite(t, { nth: 2, applied: false }, async (pruner) => {
                await rejectsWith(pruner.applyRetention({ keepDays: 30, archiveTo }), 'UNAVAILABLE')
              })
            }
            return driver.write(units)
          },
        })
        await useOver(t, cutBefore, async (forgetting) => {
          const { archivedThroughId } = await forgetting.forgetScope('anna', DECISION)
          assert.deepEqual([isCut, archivedThroughId], [true, RECORDS])
        })
        assert.equal((await storedIds(t))[0], RECORDS + 1)
        assert.equal((await store.verifyAudits()).intact, true)
      }),
  },
  {
    id: 'audit-forget/first-form/while-it-is-erased-and-behind-a-cut-the-log-is-sound',
    prevents: 'a sound log that is called a forged one, as an older version had begun it',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        await appendUnsalted(t, '2026-09-01T12:00:00.000Z', RECORDS)
        await appendUnsalted(t, '2026-11-01T12:00:00.000Z', 2)
        const store = await t.open({ scope: 'anna' })
        const holds = async (options: VerifyOptions = {}) => {
          const { intact, firstBreak, blindSpots } = await store.verifyAudits(options)
          assert.deepEqual([intact, firstBreak], [true, undefined])
          return blindSpots.filter((spot) => spot.includes('were erased with them')).length
        }
        const controller = new AbortController()
        const options = { ...DECISION, signal: controller.signal, onProgress: () => controller.abort() }
        await rejectsWith(store.forgetScope('anna', options), 'ABORTED')
        assert.equal(await holds(), 0)
        await store.forgetScope('anna', DECISION)
        assert.equal(await holds(), 0)
        const [, , , record] = await t.place.raw.audits()
        assert.ok(record)
        assert.equal(await holds({ from: { id: record.id, hash: record.hash } }), 1)
        await store.applyRetention({ keepDays: 30, archiveTo })
        assert.equal((await storedIds(t))[0], RECORDS + 1)
        assert.equal(await holds(), 1)
      }),
  },
]

/** Records of anna as an older version of the schema wrote them. */
async function appendUnsalted({ place }: CaseContext, at: string, count: number): Promise<void> {
  const content = {
    ...{ timestamp: new Date(at), scope: 'anna', node: 'pc-1', type: 'service_started' },
    text: '{"type":"service_started"}',
  }
  const change: DriverChange = { table: 'audit', content: { ...content, digest: recordDigest(content) } }
  const driver = await place.openDriver({ calendar: SUITE_CALENDAR })
  try {
    for (let left = count; left > 0; left -= CHANGES) {
      await driver.write([{ conditions: [], changes: Array.from({ length: Math.min(left, CHANGES) }, () => change) }])
    }
  } finally {
    await driver.close()
  }
}
const CHANGES = 100
