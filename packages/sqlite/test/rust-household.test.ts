import { join } from 'node:path'
import { addDays } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { expect, test } from 'vitest'
import { makeHousehold } from '../../../examples/household/make.ts'
import { logOf, openTestStore, testDirectory } from './rust-database.ts'

test.each(['2026-11-23T16:20:00Z', '2026-10-25T01:00:00Z', '2027-03-28T09:00:00Z'])(
  'the example household until %s is a sound database of the crate, with what the crate loses',
  async (until) => {
    const { store } = await openTestStore()
    const path = join(testDirectory(), 'household.db')
    makeHousehold(path, { until: new Date(until) })
    const report = await importRustStore(path, store)
    expect(report).toMatchObject({
      problems: { count: 0 },
      unfinishedSession: { seenAt: new Date(until).toISOString(), endedInLog: false },
      comparison: { overbookedMs: 0, sessionsWithoutEnd: { count: 2 } },
    })
    expect(report.comparison.cutMs).toBeGreaterThan(0)
    expect(report.comparison.notBookedMs).toBeGreaterThan(0)
    expect(report.counts.cooldowns.found).toBeGreaterThan(0)
    const times = (await logOf(store)).map(({ timestamp }) => timestamp.getTime())
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBeLessThanOrEqual(Date.parse(until))
    const today = store.calendar.dayOf(new Date(until))
    expect(store.calendar.dayOf(new Date(times[0] ?? 0))).toBe(addDays(today, -41))
  },
)

test('the example household is the same each time', async () => {
  const until = new Date('2026-11-23T16:20:00Z')
  const [first, second] = await Promise.all(
    [1, 2].map(async () => {
      const { store } = await openTestStore()
      const path = join(testDirectory(), 'household.db')
      makeHousehold(path, { until })
      await importRustStore(path, store)
      return (await logOf(store)).map(({ original }) => original)
    }),
  )
  expect(first).toEqual(second)
})
