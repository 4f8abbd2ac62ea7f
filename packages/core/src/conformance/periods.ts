import assert from 'node:assert/strict'
import type { Change } from '../change.ts'
import type { Day } from '../day.ts'
import { isStoreError } from '../errors.ts'
import type { Period } from '../period.ts'
import type { Store } from '../store.ts'
import { entryState, refusesEach, rejectsWith, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const BY = { by: 'Ada', why: 'a holiday' } as const
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }

/** Asserts the entry's total in a period, as every read and the condition have it. */
async function isUsed(store: Store, period: Period, day: Day, usedMs: number): Promise<void> {
  const name = `the ${period} of ${day}`
  assert.equal(await store.getUsage('minecraft', day, { period }), usedMs, name)
  const state = await store.getDayState(day, { period })
  assert.deepEqual(state.entry('minecraft'), entryState('minecraft', { usedMs }), name)
  assert.equal(state.day, day)
  const condition = { type: 'usage_below', entryId: 'minecraft', day, period } as const
  const limit = { entryId: 'minecraft', day, usedMs } as const
  assert.deepEqual(
    await store.commit([APPEND], { if: [{ ...condition, limitMs: usedMs }] }),
    { applied: false, failed: [{ ...usedUp({ ...limit, limitMs: usedMs }), period }] },
    name,
  )
  assert.equal((await store.commit([APPEND], { if: [{ ...condition, limitMs: usedMs + 1 }] })).applied, true, name)
}

/** Asserts that each of these days is in the period of the others, and that what is on the days around is not. */
function areOnePeriod(period: Period, days: readonly Day[], around: readonly Day[]): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open()
    const together = (1_000 * days.length * (days.length + 1)) / 2
    for (const [index, day] of days.entries()) await store.addUsage('minecraft', day, 1_000 * (index + 1))
    for (const day of around) await store.addUsage('minecraft', day, 7)
    await store.addUsage('tuxmath', days[0] ?? DAY, 5)
    await store.view({ scope: 'ben' }).addUsage('minecraft', days[0] ?? DAY, 5)
    for (const day of days) await isUsed(store, period, day, together)
    for (const [index, day] of days.entries()) await isUsed(store, 'day', day, 1_000 * (index + 1))
  }
}

export const periodCases: readonly CaseDefinition[] = [
  {
    id: 'periods/week/from-monday-to-sunday',
    prevents: 'a weekend that counts for two weeks, or of which the Sunday is free',
    run: areOnePeriod(
      'week',
      ['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'],
      ['2026-11-22', '2026-11-30', '2026-11-16'],
    ),
  },
  {
    id: 'periods/week/over-the-ends-of-month-and-year',
    prevents: 'a week that is cut at New Year, and has its limit twice',
    run: areOnePeriod('week', ['2025-12-29', '2025-12-31', '2026-01-01', '2026-01-04'], ['2025-12-28', '2026-01-05']),
  },
  {
    id: 'periods/week/at-the-beginning-of-time',
    prevents: 'a week that begins before there are days',
    run: areOnePeriod('week', ['1970-01-01', '1970-01-02', '1970-01-04'], ['1970-01-05', '1970-01-12']),
  },
  {
    id: 'periods/week/at-the-end-of-time',
    prevents: 'a week that ends after there are days',
    run: areOnePeriod('week', ['9999-12-27', '9999-12-28', '9999-12-31'], ['9999-12-26', '9999-12-20']),
  },
  {
    id: 'periods/month/to-its-last-day',
    prevents: 'a 31st that belongs to no month, or to the next one',
    run: areOnePeriod('month', ['2026-12-01', '2026-12-15', '2026-12-30', '2026-12-31'], ['2026-11-30', '2027-01-01']),
  },
  {
    id: 'periods/month/of-thirty-days',
    prevents: 'a month that takes the first day of the next one',
    run: areOnePeriod('month', ['2026-11-01', '2026-11-23', '2026-11-30'], ['2026-10-31', '2026-12-01']),
  },
  {
    id: 'periods/month/of-february-in-a-leap-year',
    prevents: 'a leap day that no monthly limit knows of',
    run: areOnePeriod('month', ['2024-02-01', '2024-02-28', '2024-02-29'], ['2024-01-31', '2024-03-01', '2023-02-28']),
  },
  {
    id: 'periods/month/at-both-ends-of-time',
    prevents: 'a month that has no next one, or none before',
    async run(t) {
      await areOnePeriod('month', ['1970-01-01', '1970-01-31'], ['1970-02-01'])(t)
      const store = await t.open({ scope: 'anna' })
      await store.addUsage('minecraft', '9999-11-30', 7)
      await store.addUsage('minecraft', '9999-12-01', 20)
      await store.addUsage('minecraft', '9999-12-31', 300)
      for (const day of ['9999-12-01', '9999-12-15', '9999-12-31'] as const) await isUsed(store, 'month', day, 320)
    },
  },
  {
    id: 'periods/day/is-the-default',
    prevents: 'a daily limit that is one of the week, because nobody said so',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1)
      await store.addUsage('minecraft', '2026-11-24', 20)
      for (const options of [undefined, {}, { period: undefined }, { period: 'day' }] as const) {
        assert.equal(await store.getUsage('minecraft', DAY, options), 1)
        assert.equal((await store.getDayState(DAY, options)).entry('minecraft').usedMs, 1)
      }
      for (const period of [undefined, 'day'] as const) {
        const condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, period, limitMs: 1 } as const
        assert.deepEqual(await store.commit([APPEND], { if: [condition] }), {
          applied: false,
          failed: [usedUp({ entryId: 'minecraft', day: DAY, limitMs: 1, usedMs: 1 })],
        })
      }
    },
  },
  {
    id: 'periods/condition/day-week-and-month-together',
    prevents: 'a start that passes one limit while it is held to another',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-02', 4_000)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-24', 300)
      await store.addUsage('minecraft', DAY, 20)
      const condition = { type: 'usage_below', entryId: 'minecraft', day: DAY } as const
      const result = await store.commit([APPEND], {
        if: [
          { ...condition, period: 'month', limitMs: 4_320 },
          { ...condition, limitMs: 21 },
          { ...condition, period: 'week', limitMs: 320 },
          { ...condition, limitMs: 20 },
        ],
      })
      const failed = (period: Period, limitMs: number, usedMs: number) => {
        return { ...usedUp({ entryId: 'minecraft', day: DAY, limitMs, usedMs }), period }
      }
      assert.deepEqual(result, {
        applied: false,
        failed: [failed('month', 4_320, 4_320), failed('week', 320, 320), failed('day', 20, 20)],
      })
    },
  },
  {
    id: 'periods/condition/sees-the-calls-before-it',
    prevents: 'a weekly limit that is passed by calls which come close together',
    async run(t) {
      const store = await t.open()
      const limit = {
        type: 'usage_below',
        entryId: 'minecraft',
        day: '2026-11-29',
        period: 'week',
        limitMs: 3_000,
      } as const
      const days = ['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-29'] as const
      const results = await Promise.all(
        days.map((day) =>
          store.commit([{ type: 'add_usage', entryId: 'minecraft', day, durationMs: 1_000 }], { if: [limit] }),
        ),
      )
      assert.deepEqual(
        results.map(({ applied }) => applied),
        [true, true, true, false, false],
      )
      assert.equal(await store.getUsage('minecraft', DAY, { period: 'week' }), 3_000)
    },
  },
  {
    id: 'periods/state/of-every-entry-with-extra-time-and-cooldowns',
    prevents: 'a weekly view in which something is missing that limits an entry',
    async run(t) {
      const store = await t.open()
      const until = new Date('2026-11-23T12:00:00.000Z')
      await store.addUsage('minecraft', '2026-11-29', 1)
      await store.addUsage('minecraft', DAY, 20)
      await store.grantTime('minecraft', '2026-11-24', 300, BY)
      await store.grantTime('tuxmath', DAY, 5, BY)
      await store.grantTime('tuxmath', '2026-11-29', 6, BY)
      await store.grantTime('tuxmath', '2026-11-30', 70, BY)
      await store.setCooldownUntil('chess', until)
      const chess = entryState('chess', { cooldownUntil: until })
      assert.deepEqual(
        [...(await store.getDayState('2026-11-25', { period: 'week' }))],
        [chess, entryState('minecraft', { usedMs: 21, grantedMs: 300 }), entryState('tuxmath', { grantedMs: 11 })],
      )
      assert.deepEqual(
        [...(await store.getDayState('2026-11-25', { period: 'month' }))],
        [chess, entryState('minecraft', { usedMs: 21, grantedMs: 300 }), entryState('tuxmath', { grantedMs: 81 })],
      )
      assert.deepEqual([...(await store.getDayState('2026-11-25'))], [chess])
    },
  },
  {
    id: 'periods/spoiled/a-day-of-it-is-malformed',
    prevents: 'a week that is told without the day whose row is damaged',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000)
      await store.addUsage('minecraft', '2026-11-24', 500)
      await t.place.raw.spoil({ table: 'usage', scope: 'default', day: DAY, entryId: 'minecraft', node: 'local' })
      for (const period of ['week', 'month'] as const) {
        await rejectsWith(store.getUsage('minecraft', '2026-11-24', { period }), 'MALFORMED', 'not_applied')
        const state = await store.getDayState('2026-11-24', { period })
        assert.throws(
          () => state.entry('minecraft'),
          (error) => isStoreError(error, 'MALFORMED'),
        )
        const limit = { type: 'usage_below', entryId: 'minecraft', day: '2026-11-24', period, limitMs: 9_000 } as const
        await rejectsWith(store.commit([APPEND], { if: [limit] }), 'MALFORMED', 'not_applied')
      }
      assert.equal(await store.getUsage('minecraft', '2026-11-24'), 500)
    },
  },
  {
    id: 'periods/sum/past-the-largest-is-refused',
    prevents: 'a total that is rounded, or called unreadable although every row of it can be read',
    async run(t) {
      const store = await t.open()
      const largestMs = Number.MAX_SAFE_INTEGER
      await store.addUsage('minecraft', '2026-11-23', largestMs)
      await store.addUsage('minecraft', '2026-11-24', 1)
      for (const period of ['week', 'month'] as const) {
        await rejectsWith(store.getUsage('minecraft', DAY, { period }), 'INVALID_ARGUMENT', 'not_applied')
        const limit = { type: 'usage_below', entryId: 'minecraft', day: DAY, period, limitMs: largestMs } as const
        await rejectsWith(store.commit([APPEND], { if: [limit] }), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), largestMs)
    },
  },
  {
    id: 'periods/period/what-is-none-is-refused',
    prevents: 'a mistyped period that is taken for the day',
    async run(t) {
      const store = await t.open()
      const values: readonly unknown[] = [
        'year',
        'Week',
        'weeks',
        '',
        ' day',
        null,
        7,
        {},
        ['week'],
        'toString',
        '__proto__',
      ]
      await refusesEach(
        values.flatMap((value) => {
          const period = value as never
          const condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1, period } as const
          return [
            [`getUsage ${JSON.stringify(value)}`, () => store.getUsage('minecraft', DAY, { period })],
            [`getDayState ${JSON.stringify(value)}`, () => store.getDayState(DAY, { period })],
            [`usage_below ${JSON.stringify(value)}`, () => store.commit([APPEND], { if: [condition] })],
          ] as const
        }),
      )
      assert.deepEqual(await t.place.raw.audits(), [])
    },
  },
]
