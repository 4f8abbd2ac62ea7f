import assert from 'node:assert/strict'
import type { AuditRecord } from '../audit.ts'
import type { Change } from '../change.ts'
import type { StoreDriver } from '../driver.ts'
import type { RetentionProgress } from '../retention.ts'
import type { Store } from '../store.ts'
import {
  appendAt,
  appendDay,
  archivesIn,
  holdsEverything,
  storedIds,
  withDirectory,
  withFailingWrite,
} from './aged-log.ts'
import { idsOf } from './audit-expect.ts'
import { collect, rejectsWith } from './expect.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import { follow } from './follower.ts'
import type { CaseContext, CaseDefinition, RawAudit } from './harness.ts'
import { unawaited } from './unawaited.ts'

/** So many that they leave the log in two commits. */
const ROUND_RECORDS = 300
/** In four; and each round has a record with a thousandth id, at which it tells that it archives. */
const STOPPED_RECORDS = 1_000

/** A year later the log has something to be archived again. Returns what is in it since the last cut, but for that. */
async function appendRound(t: CaseContext, store: Store, year: number, count: number): Promise<readonly RawAudit[]> {
  await appendDay(t, store, `${year}-01-01`, count)
  t.clock.set(`${year}-12-01T10:00:00.000Z`)
  return t.place.raw.audits()
}

export const auditRetentionFaultCases: readonly CaseDefinition[] = [
  {
    id: 'audit-retention/stopped/at-any-step-and-the-same-call-completes',
    prevents: 'a log that nobody can cut any more because somebody pressed ^C',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        const steps: string[] = []
        let before: readonly RawAudit[] = []
        for (const nth of [1, 2, 4]) {
          before = [...before, ...(await appendRound(t, store, 2026 + nth, STOPPED_RECORDS))]
          const controller = new AbortController()
          let told = 0
          const onProgress = ({ step }: RetentionProgress) => {
            told += 1
            if (told !== nth) return
            steps.push(step)
            controller.abort()
          }
          const call = store.applyRetention({ keepDays: 30, archiveTo, signal: controller.signal, onProgress })
          await rejectsWith(call, 'ABORTED')
          await store.applyRetention({ keepDays: 30, archiveTo })
          await holdsEverything(t, { store, directory: archiveTo, before })
        }
        assert.deepEqual(steps, ['archiving', 'removing', 'removing'])
        const archives = await archivesIn(archiveTo)
        const stored = await appendRound(t, store, 2050, ROUND_RECORDS)
        await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo, signal: AbortSignal.abort() }), 'ABORTED')
        assert.deepEqual(await storedIds(t), idsOf(stored))
        assert.deepEqual(await archivesIn(archiveTo), archives)
      }),
  },
  {
    id: 'audit-retention/faults/of-any-write-and-the-same-call-completes',
    prevents: 'a connection that is lost in the middle, after which a record is nowhere, or in two places',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        let before: readonly RawAudit[] = []
        const met: string[] = []
        let year = 2026
        for (const applied of [false, true]) {
          for (let nth = 1; ; nth += 1) {
            assert.ok(nth < 10, 'it never ends')
            year += 1
            before = [...before, ...(await appendRound(t, store, year, ROUND_RECORDS))]
            const wasMet = await withFailingWrite(t, { nth, applied }, async (faulty) => {
              const call = faulty.applyRetention({ keepDays: 30, archiveTo })
              await call.then(
                () => met.push('completed'),
                () => rejectsWith(call, 'UNAVAILABLE'),
              )
            })
            await store.applyRetention({ keepDays: 30, archiveTo })
            await holdsEverything(t, { store, directory: archiveTo, before })
            if (!wasMet) break
            met.push(`${nth} ${applied ? 'applied' : 'not applied'}`)
          }
        }
        assert.ok(met.includes('3 applied') && met.includes('3 not applied'), met.join())
        const other = await t.openElsewhere()
        const { head } = await other.importAudits(archiveTo)
        const archived = (await archivesIn(archiveTo)).flatMap(({ records }) => records)
        assert.deepEqual(head, archived.at(-1))
      }),
  },
  {
    id: 'audit-retention/faults/two-at-once-lose-and-double-nothing',
    prevents: 'the jobs of two nights that meet, and cut the log behind the same archive twice',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const [store, other] = [await t.open(), await t.open({ node: 'pc-2' })]
        const before = await appendRound(t, store, 2027, ROUND_RECORDS)
        const calls = unawaited(
          store.applyRetention({ keepDays: 30, archiveTo }),
          other.applyRetention({ keepDays: 30, archiveTo }),
        )
        const settled = await Promise.allSettled(calls)
        for (const [index, { status }] of settled.entries()) {
          if (status === 'rejected') await rejectsWith(calls[index] ?? assert.fail(), 'BUSY', 'not_applied')
        }
        assert.ok(settled.some(({ status }) => status === 'fulfilled'))
        await store.applyRetention({ keepDays: 30, archiveTo })
        await holdsEverything(t, { store, directory: archiveTo, before })
        assert.equal((await archivesIn(archiveTo)).length, 1)
        assert.equal((await store.listAudits({ types: ['records_archived'], scope: 'all' })).length, 1)
      }),
  },
  {
    id: 'audit-retention/faults/an-archive-that-is-made-anew-meanwhile-keeps-its-manifest',
    prevents:
      'a log that is cut behind an archive which nobody can import, as a slow call gave it the manifest of another',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        const before = await appendRound(t, store, 2027, ROUND_RECORDS)
        const cut = { nth: 1, applied: false }
        await withFailingWrite(t, cut, async (faulty) => {
          await rejectsWith(faulty.applyRetention({ keepDays: 30, archiveTo }), 'UNAVAILABLE')
        })
        let isMadeAnew = false
        const overtaken = ({ read }: StoreDriver): Faulty => ({
          async read(request) {
            const result = await read(request)
            if (request.audits?.types?.includes('scope_forgotten') === true && !isMadeAnew) {
              isMadeAnew = true
              await store.forgetScope('default', { by: 'Ada', why: 'He has moved out.' })
              await store.applyRetention({ keepDays: 30, archiveTo })
            }
            return result
          },
        })
        await useOver(t, overtaken, async (slow) => {
          await rejectsWith(slow.applyRetention({ keepDays: 30, archiveTo }), 'BUSY', 'not_applied')
        })
        assert.ok(isMadeAnew)
        await holdsEverything(t, { store, directory: archiveTo, before })
        const { head } = await (await t.openElsewhere()).importAudits(archiveTo)
        assert.equal(head?.id, before.length)
      }),
  },
  {
    id: 'audit-retention/faults/records-that-come-meanwhile-stay',
    prevents:
      'a sound log that is called a forged one, or a record of today that is archived, as it came at the wrong moment',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        await appendDay(t, store, '2026-09-01', 20)
        let isAppended = false
        const appendMeanwhile = ({ read }: StoreDriver): Faulty => ({
          async read(request) {
            const result = await read(request)
            if (request.audits?.from !== undefined && !isAppended) {
              isAppended = true
              await store.appendAudit({ type: 'service_started' })
              await appendAt(t, store, ['1970-01-01T00:00:00.000Z'])
            }
            return result
          },
        })
        await useOver(t, appendMeanwhile, async (pruner) => {
          const { records, throughId } = await pruner.applyRetention({ keepDays: 30, archiveTo })
          assert.deepEqual([isAppended, records, throughId], [true, 20, 20])
        })
        assert.deepEqual((await storedIds(t)).slice(0, 2), [21, 22])
        assert.equal((await store.verifyAudits()).intact, true)
      }),
  },
  {
    id: 'audit-retention/operations/one-whose-records-are-archived-is-not-applied-again',
    prevents: 'a retry that books an hour twice',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        t.clock.set('2026-09-01T10:00:00.000Z')
        const old = () =>
          store.commit(
            [
              { type: 'append_audit', event: { type: 'service_started' } },
              { type: 'add_usage', entryId: 'minecraft', day: '2026-09-01', durationMs: 1_000 },
            ],
            { operationId: 'old' },
          )
        await old()
        await appendDay(t, store, '2026-11-01', 3)
        const recent = () => store.appendAudit({ type: 'service_stopped' }, { operationId: 'recent' })
        const record = await recent()
        await store.applyRetention({ keepDays: 30, archiveTo })
        const ids = await storedIds(t)
        assert.deepEqual(await recent(), record)
        assert.equal((await old()).repeated, true)
        assert.equal(await store.getUsage('minecraft', '2026-09-01'), 1_000)
        assert.deepEqual(await storedIds(t), ids)
      }),
  },
  {
    id: 'audit-retention/operations/one-whose-records-are-archived-is-not-told-of-others',
    prevents: 'a retry that is given the record of somebody else, which stands where its own was',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        t.clock.set('2026-09-01T10:00:00.000Z')
        const append: Change = { type: 'append_audit', event: { type: 'service_started' } }
        await store.commit([append], { operationId: 'old' })
        await appendDay(t, store, '2026-11-01', 3)
        await store.applyRetention({ keepDays: 30, archiveTo })
        const { repeated, audits } = await store.commit([append], { operationId: 'old' })
        assert.deepEqual([repeated, idsOf(audits)], [true, []])
      }),
  },
  {
    id: 'audit-retention/readers/are-told-what-they-missed-and-go-on-behind-the-cut',
    prevents: 'a reader that does not notice that a month was archived before it came there, or that repeats one',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        await appendDay(t, store, '2026-09-01', 10)
        await appendDay(t, store, '2026-11-01', 10)
        const due = Array.from({ length: 11 }, (_, index) => index + 11)
        const overtaken = [
          recordsOf(store.readAudits({ limit: 3 })),
          recordsOf(store.readAudits({ limit: 3, follow: true })),
        ]
        const upToDate = follow(store, { after: 10 })
        assert.deepEqual(await upToDate.take(10), due.slice(0, -1))
        for (const next of overtaken) assert.equal(await next(), 1)
        await store.applyRetention({ keepDays: 30, archiveTo })

        for (const next of overtaken) {
          // The page that was read before is told to its end.
          assert.deepEqual([await next(), await next()], [2, 3])
          const error = await rejectsWith(next(), 'NOT_FOUND', 'not_applied')
          assert.match(error.message, /records 4 to 10 /)
        }
        assert.equal(await upToDate.next(), 21)
        assert.deepEqual(idsOf(await collect(store.readAudits({ after: 10, limit: 3 }))), due)
        assert.deepEqual(idsOf(await collect(store.readAudits({ limit: 3 }))), due)
        for (const after of [0, 5, 10]) assert.deepEqual(idsOf(await store.listAudits({ after, limit: 2 })), [11, 12])
        assert.deepEqual(idsOf(await store.listAudits({ before: 13, order: 'desc' })), [12, 11])
        assert.deepEqual(idsOf(await store.listAudits({ before: 11, order: 'desc' })), [])
        const { id } = await store.appendAudit({ type: 'service_stopped' })
        assert.equal(await upToDate.next(), id)
        upToDate.stop()
        await upToDate.ends()
      }),
  },
]

/** The id of one record after the other. */
function recordsOf(records: AsyncIterable<AuditRecord>): () => Promise<number | undefined> {
  const iterator = records[Symbol.asyncIterator]()
  return async () => {
    const result = await iterator.next()
    return result.done === true ? undefined : result.value.id
  }
}
