import assert from 'node:assert/strict'
import type { Store } from '../store.ts'
import { describe } from '../values.ts'
import { collect, refusesEach, storesNothing, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { DURATION_EVENTS, type EventWithNumber, INTEGER_EVENTS, SESSION_DURATIONS } from './number-fields.ts'

/** A call with a number, which takes whatever the case gives it. */
type CallWithNumber = readonly [method: string, call: (store: Store, value: never) => unknown]

const LARGEST = Number.MAX_SAFE_INTEGER
const DAY = '2026-11-23'
const TIMESTAMP = new Date('2026-11-23T09:00:00.000Z')

const NO_NUMBERS: readonly unknown[] = [
  '1',
  '',
  '1e3',
  true,
  1n,
  {},
  [],
  [1],
  Object(1),
  new Date(1),
  { valueOf: () => 1 },
]
/** No whole number in the range of what is exact, whatever that range begins with. */
const NO_INTEGERS: readonly unknown[] = [
  ...NO_NUMBERS,
  0.5,
  1.000_000_1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 53,
  -(2 ** 53),
  Number.MAX_VALUE,
]
const NO_DURATIONS: readonly unknown[] = [-1, -LARGEST, ...NO_INTEGERS]

const saveWarning = (store: Store, warningMs: number) =>
  store.saveSnapshot({
    timestamp: TIMESTAMP,
    activeSession: { sessionId: 's', entryId: 'e', startedAt: TIMESTAMP, warningsIssuedMs: [warningMs] },
  })

const WITH_DURATION: readonly CallWithNumber[] = [
  ['addUsage', (store, durationMs) => store.addUsage('minecraft', DAY, durationMs)],
  [
    'commit add_usage',
    (store, durationMs) => store.commit([{ type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs }]),
  ],
  [
    'commit if usage_below',
    (store, limitMs) =>
      store.commit([{ type: 'append_audit', event: { type: 'service_started' } }], {
        if: [{ type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs }],
      }),
  ],
  ['saveSnapshot', saveWarning],
  ...SESSION_DURATIONS.map(([field, change]): CallWithNumber => [
    field,
    (store, value) => store.commit([change(value)], { if: [{ type: 'no_open_session' }] }),
  ]),
  ...DURATION_EVENTS.map(([field, event]): CallWithNumber => [
    field,
    (store, value) => store.appendAudit(event(value)),
  ]),
]

/** Every call with every value. */
function* each(calls: readonly CallWithNumber[], store: Store, values: readonly unknown[]) {
  for (const [method, call] of calls) {
    for (const value of values) yield [`${method} with ${describe(value)}`, () => call(store, value as never)] as const
  }
}

/** Appends each event with each number, and asserts that they come back equal, −0 as 0. */
async function comeBack(store: Store, events: readonly EventWithNumber[], values: readonly number[]) {
  for (const [field, event] of events) {
    for (const value of values) {
      await store.appendAudit(event(value))
      const [record] = await store.getRecentAudits(1)
      assert.deepEqual(record?.event, event(value === 0 ? 0 : value), `${field} ${describe(value)}`)
    }
  }
}

const withLimit: readonly CallWithNumber[] = [
  ['getRecentAudits', (store, limit) => store.getRecentAudits(limit)],
  ['listAudits', (store, limit) => store.listAudits({ limit })],
  ['readAudits', (store, limit) => collect(store.readAudits({ limit }))],
  ['listSessions', (store, limit) => store.listSessions({ limit })],
]
const withPosition: readonly CallWithNumber[] = [
  ['listAudits after', (store, after) => store.listAudits({ after })],
  ['listAudits before', (store, before) => store.listAudits({ before })],
  ['readAudits after', (store, after) => collect(store.readAudits({ after }))],
  ['readAudits before', (store, before) => collect(store.readAudits({ before, order: 'desc' }))],
]

export const numberCases: readonly CaseDefinition[] = [
  {
    id: 'numbers/duration/what-is-no-duration-is-refused',
    prevents: 'usage that shrinks, or a total that is no number from then on',
    async run(t) {
      const store = await t.open()
      await refusesEach(each(WITH_DURATION, store, [...NO_DURATIONS, null, undefined]))
      await storesNothing(t, store)
    },
  },
  {
    id: 'numbers/duration/from-0-to-the-largest',
    prevents: 'a documented value being refused, rounded, or stored as -0',
    async run(t) {
      const store = await t.open()
      for (const [index, durationMs] of [0, -0, 1, LARGEST].entries()) {
        await store.addUsage(`entry ${index}`, DAY, durationMs)
        assert.equal(await store.getUsage(`entry ${index}`, DAY), durationMs === 0 ? 0 : durationMs)
        await saveWarning(store, durationMs)
        const warnings = (await store.loadSnapshot())?.snapshot.activeSession?.warningsIssuedMs
        assert.deepEqual(warnings, [durationMs === 0 ? 0 : durationMs])
      }
      await comeBack(store, DURATION_EVENTS, [0, -0, 1, LARGEST])
    },
  },
  {
    id: 'numbers/duration/a-limit-from-0-to-the-largest',
    prevents: 'a limit of zero that means none, or the largest one that nobody is below',
    async run(t) {
      const store = await t.open()
      const below = async (limitMs: number) => {
        const conditions = [{ type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs }] as const
        return store.commit([{ type: 'clear_cooldown', entryId: 'e' }], { if: conditions })
      }
      const failed = (limitMs: number, usedMs: number) => ({
        applied: false,
        failed: [usedUp({ entryId: 'minecraft', day: DAY, limitMs, usedMs })],
      })
      assert.deepEqual(await below(0), failed(0, 0))
      assert.deepEqual(await below(-0), failed(0, 0))
      assert.equal((await below(1)).applied, true)
      await store.addUsage('minecraft', DAY, LARGEST - 1)
      assert.equal((await below(LARGEST)).applied, true)
      assert.deepEqual(await below(LARGEST - 1), failed(LARGEST - 1, LARGEST - 1))
    },
  },
  {
    id: 'numbers/integer/of-an-event',
    prevents: 'an exit code that is told as another one',
    async run(t) {
      const store = await t.open()
      const calls = INTEGER_EVENTS.map(([field, event]): CallWithNumber => [
        field,
        (_, value) => store.appendAudit(event(value)),
      ])
      await refusesEach(each(calls, store, [...NO_INTEGERS, null]))
      await storesNothing(t, store)
      await comeBack(store, INTEGER_EVENTS, [0, -0, 1, -1, 255, 2 ** 31, -(2 ** 31), 2 ** 32, LARGEST, -LARGEST])
    },
  },
  {
    id: 'numbers/integer/of-a-correction',
    prevents: 'a day that is corrected by half a millisecond, or by nobody knows how much',
    async run(t) {
      const store = await t.open()
      const correction = { by: 'Ada', why: 'Homework is done.' }
      const calls: readonly CallWithNumber[] = [
        ['adjustUsage', (_, byMs) => store.adjustUsage('minecraft', DAY, byMs, correction)],
        ['grantTime', (_, byMs) => store.grantTime('minecraft', DAY, byMs, correction)],
      ]
      await refusesEach(each(calls, store, [...NO_INTEGERS, null, undefined]))
      await storesNothing(t, store)
      for (const byMs of [LARGEST, -LARGEST, -0]) {
        await store.adjustUsage('minecraft', DAY, byMs, correction)
        await store.grantTime('minecraft', DAY, byMs, correction)
        const { usedMs, grantedMs } = (await store.getDayState(DAY)).entry('minecraft')
        assert.deepEqual([usedMs, grantedMs], [Math.max(0, byMs), Math.max(0, byMs)], describe(byMs))
      }
    },
  },
  {
    id: 'numbers/limit/from-1-to-1000',
    prevents: 'a page that is cut without a word, or the whole log in one answer',
    async run(t) {
      const store = await t.open()
      await store.commit(
        Array.from({ length: 3 }, () => ({ type: 'append_audit', event: { type: 'service_started' } }) as const),
      )
      await refusesEach(each(withLimit, store, [0, -0, -1, 1_001, LARGEST, ...NO_INTEGERS]))
      for (const [limit, length] of [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 3],
        [1_000, 3],
      ] as const) {
        assert.equal((await store.getRecentAudits(limit)).length, length)
        assert.equal((await store.listAudits({ limit })).length, length)
        assert.equal((await collect(store.readAudits({ limit }))).length, 3)
      }
    },
  },
  {
    id: 'numbers/limit/a-missing-one-is-not-the-default',
    prevents: 'a page size that was lost on the way being taken for a wish',
    async run(t) {
      const store = await t.open()
      await refusesEach([
        ...each(withLimit, store, [null]),
        ['getRecentAudits', () => store.getRecentAudits(undefined as never)],
      ])
    },
  },
  {
    id: 'numbers/position/from-0-to-the-largest',
    prevents: 'a reader that is set back to the beginning by a position it cannot have meant',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'service_started' })
      await refusesEach(each(withPosition, store, [-1, ...NO_INTEGERS, null]))
      for (const [after, length] of [
        [0, 1],
        [-0, 1],
        [1, 0],
        [LARGEST, 0],
        [undefined, 1],
      ] as const) {
        assert.equal((await store.listAudits({ after })).length, length, `after ${after}`)
        assert.equal((await collect(store.readAudits({ after }))).length, length, `after ${after}`)
      }
      for (const [before, length] of [
        [0, 0],
        [-0, 0],
        [1, 0],
        [2, 1],
        [LARGEST, 1],
        [undefined, 1],
      ] as const) {
        assert.equal((await store.listAudits({ before })).length, length, `before ${before}`)
        assert.equal((await collect(store.readAudits({ before }))).length, length, `before ${before}`)
      }
    },
  },
  {
    id: 'numbers/revision/from-0-to-the-largest',
    prevents: 'a snapshot that is replaced although nobody knows what it was',
    async run(t) {
      const store = await t.open()
      const saveIf = (revision: number) =>
        store.commit([{ type: 'save_snapshot', snapshot: { timestamp: TIMESTAMP } }], {
          if: [{ type: 'snapshot_revision_is', revision }],
        })
      await refusesEach(
        each([['commit', (_, revision) => saveIf(revision)]], store, [-1, ...NO_INTEGERS, null, undefined]),
      )
      await storesNothing(t, store)
      assert.deepEqual(await saveIf(LARGEST), {
        applied: false,
        failed: [{ type: 'snapshot_revision_is', revision: 0 }],
      })
      assert.equal((await saveIf(-0)).applied, true)
      assert.deepEqual(await saveIf(0), { applied: false, failed: [{ type: 'snapshot_revision_is', revision: 1 }] })
    },
  },
  {
    id: 'numbers/open/call-timeout-from-10-ms-to-10-minutes',
    prevents: 'a store whose calls never end, or always time out',
    async run(t) {
      await t.open()
      const values: readonly unknown[] = [9, 600_001, Number.NaN, '1000']
      await refusesEach(values.map((value) => [describe(value), () => t.open({ callTimeoutMs: value as never })]))
      for (const callTimeoutMs of [10, 600_000, undefined]) await (await t.open({ callTimeoutMs })).close()
    },
  },
]
