import assert from 'node:assert/strict'
import { createStore } from '../create-store.ts'
import { type StoreErrorCode, StoreError } from '../errors.ts'
import type { OwnedStore } from '../store.ts'
import { fillEveryTable, looksBeside } from './check-places.ts'
import { rejectsWith } from './expect.ts'
import { useOver } from './faulty-driver.ts'
import { type CaseContext, type CaseDefinition, SUITE_CALENDAR } from './harness.ts'

export const checkFaultCases: readonly CaseDefinition[] = [
  {
    id: 'check/failing/rejects-where-nobody-could-look',
    prevents: 'a store that is called sound, or damaged, because the database was away',
    async run(t) {
      const codes: readonly StoreErrorCode[] = ['UNAVAILABLE', 'BUSY', 'TIMEOUT', 'PERMISSION_DENIED']
      const { store, faults } = await t.openWithFaults()
      const methods = (await looksBeside(t)) ? (['read', 'check'] as const) : (['read'] as const)
      for (const method of methods) {
        for (const code of codes) {
          faults.failNext(method, code)
          assert.equal((await rejectsWith(store.check(), code, 'not_applied')).operation, 'check')
        }
      }
      assert.equal((await store.check()).sound, true)
      await store.close()
      await rejectsWith(store.check(), 'CLOSED', 'not_applied')
    },
  },
  {
    id: 'check/failing/damage-that-is-thrown-is-told',
    prevents: 'a check that ends with an error at the first damaged page, and hides all others',
    async run(t) {
      const codes: readonly StoreErrorCode[] = ['CORRUPT', 'MALFORMED', 'IO', 'DATABASE']
      const { store, faults } = await t.openWithFaults()
      await fillEveryTable(store)
      for (const code of codes) {
        faults.failNext('read', code)
        const report = await store.check()
        assert.deepEqual([report.sound, report.problemCount, report.audits], [false, 1, undefined])
        assert.deepEqual([report.problems[0]?.code, report.problems[0]?.part], [code, 'audit_log'])
        if (await looksBeside(t)) assert.ok(report.blindSpots.some((spot) => spot.startsWith('Rows beside the log')))
      }
      await useOver(
        t,
        () => ({ check: () => Promise.reject(new StoreError('CORRUPT', 'a page is damaged; restore a backup')) }),
        async (over) => {
          const { sound, problems, audits, blindSpots } = await over.check()
          assert.deepEqual([sound, problems[0]?.code, audits?.intact], [false, 'CORRUPT', true])
          assert.ok(blindSpots.some((spot) => spot.startsWith('What was to be looked at')))
        },
      )
    },
  },
  {
    id: 'check/driver/a-step-under-way-keeps-nobody-from-closing',
    prevents: 'a service that does not end, as somebody has begun to look at a file of many gigabytes',
    async run(t) {
      if (!(await looksBeside(t))) return
      const { store, faults } = await t.openWithFaults()
      const held = faults.holdNext('check')
      const checking = store.check()
      const closed = rejectsWith(checking, 'CLOSED')
      await held.met
      await store.close()
      held.letGo()
      await closed
    },
  },
  {
    id: 'check/driver/one-that-cannot-is-a-blind-spot',
    prevents: 'a backend that looks at nothing, and whose data is called sound',
    async run(t) {
      await useStore(t, async (store) => {
        const { sound, blindSpots } = await store.check()
        assert.equal(sound, true)
        assert.ok(blindSpots.some((spot) => spot.startsWith('Everything beside the log')))
      })
    },
  },
]

/** Uses a store over the driver without its `check`. */
async function useStore({ place, clock }: CaseContext, use: (store: OwnedStore) => Promise<void>): Promise<void> {
  const { check: _, ...driver } = await place.openDriver({ calendar: SUITE_CALENDAR })
  const store = createStore(driver, { clock })
  try {
    await use(store)
  } finally {
    await store.close()
  }
}
