import assert from 'node:assert/strict'
import type { AuditEvent, AuditRecord } from '../audit.ts'
import { refusesEach } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const warning = (thresholdMs: number): AuditEvent => ({ type: 'warning_issued', sessionId: 's-1', thresholdMs })
const append = (thresholdMs: number) => ({ type: 'append_audit', event: warning(thresholdMs) }) as const
const idsOf = (records: readonly AuditRecord[]) => records.map(({ id }) => id)

export const auditRecentCases: readonly CaseDefinition[] = [
  {
    id: 'audit/recent/newest-first',
    prevents: 'a parent being shown the oldest records as the latest',
    async run(t) {
      const store = await t.open()
      await store.commit([append(1), append(2), append(3), append(4)])
      assert.deepEqual(idsOf(await store.getRecentAudits(3)), [4, 3, 2])
      assert.deepEqual(idsOf(await store.getRecentAudits(4)), [4, 3, 2, 1])
      assert.deepEqual(idsOf(await store.getRecentAudits(5)), [4, 3, 2, 1])
    },
  },
  {
    id: 'audit/recent/newest-first-within-one-millisecond',
    prevents: 'a log that contradicts itself when several things happen at once',
    async run(t) {
      const store = await t.open()
      // The suite's clock stands still.
      for (const thresholdMs of [1, 2, 3]) await store.appendAudit(warning(thresholdMs))
      assert.deepEqual(idsOf(await store.getRecentAudits(3)), [3, 2, 1])
      assert.deepEqual(idsOf(await store.listAudits({ order: 'desc' })), [3, 2, 1])
    },
  },
  {
    id: 'audit/recent/limit-from-1-to-1000',
    prevents: 'a page that is cut without a word, or the whole log in one answer',
    async run(t) {
      const store = await t.open()
      const changes = Array.from({ length: 1_001 }, (_, index) => append(index))
      for (let from = 0; from < changes.length; from += 250) await store.commit(changes.slice(from, from + 250))
      assert.deepEqual(idsOf(await store.getRecentAudits(1)), [1_001])
      assert.deepEqual(
        idsOf(await store.getRecentAudits(1_000)),
        Array.from({ length: 1_000 }, (_, index) => 1_001 - index),
      )
      await refusesEach(
        [0, 1_001, -1, 1.5, Number.NaN].map((limit) => [`${limit}`, () => store.getRecentAudits(limit)]),
      )
    },
  },
  {
    id: 'audit/recent/of-an-empty-log-is-empty',
    prevents: 'a first start that fails because nothing has happened yet',
    async run(t) {
      const store = await t.open()
      assert.deepEqual(await store.getRecentAudits(10), [])
    },
  },
  {
    id: 'audit/recent/of-the-own-scope-and-all-nodes',
    prevents: "one child's day being told in another child's report",
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      await store.appendAudit(warning(1))
      await store.view({ scope: 'ben' }).appendAudit(warning(2))
      await store.view({ node: 'pc-2' }).appendAudit(warning(3))
      await store.view({ scope: 'ben' }).appendAudit(warning(4))
      assert.deepEqual(idsOf(await store.getRecentAudits(2)), [3, 1])
    },
  },
]
