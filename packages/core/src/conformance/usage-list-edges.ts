import assert from 'node:assert/strict'
import type { UsageQuery } from '../usage.ts'
import { refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const LARGEST = Number.MAX_SAFE_INTEGER
/** The week of 2026-11-23, a Monday. */
const WEEK = { from: '2026-11-23', to: '2026-11-30' } as const

/**
 * In the order of their UTF-8 bytes. By UTF-16 the emoji would come before U+FFFD; by language, case and accents would
 * not part what belongs together.
 */
const ORDERED_IDS = [
  [' ', '-', '10', '9', 'B', 'Zebra', '_', 'a', 'a b', 'ab', 'e\u0301', 'z', '~'],
  ['\u00df', '\u00e9', 'ж', '中', '\ufffd', '😀'],
].flat()

export const usageListEdgeCases: readonly CaseDefinition[] = [
  {
    id: 'usage-list/order/of-entries-nodes-and-scopes-by-utf-8-bytes',
    prevents: 'a report whose order changes with the language of the machine or the backend',
    async run(t) {
      const store = await t.open()
      for (const id of ORDERED_IDS.toReversed()) {
        const view = store.view({ node: id, scope: id })
        await view.addUsage(id, '2026-11-23', 1)
        await store.addUsage(id, '2026-11-23', 1)
        await store.view({ node: id }).addUsage('minecraft', '2026-11-24', 1)
      }
      const day = { from: '2026-11-23', to: '2026-11-24' } as const
      const entries = await store.listUsage({ ...day, by: ['entry'] })
      assert.deepEqual(
        entries.map(({ entryId }) => entryId),
        ORDERED_IDS,
      )
      const nodes = await store.listUsage({ from: '2026-11-24', to: '2026-11-25', by: ['node'] })
      assert.deepEqual(
        nodes.map(({ node }) => node),
        ORDERED_IDS,
      )
      const scopes = await store.listUsage({ ...day, by: ['scope'], scope: 'all' })
      assert.deepEqual(
        scopes.map(({ scope }) => scope).filter((scope) => scope !== 'default'),
        ORDERED_IDS,
      )
    },
  },
  {
    id: 'usage-list/order/days-first-then-entries',
    prevents: 'a table whose rows jump between days',
    async run(t) {
      const store = await t.open()
      for (const entryId of ['roblox', 'minecraft', 'Anno']) {
        for (const day of ['2026-11-25', '2026-11-23', '2026-11-24'] as const) await store.addUsage(entryId, day, 1)
      }
      const totals = await store.listUsage({ ...WEEK, by: ['day', 'entry'] })
      assert.deepEqual(
        totals.map(({ day, entryId }) => `${day} ${entryId}`),
        ['23', '24', '25'].flatMap((day) =>
          ['Anno', 'minecraft', 'roblox'].map((entryId) => `2026-11-${day} ${entryId}`),
        ),
      )
    },
  },
  {
    id: 'usage-list/filter/by-entry-node-and-scope',
    prevents: "another child's, game's or machine's time in the answer",
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.addUsage('roblox', '2026-11-23', 10)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 100)
      await store.view({ node: 'pc-2' }).addUsage('roblox', '2026-11-23', 1_000)
      await store.view({ scope: 'ben' }).addUsage('minecraft', '2026-11-23', 10_000)
      await store.view({ scope: 'ben', node: 'pc-2' }).addUsage('roblox', '2026-11-23', 100_000)
      const filters: readonly (readonly [Partial<UsageQuery>, number])[] = [
        [{}, 1_111],
        [{ entryId: 'minecraft' }, 101],
        [{ entryId: 'roblox' }, 1_010],
        [{ entryId: 'mine' }, 0],
        [{ node: 'pc-1' }, 11],
        [{ node: 'pc-2' }, 1_100],
        [{ node: 'pc-3' }, 0],
        [{ entryId: 'roblox', node: 'pc-2' }, 1_000],
        [{ scope: 'all' }, 111_111],
        [{ scope: 'all', entryId: 'minecraft' }, 10_101],
        [{ scope: 'all', node: 'pc-2' }, 101_100],
        [{ scope: 'all', entryId: 'roblox', node: 'pc-2' }, 101_000],
        [{ scope: undefined, entryId: undefined, node: undefined, by: undefined }, 1_111],
      ]
      for (const [filter, expected] of filters) {
        const totals = await store.listUsage({ ...WEEK, by: ['day'], ...filter })
        const sum = totals.reduce((sofar, { durationMs }) => sofar + durationMs, 0)
        assert.equal(sum, expected, JSON.stringify(filter))
      }
      const [ofBen] = await store.view({ scope: 'ben' }).listUsage(WEEK)
      assert.equal(ofBen?.durationMs, 110_000)
      const [sameFromElsewhere] = await store.view({ node: 'pc-9' }).listUsage(WEEK)
      assert.equal(sameFromElsewhere?.durationMs, 1_111)
    },
  },
  {
    id: 'usage-list/spoiled/is-marked-where-it-is-missing',
    prevents: 'one damaged row failing every report, or being read as nothing',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 10)
      await store.addUsage('minecraft', '2026-11-24', 100)
      await store.addUsage('roblox', '2026-11-23', 1_000)
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      await t.place.raw.spoil({ table: 'usage', ...key, node: 'pc-1' })
      assert.deepEqual(await store.listUsage(WEEK), [{ durationMs: 1_110, unreadable: 1 }])
      assert.deepEqual(await store.listUsage({ ...WEEK, by: ['entry'] }), [
        { entryId: 'minecraft', durationMs: 110, unreadable: 1 },
        { entryId: 'roblox', durationMs: 1_000, unreadable: 0 },
      ])
      assert.deepEqual(await store.listUsage({ ...WEEK, by: ['day', 'entry'] }), [
        { day: '2026-11-23', entryId: 'minecraft', durationMs: 10, unreadable: 1 },
        { day: '2026-11-23', entryId: 'roblox', durationMs: 1_000, unreadable: 0 },
        { day: '2026-11-24', entryId: 'minecraft', durationMs: 100, unreadable: 0 },
      ])
      assert.deepEqual(await store.listUsage({ ...WEEK, by: ['week'] }), [
        { week: '2026-11-23', durationMs: 1_110, unreadable: 1 },
      ])
      assert.deepEqual(await store.listUsage({ ...WEEK, by: ['node'] }), [
        { node: 'pc-1', durationMs: 1_100, unreadable: 1 },
        { node: 'pc-2', durationMs: 10, unreadable: 0 },
      ])
      assert.deepEqual(await store.listUsage({ from: '2026-11-24', to: '2026-11-30' }), [
        { durationMs: 100, unreadable: 0 },
      ])
    },
  },
  {
    id: 'usage-list/spoiled/the-only-row-of-a-total-is-marked',
    prevents: 'an entry vanishing from the report with its damaged row',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      for (const node of ['pc-1', 'pc-2']) await store.view({ node }).addUsage('minecraft', '2026-11-23', 1)
      for (const node of ['pc-1', 'pc-2']) await t.place.raw.spoil({ table: 'usage', ...key, node })
      assert.deepEqual(await store.listUsage(WEEK), [{ durationMs: 0, unreadable: 2 }])
      assert.deepEqual(await store.listUsage({ ...WEEK, by: ['day', 'entry'] }), [
        { day: '2026-11-23', entryId: 'minecraft', durationMs: 0, unreadable: 2 },
      ])
    },
  },
  {
    id: 'usage-list/total/up-to-the-largest-duration',
    prevents: 'a total that is rounded without a word',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', LARGEST - 1)
      await store.addUsage('minecraft', '2026-11-24', 1)
      for (const by of [[], ['week'], ['entry']] as const) {
        const [total, ...more] = await store.listUsage({ ...WEEK, by })
        assert.deepEqual([total?.durationMs, more], [LARGEST, []], `by ${by.join()}`)
      }
      await store.addUsage('minecraft', '2026-11-25', 1)
      for (const by of [[], ['week'], ['month'], ['entry'], ['node'], ['scope']] as const) {
        await rejectsWith(store.listUsage({ ...WEEK, by }), 'INVALID_ARGUMENT', 'not_applied')
      }
      const days = await store.listUsage({ ...WEEK, by: ['day'] })
      assert.deepEqual(
        days.map(({ durationMs }) => durationMs),
        [LARGEST - 1, 1, 1],
      )
    },
  },
  {
    id: 'usage-list/total/large-parts-are-exact',
    prevents: 'a sum that a database adds up as a fraction',
    async run(t) {
      const store = await t.open()
      const half = 2 ** 52
      await store.addUsage('minecraft', '2026-11-23', half - 1)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', half - 2)
      await store.addUsage('minecraft', '2026-11-24', 1)
      assert.deepEqual(await store.listUsage({ ...WEEK, by: ['entry'] }), [
        { entryId: 'minecraft', durationMs: LARGEST - 1, unreadable: 0 },
      ])
    },
  },
  {
    id: 'usage-list/by/malformed-groupings-are-refused',
    prevents: 'a mistyped grouping that is passed over, so that the sums mean something else',
    async run(t) {
      const store = await t.open()
      const groupings: readonly unknown[] = [
        ['day', 'day'],
        ['entry', 'node', 'entry'],
        ['day', 'week'],
        ['day', 'month'],
        ['month', 'entry', 'week'],
        ['year'],
        ['entryId'],
        ['Day'],
        ['constructor'],
        [''],
        [null],
        [undefined],
        [['day']],
        'day',
        null,
        {},
      ]
      await refusesEach(
        groupings.map((by) => [JSON.stringify(by), () => store.listUsage({ ...WEEK, by: by as never })]),
      )
      const scopes: readonly unknown[] = ['anna', '', 'ALL', null, ['all']]
      await refusesEach(
        scopes.map((scope) => [
          `scope ${JSON.stringify(scope)}`,
          () => store.listUsage({ ...WEEK, scope: scope as never }),
        ]),
      )
    },
  },
]
