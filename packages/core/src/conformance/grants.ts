import assert from 'node:assert/strict'
import type { Change, Condition } from '../change.ts'
import { isStoreError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { startSession } from '../sessions.ts'
import type { Store } from '../store.ts'
import { contentsOf } from './contents.ts'
import { entryState, rejectsWith, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const BY = { by: 'Ada', why: 'a holiday' } as const
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }
const LARGEST = LIMITS.DURATION_MS_MAX

const stateOf = async (store: Store, entryId = 'minecraft') => (await store.getDayState(DAY)).entry(entryId)
const below = (limitMs: number, more: Partial<Extract<Condition, { readonly type: 'usage_below' }>> = {}) => {
  return { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs, ...more } as const
}

export const grantCases: readonly CaseDefinition[] = [
  {
    id: 'grants/grant/is-extra-time-apart-from-use',
    prevents: 'a report in which a child that got half an hour more has played half an hour less',
    async run(t) {
      const store = await t.open({ node: 'phone', scope: 'anna' })
      await store.addUsage('minecraft', DAY, 600_000)
      const applied = await store.grantTime('minecraft', DAY, 300_000, BY)
      const event = { type: 'time_granted', entryId: 'minecraft', day: DAY, byMs: 300_000, grantedMs: 300_000, ...BY }
      assert.deepEqual(
        applied.audits.map((record) => record.event),
        [event],
      )
      assert.deepEqual(await store.listAudits(), applied.audits)
      assert.deepEqual([applied.applied, applied.repeated, applied.usage, applied.sessions], [true, false, [], []])
      assert.deepEqual(await stateOf(store), entryState('minecraft', { usedMs: 600_000, grantedMs: 300_000 }))
      assert.equal(await store.getUsage('minecraft', DAY), 600_000)
      const range = { from: DAY, to: '2026-11-24' } as const
      assert.deepEqual(await store.listUsage(range), [{ durationMs: 600_000, unreadable: 0 }])
      assert.deepEqual(
        (await t.place.raw.usage()).map(({ node, durationMs }) => [node, durationMs]),
        [['phone', 600_000]],
      )
    },
  },
  {
    id: 'grants/grant/adds-up-and-is-taken-back',
    prevents: 'extra time that nobody can take back, or of which less than none is left',
    async run(t) {
      const store = await t.open()
      const told: unknown[] = []
      for (const [askedMs, byMs, grantedMs] of [
        [300_000, 300_000, 300_000],
        [60_000, 60_000, 360_000],
        [-100_000, -100_000, 260_000],
        [-500_000, -260_000, 0],
        [-1, 0, 0],
        [0, 0, 0],
        [7, 7, 7],
      ] as const) {
        await store.grantTime('minecraft', DAY, askedMs, BY)
        told.push({ type: 'time_granted', entryId: 'minecraft', day: DAY, byMs, grantedMs, ...BY })
        assert.equal((await stateOf(store)).grantedMs, grantedMs, `${askedMs}`)
      }
      assert.deepEqual(
        (await store.listAudits()).map(({ event }) => event),
        told,
      )
    },
  },
  {
    id: 'grants/grant/is-the-scopes-on-every-node',
    prevents: 'extra time that a child gets again on every machine, or its brother gets',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'phone' })
      await store.grantTime('minecraft', DAY, 1_000, BY)
      await store.view({ node: 'pc' }).grantTime('minecraft', DAY, 20, BY)
      await store.view({ scope: 'ben' }).grantTime('minecraft', DAY, 300_000, BY)
      await store.grantTime('tuxmath', DAY, 5, BY)
      await store.grantTime('minecraft', '2026-11-24', 6, BY)
      const reader = await t.open({ scope: 'anna', node: 'tablet' })
      assert.deepEqual(
        [...(await reader.getDayState(DAY))],
        [entryState('minecraft', { grantedMs: 1_020 }), entryState('tuxmath', { grantedMs: 5 })],
      )
      assert.deepEqual(await stateOf(reader.view({ scope: 'ben' })), entryState('minecraft', { grantedMs: 300_000 }))
      assert.equal((await reader.getDayState('2026-11-24')).entry('minecraft').grantedMs, 6)
      assert.equal((await reader.getDayState('2026-11-22')).entry('minecraft').grantedMs, 0)
    },
  },
  {
    id: 'grants/condition/raises-the-limit-of-the-day',
    prevents: 'extra time that a parent gives and that the machine does not know of',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, 1_000)
      const full = { entryId: 'minecraft', day: DAY, usedMs: 1_000 } as const
      const start = (limitMs: number) => store.commit([APPEND], { if: [below(limitMs)] })
      assert.equal((await start(1_000)).applied, false)
      await store.grantTime('minecraft', DAY, 200, BY)
      assert.equal((await start(1_000)).applied, true)
      assert.equal((await start(801)).applied, true)
      assert.deepEqual(await start(800), {
        applied: false,
        failed: [{ ...usedUp({ ...full, limitMs: 800 }), grantedMs: 200 }],
      })
      await store.addUsage('minecraft', DAY, 200)
      assert.equal((await start(1_000)).applied, false)
      await store.grantTime('minecraft', DAY, 1, BY)
      assert.equal((await start(1_000)).applied, true)
      await store.grantTime('minecraft', DAY, -1, BY)
      assert.equal((await start(1_000)).applied, false)
      // Not that of other entries, days or children.
      const other: readonly Condition[] = [
        below(0, { entryId: 'tuxmath' }),
        below(0, { day: '2026-11-22' }),
        below(0, { day: '2026-11-24' }),
      ]
      for (const condition of other) assert.equal((await store.commit([APPEND], { if: [condition] })).applied, false)
      assert.equal((await store.view({ scope: 'ben' }).commit([APPEND], { if: [below(0)] })).applied, false)
    },
  },
  {
    id: 'grants/condition/raises-the-limit-of-the-week-and-the-month',
    prevents: 'extra time that is worth nothing to a child whose week is used up',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-24', 1_000)
      const isBelow = async (limitMs: number, more: Partial<Extract<Condition, { type: 'usage_below' }>>) =>
        (await store.commit([APPEND], { if: [below(limitMs, more)] })).applied
      // Sunday of that week.
      await store.grantTime('minecraft', '2026-11-29', 50, BY)
      await store.grantTime('minecraft', '2026-11-30', 3, BY)
      await store.grantTime('minecraft', '2026-12-01', 100_000, BY)
      for (const [period, day, limitMs, expected] of [
        ['week', DAY, 951, true],
        ['week', DAY, 950, false],
        ['week', '2026-11-29', 950, false],
        ['month', DAY, 948, true],
        ['month', DAY, 947, false],
        ['month', '2026-11-01', 948, true],
        // The week from the 30th is in both months, and has both grants.
        ['week', '2026-12-02', 0, true],
        ['day', '2026-11-24', 1_000, false],
        ['day', '2026-11-24', 1_001, true],
      ] as const) {
        assert.equal(await isBelow(limitMs, { period, day }), expected, `${period} of ${day} below ${limitMs}`)
      }
      const failed = (await store.commit([APPEND], { if: [below(950, { period: 'week' })] })) as { failed?: unknown }
      assert.deepEqual(failed.failed, [
        { ...usedUp({ entryId: 'minecraft', day: DAY, limitMs: 950, usedMs: 1_000 }), period: 'week', grantedMs: 50 },
      ])
    },
  },
  {
    id: 'grants/condition/within-one-commit-and-group',
    prevents: 'a start right behind the grant that is refused for want of it',
    async run(t) {
      const store = await t.open()
      const grant: Change = { type: 'grant_time', entryId: 'minecraft', day: DAY, byMs: 100, ...BY }
      // Conditions are looked at before the changes.
      assert.equal((await store.commit([grant], { if: [below(0)] })).applied, false)
      const [granted, start, taken, second] = await Promise.all([
        store.commit([grant, grant]),
        store.commit([APPEND], { if: [below(0, { period: 'week' })] }),
        store.grantTime('minecraft', DAY, -200, BY),
        store.commit([APPEND], { if: [below(0)] }),
      ])
      assert.deepEqual(
        granted.audits.map(({ event }) => event.type === 'time_granted' && event.grantedMs),
        [100, 200],
      )
      assert.deepEqual([start.applied, taken.applied, second.applied], [true, true, false])
      assert.equal((await stateOf(store)).grantedMs, 0)
    },
  },
  {
    id: 'grants/grant/once-with-its-operation-id',
    prevents: 'a parent on a bad network who gives half an hour and gives an hour',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const grant = (byMs = 1_000) => store.grantTime('minecraft', DAY, byMs, { ...BY, operationId: 'op-1' })
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(grant(), 'UNAVAILABLE', 'unknown')
      const again = await grant()
      assert.deepEqual([again.repeated, again.audits], [true, await store.listAudits()])
      assert.equal((await stateOf(store)).grantedMs, 1_000)
      await rejectsWith(grant(1_001), 'OPERATION_MISMATCH', 'not_applied')
      await rejectsWith(
        store.adjustUsage('minecraft', DAY, 1_000, { ...BY, operationId: 'op-1' }),
        'OPERATION_MISMATCH',
        'not_applied',
      )
    },
  },
  {
    id: 'grants/grant/at-once-all-count',
    prevents: 'two parents who each give a quarter of an hour, of which one is lost',
    async run(t) {
      const handles = [await t.open({ node: 'phone' }), await t.open({ node: 'pc' })]
      await Promise.all(
        handles.flatMap((store) =>
          Array.from({ length: 20 }, (_, n) => store.grantTime('minecraft', DAY, n % 2 === 0 ? 3 : -1, BY)),
        ),
      )
      const reader = await t.open()
      const told = (await reader.listAudits()).map(({ event }) => (event.type === 'time_granted' ? event : undefined))
      const grantedMs = (await stateOf(reader)).grantedMs
      assert.equal(told.at(-1)?.grantedMs, grantedMs)
      assert.equal(
        told.reduce((sum, event) => sum + (event?.byMs ?? 0), 0),
        grantedMs,
      )
      assert.equal(grantedMs, 40)
    },
  },
  {
    id: 'grants/grant/past-the-largest-is-refused',
    prevents: 'extra time that no number holds',
    async run(t) {
      const store = await t.open()
      await store.grantTime('minecraft', DAY, LARGEST, BY)
      const before = await contentsOf(t.place, store)
      await rejectsWith(store.grantTime('minecraft', DAY, 1, BY), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
      await store.addUsage('minecraft', DAY, LARGEST)
      assert.equal((await store.commit([APPEND], { if: [below(1)] })).applied, true)
      assert.equal((await store.commit([APPEND], { if: [below(0)] })).applied, false)
      await store.grantTime('minecraft', DAY, -LARGEST, BY)
      assert.equal((await stateOf(store)).grantedMs, 0)
    },
  },
  {
    id: 'grants/spoiled/is-marked-and-not-told',
    prevents: 'extra time that is read as none, or one damaged row that locks every other entry',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await store.addUsage('minecraft', DAY, 1_000)
      for (const entryId of ['minecraft', 'tuxmath']) await store.grantTime(entryId, DAY, 300, BY)
      await store.view({ scope: 'ben' }).grantTime('minecraft', DAY, 7, BY)
      await t.place.raw.spoil({ table: 'grant', scope: 'anna', day: DAY, entryId: 'minecraft' })
      for (const period of ['day', 'week', 'month'] as const) {
        const state = await store.getDayState(DAY, { period })
        assert.throws(
          () => state.entry('minecraft'),
          (error) => isStoreError(error, 'MALFORMED'),
          period,
        )
        const parts = Array.from(state, ({ entryId, usedMs, unreadable }) => [entryId, usedMs, unreadable])
        assert.deepEqual(parts, [
          ['minecraft', 1_000, ['grant']],
          ['tuxmath', 0, []],
        ])
        const condition = below(1_000_000, { period })
        await rejectsWith(store.commit([APPEND], { if: [condition] }), 'MALFORMED', 'not_applied')
        const strict = { limits: [{ limitMs: 1_000_000, period }], sliceMs: 1 }
        await rejectsWith(startSession(store, { entryId: 'minecraft', strict }), 'MALFORMED', 'not_applied')
      }
      await rejectsWith(store.grantTime('minecraft', DAY, 1, BY), 'MALFORMED', 'not_applied')
      assert.equal(await store.getUsage('minecraft', DAY), 1_000)
      assert.equal((await store.getDayState('2026-11-24')).entry('minecraft').grantedMs, 0)
      assert.equal((await stateOf(store.view({ scope: 'ben' }))).grantedMs, 7)
      assert.equal((await store.commit([APPEND], { if: [below(1, { entryId: 'tuxmath' })] })).applied, true)
      assert.deepEqual(await store.listSessions(), [])
    },
  },
]
