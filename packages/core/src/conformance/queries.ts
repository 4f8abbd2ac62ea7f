import assert from 'node:assert/strict'
import type { Period } from '../period.ts'
import { startSession } from '../sessions.ts'
import type { UsageGrouping, UsageQuery } from '../usage.ts'
import { collect } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'

/** What a read is asked for is what was asked when it was called. */
export const queryCases: readonly CaseDefinition[] = [
  {
    id: 'arguments/queries/are-copied-at-the-call',
    prevents: 'a report of something else than was asked for, because its query was used for the next one meanwhile',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1)
      const { id, hash } = await store.appendAudit({ type: 'service_started' })

      const by: UsageGrouping[] = ['entry']
      const usageQuery: UsageQuery = { from: DAY, to: '2026-11-24', by }
      const totals = store.listUsage(usageQuery)
      by[0] = 'week'
      Object.assign(usageQuery, { from: '2026-11-24', by: 5 })
      assert.deepEqual(await totals, [{ entryId: 'minecraft', durationMs: 1, unreadable: 0 }])

      const auditQuery = { after: 0, limit: 1 }
      const records = store.listAudits(auditQuery)
      Object.assign(auditQuery, { after: 1, limit: 0 })
      assert.deepEqual(
        (await records).map((record) => record.id),
        [1],
      )

      await startSession(store, { entryId: 'minecraft' })
      const sessionQuery = { entryId: 'minecraft', limit: 1 }
      const sessions = store.listSessions(sessionQuery)
      const spanOptions: { period: Period } = { period: 'week' }
      const usedMs = store.getUsage('minecraft', '2026-11-24', spanOptions)
      const state = store.getDayState('2026-11-24', spanOptions)
      Object.assign(sessionQuery, { entryId: 'tuxmath', limit: 0 })
      Object.assign(spanOptions, { period: 'day' })
      assert.equal((await sessions).length, 1)
      assert.deepEqual([await usedMs, (await state).entry('minecraft').usedMs], [1, 1])

      const following = { types: ['service_started'], limit: 1 }
      const reading = store.readAudits(following)
      following.types[0] = 'service_stopped'
      assert.equal((await collect(reading)).length, 1)

      const expectedHead = { id, hash }
      const verification = store.verifyAudits({ expectedHead })
      Object.assign(expectedHead, { id: 7 })
      assert.equal((await verification).tail, 'proven')
    },
  },
]
