import assert from 'node:assert/strict'
import type { Day } from '../day.ts'
import type { Store } from '../store.ts'
import type { UsageGrouping, UsageQuery } from '../usage.ts'
import { refusesEach } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

/** The week of 2026-11-23, a Monday. */
const WEEK = { from: '2026-11-23', to: '2026-11-30' } as const

/** Adds usage in one commit. */
async function add(
  store: Store,
  ...rows: readonly (readonly [entryId: string, day: Day, durationMs: number])[]
): Promise<void> {
  await store.commit(rows.map(([entryId, day, durationMs]) => ({ type: 'add_usage', entryId, day, durationMs })))
}

/** Two children, two machines, two games, two days: each combination that occurs has its own decimal place. */
async function addEverywhere(store: Store): Promise<void> {
  const [anna, ben] = [store.view({ scope: 'anna', node: 'pc-1' }), store.view({ scope: 'ben', node: 'pc-1' })]
  await add(anna, ['minecraft', '2026-11-23', 1], ['roblox', '2026-11-23', 10], ['minecraft', '2026-11-24', 100])
  await add(anna.view({ node: 'pc-2' }), ['minecraft', '2026-11-23', 1_000], ['roblox', '2026-11-24', 10_000])
  await add(ben, ['minecraft', '2026-11-23', 100_000])
  await add(ben.view({ node: 'pc-2' }), ['roblox', '2026-11-24', 1_000_000])
}

type Row = readonly [...keys: string[], durationMs: number]

/** The totals as rows: the values of `keys`, then the duration. Asserts that they have these keys only, and are sound. */
async function rowsOf(store: Store, query: UsageQuery, keys: readonly string[]): Promise<readonly Row[]> {
  const totals = await store.listUsage(query)
  return totals.map((total) => {
    assert.deepEqual(Object.keys(total).toSorted(), [...keys, 'durationMs', 'unreadable'].toSorted())
    assert.equal(total.unreadable, 0)
    const values = new Map<string, unknown>(Object.entries(total))
    return [...keys.map((key) => String(values.get(key))), total.durationMs]
  })
}

const KEYS: { readonly [G in UsageGrouping]: string } = {
  day: 'day',
  week: 'week',
  month: 'month',
  entry: 'entryId',
  node: 'node',
  scope: 'scope',
}

export const usageListCases: readonly CaseDefinition[] = [
  {
    id: 'usage-list/by/one-grand-total-by-default',
    prevents: 'a sum that leaves out a day, an entry or a machine',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await addEverywhere(store)
      assert.deepEqual(await store.listUsage(WEEK), [{ durationMs: 11_111, unreadable: 0 }])
      assert.deepEqual(await store.listUsage({ ...WEEK, by: [] }), [{ durationMs: 11_111, unreadable: 0 }])
    },
  },
  {
    id: 'usage-list/by/every-grouping',
    prevents: 'a report that books time under the wrong day, entry, machine or child',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await addEverywhere(store)
      const groupings: readonly (readonly [UsageGrouping, readonly Row[]])[] = [
        [
          'day',
          [
            ['2026-11-23', 101_011],
            ['2026-11-24', 1_010_100],
          ],
        ],
        ['week', [['2026-11-23', 1_111_111]]],
        ['month', [['2026-11-01', 1_111_111]]],
        [
          'entry',
          [
            ['minecraft', 101_101],
            ['roblox', 1_010_010],
          ],
        ],
        [
          'node',
          [
            ['pc-1', 100_111],
            ['pc-2', 1_011_000],
          ],
        ],
        [
          'scope',
          [
            ['anna', 11_111],
            ['ben', 1_100_000],
          ],
        ],
      ]
      for (const [grouping, expected] of groupings) {
        const rows = await rowsOf(store, { ...WEEK, by: [grouping], scope: 'all' }, [KEYS[grouping]])
        assert.deepEqual(rows, expected, grouping)
      }
    },
  },
  {
    id: 'usage-list/by/pairs-and-more',
    prevents: 'a table of days and entries whose cells are mixed up',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await addEverywhere(store)
      const groupings: readonly (readonly [readonly UsageGrouping[], readonly Row[]])[] = [
        [
          ['day', 'entry'],
          [
            ['2026-11-23', 'minecraft', 101_001],
            ['2026-11-23', 'roblox', 10],
            ['2026-11-24', 'minecraft', 100],
            ['2026-11-24', 'roblox', 1_010_000],
          ],
        ],
        [
          ['week', 'node'],
          [
            ['2026-11-23', 'pc-1', 100_111],
            ['2026-11-23', 'pc-2', 1_011_000],
          ],
        ],
        [
          ['month', 'scope'],
          [
            ['2026-11-01', 'anna', 11_111],
            ['2026-11-01', 'ben', 1_100_000],
          ],
        ],
        [
          ['entry', 'node'],
          [
            ['minecraft', 'pc-1', 100_101],
            ['minecraft', 'pc-2', 1_000],
            ['roblox', 'pc-1', 10],
            ['roblox', 'pc-2', 1_010_000],
          ],
        ],
        [
          ['node', 'scope'],
          [
            ['pc-1', 'anna', 111],
            ['pc-1', 'ben', 100_000],
            ['pc-2', 'anna', 11_000],
            ['pc-2', 'ben', 1_000_000],
          ],
        ],
        [
          ['day', 'entry', 'node', 'scope'],
          [
            ['2026-11-23', 'minecraft', 'pc-1', 'anna', 1],
            ['2026-11-23', 'minecraft', 'pc-1', 'ben', 100_000],
            ['2026-11-23', 'minecraft', 'pc-2', 'anna', 1_000],
            ['2026-11-23', 'roblox', 'pc-1', 'anna', 10],
            ['2026-11-24', 'minecraft', 'pc-1', 'anna', 100],
            ['2026-11-24', 'roblox', 'pc-2', 'anna', 10_000],
            ['2026-11-24', 'roblox', 'pc-2', 'ben', 1_000_000],
          ],
        ],
      ]
      for (const [by, expected] of groupings) {
        const keys = by.map((grouping) => KEYS[grouping])
        assert.deepEqual(await rowsOf(store, { ...WEEK, by, scope: 'all' }, keys), expected, by.join())
      }
    },
  },
  {
    id: 'usage-list/by/weeks-from-monday-over-the-end-of-the-year',
    prevents: 'a week that is cut in two at New Year, or begins on a Sunday',
    async run(t) {
      const store = await t.open()
      await add(
        store,
        ['minecraft', '2026-12-27', 1], // a Sunday
        ['minecraft', '2026-12-28', 10],
        ['minecraft', '2026-12-31', 100],
        ['minecraft', '2027-01-01', 1_000],
        ['minecraft', '2027-01-03', 10_000], // a Sunday
        ['minecraft', '2027-01-04', 100_000],
      )
      const rows = await rowsOf(store, { from: '2026-12-01', to: '2027-02-01', by: ['week'] }, ['week'])
      assert.deepEqual(rows, [
        ['2026-12-21', 1],
        ['2026-12-28', 11_110],
        ['2027-01-04', 100_000],
      ])
    },
  },
  {
    id: 'usage-list/by/a-week-that-the-range-cuts',
    prevents: 'a week that takes in days which were not asked for, or is named after another day',
    async run(t) {
      const store = await t.open()
      await add(
        store,
        ['minecraft', '2026-11-24', 1],
        ['minecraft', '2026-11-25', 10],
        ['minecraft', '2026-11-26', 100],
      )
      const rows = await rowsOf(store, { from: '2026-11-25', to: '2026-11-26', by: ['week'] }, ['week'])
      assert.deepEqual(rows, [['2026-11-23', 10]])
    },
  },
  {
    id: 'usage-list/by/months-over-the-end-of-the-year',
    prevents: 'the last day of a month being counted in the next one',
    async run(t) {
      const store = await t.open()
      await add(
        store,
        ['minecraft', '2026-11-30', 1],
        ['minecraft', '2026-12-01', 10],
        ['minecraft', '2026-12-31', 100],
        ['minecraft', '2027-01-01', 1_000],
        ['minecraft', '2028-02-29', 10_000],
      )
      const rows = await rowsOf(store, { from: '2026-01-01', to: '2029-01-01', by: ['month'] }, ['month'])
      assert.deepEqual(rows, [
        ['2026-11-01', 1],
        ['2026-12-01', 110],
        ['2027-01-01', 1_000],
        ['2028-02-01', 10_000],
      ])
    },
  },
  {
    id: 'usage-list/range/is-half-open',
    prevents: 'a day being in two reports that follow each other, or in none',
    async run(t) {
      const store = await t.open()
      await add(
        store,
        ['minecraft', '2026-11-22', 1],
        ['minecraft', '2026-11-23', 10],
        ['minecraft', '2026-11-29', 100],
        ['minecraft', '2026-11-30', 1_000],
      )
      assert.deepEqual(await rowsOf(store, { ...WEEK, by: ['day'] }, ['day']), [
        ['2026-11-23', 10],
        ['2026-11-29', 100],
      ])
      assert.deepEqual(await rowsOf(store, WEEK, []), [[110]])
      assert.deepEqual(await rowsOf(store, { from: '2026-11-30', to: '2026-12-01' }, []), [[1_000]])
    },
  },
  {
    id: 'usage-list/range/what-is-empty-gives-no-totals',
    prevents: 'a report of a quiet week that fails, or shows what is not there',
    async run(t) {
      const store = await t.open()
      await add(store, ['minecraft', '2026-11-23', 1])
      for (const by of [[], ['day'], ['week'], ['month'], ['entry'], ['node'], ['scope']] as const) {
        assert.deepEqual(
          await store.listUsage({ from: '2026-11-23', to: '2026-11-23', by }),
          [],
          `empty range by ${by.join()}`,
        )
        assert.deepEqual(
          await store.listUsage({ from: '2026-11-24', to: '2026-12-24', by }),
          [],
          `no usage by ${by.join()}`,
        )
      }
    },
  },
  {
    id: 'usage-list/range/up-to-a-hundred-years',
    prevents: 'a mistyped year that makes the database read everything',
    async run(t) {
      const store = await t.open()
      await add(store, ['minecraft', '1970-01-01', 1], ['minecraft', '2069-12-31', 10])
      // 36,525 days from one to the other.
      assert.deepEqual(await rowsOf(store, { from: '1970-01-01', to: '2070-01-01' }, []), [[11]])
      assert.deepEqual(await rowsOf(store, { from: '9900-01-01', to: '9999-12-31' }, []), [])
      await refusesEach([
        ['a day more', () => store.listUsage({ from: '1970-01-01', to: '2070-01-02' })],
        ['all days', () => store.listUsage({ from: '1970-01-01', to: '9999-12-31' })],
        ['reversed by a day', () => store.listUsage({ from: '2026-11-24', to: '2026-11-23' })],
        ['reversed by years', () => store.listUsage({ from: '2070-01-01', to: '1970-01-01' })],
      ])
    },
  },
]
