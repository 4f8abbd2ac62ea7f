import assert from 'node:assert/strict'
import { GENESIS_HASH, linkHash, recordDigest } from '../chain.ts'
import type { DriverChange } from '../driver-changes.ts'
import type { StoreDriver } from '../driver.ts'
import type { ForgetProgress } from '../forget-scope.ts'
import type { Store } from '../store.ts'
import { appendDay, archivesIn, withDirectory, withFailingWrite } from './aged-log.ts'
import { idsOf } from './audit-expect.ts'
import { rejectsWith } from './expect.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import { type CaseContext, type CaseDefinition, SUITE_CALENDAR } from './harness.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
const DECISION = { by: 'Ada', why: 'She moved away.' }
/** So many that they are erased in two commits. */
const RECORDS = 300

async function appendTurns(t: CaseContext, store: Store): Promise<void> {
  await appendDay(t, store.view({ scope: 'ben' }), DAY, 3)
  await appendDay(t, store.view({ scope: 'anna' }), DAY, RECORDS)
  await store.view({ scope: 'anna' }).addUsage('minecraft', DAY, 1)
}

/** Asserts that nothing is left of anna, that all is left of ben, and that the log verifies. */
async function isForgotten(t: CaseContext, store: Store): Promise<void> {
  const rows = await t.place.raw.audits()
  const kept = rows.filter(({ scope, type }) => scope === 'anna' && type !== 'erased')
  assert.deepEqual([...new Set(kept.map(({ type }) => type))], ['scope_forgotten'])
  assert.deepEqual(
    rows.filter(({ scope, type }) => scope === 'ben' && type === 'erased'),
    [],
  )
  assert.deepEqual(await t.place.raw.usage(), [])
  const { intact, firstBreak, erased } = await store.verifyAudits()
  assert.ok(intact, firstBreak?.message)
  assert.equal(erased, rows.length - kept.length - rows.filter(({ scope }) => scope === 'ben').length)
}

/** Asserts that what is archived are three records of anna, and that nothing can be read in them. */
async function holdsErasedOnly(t: CaseContext, archiveTo: string): Promise<void> {
  const elsewhere = await t.openElsewhere({ scope: 'anna' })
  await elsewhere.importAudits(archiveTo)
  const types = (await elsewhere.listAudits()).map(({ event }) => event.type)
  assert.deepEqual(types, ['erased', 'erased', 'erased'])
}

export const auditForgetAgainCases: readonly CaseDefinition[] = [
  {
    id: 'audit-forget/again/a-scope-is-used-again-and-forgotten-again',
    prevents: 'a child that comes back and has no log, or cannot be forgotten any more',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await store.appendAudit({ type: 'service_started' })
      await store.forgetScope('anna', DECISION)
      const { id, event } = await store.appendAudit({ type: 'service_stopped' })
      assert.deepEqual([id, event.type], [3, 'service_stopped'])
      const { erased, throughId } = await store.forgetScope('anna', { ...DECISION, why: 'Again.' })
      assert.deepEqual([erased, throughId], [1, 3])
      assert.deepEqual(
        (await store.listAudits()).map((record) => record.event),
        [
          { type: 'erased' },
          { type: 'scope_forgotten', throughId: 1, ...DECISION },
          { type: 'erased' },
          { type: 'scope_forgotten', throughId: 3, by: 'Ada', why: 'Again.' },
        ],
      )
      assert.equal((await store.verifyAudits()).intact, true)
    },
  },
  {
    id: 'audit-forget/again/a-scope-of-which-nothing-is-known-is-forgotten-all-the-same',
    prevents: 'a request that is answered by an error where there is nothing to do',
    async run(t) {
      const store = await t.open()
      const forgotten = await store.forgetScope('nobody', DECISION)
      assert.deepEqual(forgotten, { erased: 0, throughId: 0 })
      assert.equal((await store.verifyAudits()).intact, true)
    },
  },
  {
    id: 'audit-forget/stopped/at-any-step-and-the-same-call-completes',
    prevents: 'a child that is half forgotten for good',
    async run(t) {
      const store = await t.open()
      await appendTurns(t, store)
      const told: ForgetProgress[] = []
      let erased = 0
      let stops = 0
      for (; erased < RECORDS; stops += 1) {
        assert.ok(stops < 10, 'it never comes to its end')
        const controller = new AbortController()
        const onProgress = (progress: ForgetProgress) => {
          told.push(progress)
          controller.abort()
        }
        const call = store.forgetScope('anna', { ...DECISION, signal: controller.signal, onProgress })
        const result = await call.catch(() => undefined)
        if (result === undefined) await rejectsWith(call, 'ABORTED')
        erased += result?.erased ?? told.at(-1)?.erased ?? 0
        assert.equal((await store.verifyAudits()).intact, true)
      }
      assert.deepEqual(
        told.map(({ erased: done }) => done),
        [250, 50],
      )
      await isForgotten(t, store)
    },
  },
  {
    id: 'audit-forget/faults/of-any-write-and-the-same-call-completes',
    prevents: 'a connection that is lost while a child is forgotten, and a log that does not verify any more',
    async run(t) {
      const store = await t.open()
      for (const applied of [false, true]) {
        for (let nth = 1; nth <= 4; nth += 1) {
          await appendTurns(t, store)
          const wasMet = await withFailingWrite(t, { nth, applied }, async (faulty) => {
            const call = faulty.forgetScope('anna', DECISION)
            if (nth <= 3) await rejectsWith(call, 'UNAVAILABLE', applied ? 'unknown' : 'not_applied')
            else await call
          })
          assert.equal(wasMet, nth <= 3)
          const { intact, firstBreak } = await store.verifyAudits()
          assert.ok(intact, firstBreak?.message)
          await store.forgetScope('anna', DECISION)
          await isForgotten(t, store)
        }
      }
    },
  },
  {
    id: 'audit-forget/faults/two-at-once-and-others-that-write-meanwhile',
    prevents: 'two requests for one child that stand in each other’s way',
    async run(t) {
      const [store, other] = [await t.open({ scope: 'anna' }), await t.open({ scope: 'ben', node: 'pc-2' })]
      await appendTurns(t, store)
      const calls = unawaited(
        store.forgetScope('anna', DECISION),
        other.forgetScope('anna', DECISION),
        other.appendAudit({ type: 'service_stopped' }),
      )
      for (const call of calls) await call
      await isForgotten(t, store)
      assert.equal((await store.listAudits({ types: ['scope_forgotten'] })).length, 2)
    },
  },
  {
    id: 'audit-forget/archives/are-told-of-and-what-is-left-is-erased',
    prevents: 'an operator who believes that a child is forgotten, whose log lies in an archive',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ scope: 'anna' })
        await appendDay(t, store, '2026-09-01', 3)
        await appendDay(t, store, '2026-11-01', 2)
        await store.applyRetention({ keepDays: 30, archiveTo })
        const { erased, archivedThroughId } = await store.forgetScope('anna', DECISION)
        assert.deepEqual([erased, archivedThroughId], [2, 3])
        // What tells of the log as a whole stays.
        assert.deepEqual(
          (await store.listAudits()).map(({ event }) => event.type),
          ['erased', 'erased', 'records_archived', 'scope_forgotten'],
        )
        assert.equal((await store.verifyAudits()).intact, true)
        t.clock.set('2027-11-23T10:00:00.000Z')
        await store.applyRetention({ keepDays: 30, archiveTo })
        assert.equal((await store.verifyAudits()).intact, true)
        const elsewhere = await t.openElsewhere()
        await elsewhere.importAudits(archiveTo)
        assert.deepEqual(
          (await elsewhere.listAudits({ scope: 'all', after: 3, before: 6 })).map(({ event }) => event.type),
          ['erased', 'erased'],
        )
        const { intact, erased: count } = await elsewhere.verifyAudits()
        assert.deepEqual([intact, count], [true, 2])
      }),
  },
  {
    id: 'audit-forget/archives/one-that-the-log-was-not-cut-behind-yet-is-made-anew',
    prevents: 'an archive of a call that crashed, in which a child is remembered, and which nobody was told of',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ scope: 'anna' })
        await appendDay(t, store, '2026-09-01', 3)
        await appendDay(t, store, '2026-11-01', 2)
        await withFailingWrite(t, { nth: 1, applied: false }, async (faulty) => {
          await rejectsWith(faulty.applyRetention({ keepDays: 30, archiveTo }), 'UNAVAILABLE')
        })
        assert.deepEqual(idsOf((await archivesIn(archiveTo))[0]?.records ?? []), [1, 2, 3])
        await store.forgetScope('anna', DECISION)
        const { archives } = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.deepEqual(
          archives.map(({ throughId }) => throughId),
          [3],
        )
        await holdsErasedOnly(t, archiveTo)
        assert.equal((await store.verifyAudits()).intact, true)
      }),
  },
  {
    id: 'audit-forget/archives/one-that-is-being-made-is-made-anew',
    prevents: 'a child that is remembered in an archive, as it was forgotten in the minute in which that was made',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ scope: 'anna' })
        await appendDay(t, store, '2026-09-01', 3)
        await appendDay(t, store, '2026-11-01', 2)
        let isForgotten = false
        const forgetBeforeCut = (driver: StoreDriver): Faulty => ({
          async write(units) {
            const isCut = units.some(({ changes }) => changes.some(({ table }) => table === 'audit_cut'))
            if (isCut && !isForgotten) {
              isForgotten = true
              await store.forgetScope('anna', DECISION)
            }
            return driver.write(units)
          },
        })
        await useOver(t, forgetBeforeCut, async (pruner) => {
          await rejectsWith(pruner.applyRetention({ keepDays: 30, archiveTo }), 'BUSY', 'not_applied')
          await pruner.applyRetention({ keepDays: 30, archiveTo })
        })
        await holdsErasedOnly(t, archiveTo)
        assert.equal((await store.verifyAudits()).intact, true)
      }),
  },
  {
    id: 'audit-forget/forged/a-record-that-is-erased-and-nobody-decided-it-is-found',
    prevents: 'evidence that is taken out of the log under the name of privacy',
    async run(t) {
      const store = await t.open()
      await appendDay(t, store, DAY, 3)
      const before = await t.place.raw.audits()
      const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
      const write = (change: DriverChange) => driver.write([{ conditions: [], changes: [change] }])
      try {
        // The database refuses it, or, where there is none that could, the verification finds it.
        const erasure = { table: 'erasure', id: 2, contentDigest: 'ab'.repeat(32) } as const
        const [outcome] = await write(erasure).catch(() => [{ type: 'failed' }])
        if (outcome?.type === 'failed') assert.deepEqual(await t.place.raw.audits(), before)
        else {
          const { intact, firstBreak } = await store.verifyAudits()
          assert.deepEqual([intact, firstBreak?.id], [false, 2])
        }
      } finally {
        await driver.close()
      }
    },
  },
  {
    id: 'audit-forget/first-form/a-record-without-a-salt-is-erased-as-a-whole',
    prevents: 'a log that was begun by an older version, and does not verify once a child is forgotten',
    async run(t) {
      const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
      const content = {
        ...{ timestamp: t.clock.now(), scope: 'anna', node: 'pc-1', type: 'service_started' },
        text: '{"type":"service_started"}',
      }
      const digest = recordDigest(content)
      try {
        await driver.write([{ conditions: [], changes: [{ table: 'audit', content: { ...content, digest } }] }])
      } finally {
        await driver.close()
      }
      const store = await t.open({ scope: 'anna' })
      await store.appendAudit({ type: 'service_stopped' })
      assert.equal((await store.forgetScope('anna', DECISION)).erased, 2)
      const records = await store.listAudits()
      assert.deepEqual(
        records.map(({ event }) => event.type),
        ['erased', 'erased', 'scope_forgotten'],
      )
      assert.equal(records[0]?.hash, linkHash(GENESIS_HASH, 1, digest))
      const { intact, firstBreak, erased } = await store.verifyAudits()
      assert.deepEqual([intact, firstBreak, erased, idsOf(records)], [true, undefined, 2, [1, 2, 3]])
    },
  },
]
