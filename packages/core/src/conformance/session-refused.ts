import assert from 'node:assert/strict'
import type { Change, SessionChange } from '../change.ts'
import { addDays } from '../day.ts'
import { LIMITS } from '../limits.ts'
import { describe } from '../values.ts'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { DAY, end, NO_OPEN_SESSION, OF_SESSION, report, sent, started } from './session-expect.ts'

const NOON = new Date('2026-11-23T12:00:00.000Z')
const OWN = { ...OF_SESSION, run: 'r-1' } as const
const CORRECTION = { entryId: 'minecraft', day: DAY, byMs: 1, by: 'Ada', why: 'Homework is done.' } as const
const FREE = { if: [NO_OPEN_SESSION] } as const
const RESERVE = { day: DAY, upToMs: 1, limits: [{ limitMs: 1 }] } as const
const JUMP = { report: 1, wallMs: 1, monotonicMs: 1 } as const
const LONGEST = LIMITS.DURATION_MS_MAX

const NO_NUMBERS = ['1', null, Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53, -(2 ** 53), 1n, {}]
const NO_LISTS = [null, {}, 'x', 7, [null], [7], [[]]]
const NO_TEXTS = [null, 7, {}, 'a\ud800']
const day = (playedMs: unknown, date: unknown = DAY) => ({ day: date, playedMs })
const limits = (count: number) => Array.from({ length: count }, () => ({ limitMs: 1 }))

/** What each field must not be. `undefined` is left to those that may not be left out. */
const ILLEGAL = {
  id: [...['', 7, null, undefined, {}, 'a\0b', '\ud800', 'x'.repeat(257), 'é'.repeat(129)]],
  duration: [...NO_NUMBERS, -1],
  integer: [...NO_NUMBERS],
  count: [...NO_NUMBERS, 0, -1, undefined],
  day: ['2026-02-30', '1969-12-31', '', null, undefined, 7, new Date(0)],
  instant: [new Date(Number.NaN), new Date(-1), new Date(LIMITS.INSTANT_MS_MAX + 1), '2026-11-23', 0, null],
  label: [
    ...NO_TEXTS,
    'x'.repeat(LIMITS.SESSION_LABEL_BYTES_MAX + 1),
    'é'.repeat(LIMITS.SESSION_LABEL_BYTES_MAX / 2 + 1),
  ],
  why: [...NO_TEXTS, undefined, '', ' \n'],
  reason: [
    ...[null, undefined, 'expired', {}, { type: 'crashed' }, { type: 'expired', exitCode: 1 }, { type: 'toString' }],
    ...[{ type: 'process_exited', exitCode: 0.5 }, { type: 'launch_failed' }, { type: 'launch_failed', error: 7 }],
    ...[
      { type: 'recovered', node: '', lastReportedAt: NOON },
      { type: 'recovered', node: 'pc-1' },
    ],
  ],
  warnings: [
    null,
    {},
    'x',
    7,
    [null],
    [[]],
    ['1'],
    undefined,
    [-1],
    Array.from({ length: LIMITS.SESSION_WARNINGS_MAX + 1 }, (_, n) => n),
  ],
  played: [
    ...[...NO_LISTS, undefined, [{}], [{ day: DAY }], [{ playedMs: 1 }], [{ ...day(1), node: 'pc-1' }]],
    ...[
      [day(-1)],
      [day(0.5)],
      [day('1')],
      [day(1, '2026-02-30')],
      [day(1), day(2)],
      [day(LONGEST), day(1, '2026-11-24')],
    ],
    Array.from({ length: LIMITS.SESSION_REPORT_DAYS_MAX + 1 }, (_, n) => day(1, addDays('2000-01-01', n))),
  ],
  active: [
    [{}],
    [day(-1)],
    [day(1, '2026-02-30')],
    [day(1), day(2)],
    [day(LONGEST), day(1, '2026-11-24')],
    ...NO_LISTS,
  ],
  jumps: [
    ...[...NO_LISTS, [{}], [{ ...JUMP, report: 0 }], [{ ...JUMP, wallMs: 0.5 }], [{ ...JUMP, monotonicMs: -1 }]],
    ...[[{ ...JUMP, at: NOON }], Array.from({ length: LIMITS.SESSION_JUMPS_MAX + 1 }, () => JUMP)],
  ],
  reserve: [
    ...[null, 7, [], {}, { ...RESERVE, day: '2026-02-30' }, { ...RESERVE, upToMs: -1 }, { ...RESERVE, upToMs: 0.5 }],
    ...[
      { ...RESERVE, node: 'pc-1' },
      { ...RESERVE, limits: [] },
      { ...RESERVE, limits: null },
    ],
    ...[
      { ...RESERVE, limits: [null] },
      { ...RESERVE, limits: [{}] },
      { ...RESERVE, limits: [{ limitMs: -1 }] },
    ],
    ...[
      { ...RESERVE, limits: [{ limitMs: 1, period: 'year' }] },
      { ...RESERVE, limits: limits(LIMITS.CONDITIONS_MAX + 1) },
    ],
  ],
} satisfies Readonly<Record<string, readonly unknown[]>>

type Fields = Readonly<Record<string, keyof typeof ILLEGAL>>
const REPORT: Fields = { run: 'id', report: 'count', played: 'played', active: 'active', jumps: 'jumps' }
const IDS: Fields = { sessionId: 'id', entryId: 'id' }
const CORRECTED: Fields = { entryId: 'id', day: 'day', byMs: 'integer', by: 'id', why: 'why' }

const CHANGES: readonly (readonly [good: Change, fields: Fields])[] = [
  [
    { type: 'start_session', ...OWN, label: 'Minecraft', deadline: NOON, reserve: RESERVE },
    { ...IDS, run: 'id', label: 'label', deadline: 'instant', reserve: 'reserve' },
  ],
  [
    {
      ...{ type: 'import_session', ...OWN, label: 'Minecraft', startedAt: NOON, deadline: NOON },
      ...{ lastReportedAt: NOON, warningsIssuedMs: [], played: [] },
    },
    {
      ...{ ...IDS, run: 'id', label: 'label', startedAt: 'instant', deadline: 'instant', lastReportedAt: 'instant' },
      ...{ warningsIssuedMs: 'warnings', played: 'played' },
    },
  ],
  [
    { ...report(1, {}), active: [], jumps: [JUMP], reserve: RESERVE },
    { ...IDS, ...REPORT, reserve: 'reserve' },
  ],
  [
    { ...end(1, {}), active: [], jumps: [JUMP], cooldownMs: 1 },
    { ...IDS, ...REPORT, reason: 'reason', cooldownMs: 'duration' },
  ],
  [
    { type: 'warn_session', ...OWN, thresholdMs: 1 },
    { ...IDS, run: 'id', thresholdMs: 'duration' },
  ],
  [
    { type: 'extend_session', ...OWN, deadline: NOON },
    { ...IDS, run: 'id', deadline: 'instant' },
  ],
  [
    { type: 'recover_session', ...OF_SESSION, silentForMs: 1, cooldownMs: 1 },
    { ...IDS, silentForMs: 'duration', cooldownMs: 'duration' },
  ],
  [
    { type: 'continue_session', ...OF_SESSION, from: 'r-1', run: 'r-2', active: [], reserve: RESERVE },
    { ...IDS, from: 'id', run: 'id', active: 'active', reserve: 'reserve' },
  ],
  [{ type: 'adjust_usage', ...CORRECTION }, CORRECTED],
  [{ type: 'grant_time', ...CORRECTION }, CORRECTED],
  [
    { type: 'clear_cooldown', entryId: 'minecraft', by: 'Ada', why: 'Homework is done.' },
    { entryId: 'id', by: 'id', why: 'why' },
  ],
]

export const sessionRefusedCases: readonly CaseDefinition[] = [
  {
    id: 'session/refused/every-field-that-is-not-what-it-must-be',
    prevents: 'a row that nobody can read, or a call that fails halfway, because of one odd value',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        CHANGES.flatMap(([good, fields]) =>
          Object.entries(fields).flatMap(([field, kind]) =>
            ILLEGAL[kind].map((value) => {
              const change: unknown = { ...good, [field]: value }
              const call = () => store.commit([change as never], FREE)
              return [
                `${good.type} with ${field} ${Array.isArray(value) ? JSON.stringify(value).slice(0, 60) : describe(value)}`,
                call,
              ] as const
            }),
          ),
        ),
      )
      await storesNothing(t, store)
    },
  },
  {
    id: 'session/refused/more-days-than-a-commit-holds',
    prevents: 'a commit that is in order piece by piece, and keeps everybody waiting as a whole',
    async run(t) {
      const store = await t.open()
      await started(store)
      const days = (from: number, count: number) => {
        return Array.from({ length: count }, (_, n) => ({ day: addDays('2000-01-01', from + n), playedMs: 1 }))
      }
      const half = LIMITS.SESSION_REPORT_DAYS_MAX / 2
      const changes = (count: number): readonly SessionChange[] => [
        { ...report(1, {}), played: days(0, half) },
        { ...end(2, {}), played: days(half, count) },
      ]
      await rejectsWith(store.commit(changes(half + 1)), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await t.place.raw.usage(), [])
      const { sessions } = await store.commit(changes(half))
      assert.equal(sessions.at(-1)?.session.durationMs, 2 * half)
    },
  },
  {
    id: 'session/refused/not-what-is-at-the-edge',
    prevents: 'a limit that is one less than it says',
    async run(t) {
      const store = await t.open({ node: 'é'.repeat(128) })
      const longest = 'x'.repeat(LIMITS.ID_BYTES_MAX)
      const ids = { sessionId: longest, entryId: longest, run: longest }
      const label = 'é'.repeat(LIMITS.SESSION_LABEL_BYTES_MAX / 2)
      const deadline = new Date(LIMITS.INSTANT_MS_MAX)
      const reserve = { ...RESERVE, limits: limits(LIMITS.CONDITIONS_MAX) }
      await store.commit([{ type: 'start_session', ...ids, label, deadline, reserve }], FREE)
      const jumps = Array.from({ length: LIMITS.SESSION_JUMPS_MAX }, () => ({
        ...{ report: Number.MAX_SAFE_INTEGER, wallMs: -LONGEST, monotonicMs: LONGEST },
      }))
      const played = [{ day: '9999-12-31', playedMs: LONGEST }] as const
      const told = await sent(store, { ...report(1, {}), ...ids, report: Number.MAX_SAFE_INTEGER, played, jumps })
      assert.deepEqual([told.bookedMs, told.session.label, told.session.deadline], [LONGEST, label, deadline])
      assert.equal((await store.listAudits()).length, 1 + jumps.length)
      const [record] = await store.listSessions({ sessionId: longest, entryId: longest, node: store.node })
      assert.deepEqual(record, told.session)
    },
  },
  {
    id: 'session/refused/labels-come-back-as-they-are',
    prevents: 'a game whose name is another one after a restart',
    async run(t) {
      const store = await t.open()
      const labels = [
        '',
        ' ',
        'Minecraft ',
        'e\u0301',
        '“Größe” \\u0041',
        '😀',
        '\u2028\t\n',
        '{"a":1}',
        "'; --",
        '__proto__',
      ]
      for (const [index, label] of labels.entries()) {
        const view = store.view({ node: `pc-${index}` })
        assert.equal((await started(view, { sessionId: `s-${index}`, label })).record.label, label)
        assert.equal((await store.listSessions({ sessionId: `s-${index}` }))[0]?.label, label)
      }
    },
  },
]
