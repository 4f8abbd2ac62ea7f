import assert from 'node:assert/strict'
import type { CalendarOptions } from '../calendar.ts'
import { parseDay } from '../day.ts'
import { LIMITS } from '../limits.ts'
import type { DurationMs } from '../values.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, started, USER_STOP } from './session-expect.ts'

/** A session, by local clocks, and where its time lies. */
interface Evening {
  readonly calendar: CalendarOptions
  readonly from: string
  readonly to: string
  readonly byDay: Readonly<Record<string, DurationMs>>
  readonly lengths?: Readonly<Record<string, DurationMs>>
}

/** Asserts where the time of a session lies: told at its end, by the clock or in one number, and in checkpoints. */
function liesOn({ calendar, from, to, byDay, lengths = {} }: Evening): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open({ calendar })
    const playedMs = Date.parse(to) - Date.parse(from)
    for (const [scope, stepMs, activeMs] of [
      ['by the clock', playedMs, undefined],
      ['in one number', playedMs, playedMs],
      ['in checkpoints', Math.ceil(playedMs / 13), undefined],
    ] as const) {
      const view = store.view({ scope })
      t.clock.set(new Date(from))
      const session = await started(view)
      let leftMs = playedMs
      for (; leftMs > stepMs; leftMs -= stepMs) {
        t.clock.advance(stepMs)
        const { day, usedMs } = await session.checkpoint()
        assert.equal(day, view.today(), scope)
        assert.equal(usedMs, await view.getUsage('minecraft', day), scope)
      }
      t.clock.advance(leftMs)
      assert.equal((await session.end({ reason: USER_STOP, activeMs })).session.durationMs, playedMs, scope)
      assert.deepEqual(await bookedByDay(view), byDay, scope)
    }
    for (const [day, lengthMs] of Object.entries(lengths)) {
      assert.equal(store.calendar.lengthOf(parseDay(day)), lengthMs, day)
    }
  }
}

const at = (timeZone: string, dayStart = '00:00'): CalendarOptions => ({ timeZone, dayStart })

export const sessionDayCases: readonly CaseDefinition[] = [
  {
    id: 'session/days/over-midnight-in-new-york',
    prevents: 'an evening that is booked whole on the day on which it ends',
    run: liesOn({
      calendar: at('America/New_York'),
      from: '2025-12-29T23:50-05:00',
      to: '2025-12-30T00:20-05:00',
      byDay: { '2025-12-29': 600_000, '2025-12-30': 1_200_000 },
    }),
  },
  {
    id: 'session/days/over-the-hour-that-comes-twice-in-berlin',
    prevents: 'an hour of an autumn night that nobody has played, or that is missing',
    run: liesOn({
      calendar: at('Europe/Berlin'),
      from: '2025-10-25T23:30+02:00',
      to: '2025-10-26T03:30+01:00',
      byDay: { '2025-10-25': 1_800_000, '2025-10-26': 16_200_000 },
      lengths: { '2025-10-25': 86_400_000, '2025-10-26': 90_000_000, '2025-10-27': 86_400_000 },
    }),
  },
  {
    id: 'session/days/over-the-hour-that-is-skipped-in-new-york',
    prevents: 'an hour that the clock skips and that is booked all the same',
    run: liesOn({
      calendar: at('America/New_York'),
      from: '2026-03-08T01:30-05:00',
      to: '2026-03-08T03:30-04:00',
      byDay: { '2026-03-08': 3_600_000 },
      lengths: { '2026-03-08': 82_800_000 },
    }),
  },
  {
    id: 'session/days/over-a-midnight-that-is-skipped-in-cairo',
    prevents: 'a day without a midnight, which begins nowhere',
    run: liesOn({
      calendar: at('Africa/Cairo'),
      from: '2025-04-24T23:45+02:00',
      to: '2025-04-25T01:30+03:00',
      byDay: { '2025-04-24': 900_000, '2025-04-25': 1_800_000 },
      lengths: { '2025-04-24': 86_400_000, '2025-04-25': 82_800_000 },
    }),
  },
  {
    id: 'session/days/over-half-an-hour-that-is-skipped-on-lord-howe',
    prevents: 'a zone whose clock is changed by half an hour, taken for one with a whole',
    run: liesOn({
      calendar: at('Australia/Lord_Howe'),
      from: '2025-10-04T23:45+10:30',
      to: '2025-10-05T03:00+11:00',
      byDay: { '2025-10-04': 900_000, '2025-10-05': 9_000_000 },
      lengths: { '2025-10-05': 84_600_000 },
    }),
  },
  {
    id: 'session/days/over-a-day-that-apia-skipped',
    prevents: 'time on a day which never was',
    run: liesOn({
      calendar: at('Pacific/Apia'),
      from: '2011-12-29T23:30-10:00',
      to: '2011-12-31T00:45+14:00',
      byDay: { '2011-12-29': 1_800_000, '2011-12-31': 2_700_000 },
      lengths: { '2011-12-29': 86_400_000, '2011-12-30': 0, '2011-12-31': 86_400_000 },
    }),
  },
  {
    id: 'session/days/begin-at-the-start-of-the-day',
    prevents: 'a late evening of which the rest counts for the next day',
    run: liesOn({
      calendar: at('Europe/Berlin', '04:00'),
      from: '2026-11-24T03:59+01:00',
      to: '2026-11-24T04:10+01:00',
      byDay: { '2026-11-23': 60_000, '2026-11-24': 600_000 },
    }),
  },
  {
    id: 'session/days/up-to-the-end-of-a-day-are-of-that-day',
    prevents: 'a day that is charged for what was played before it began',
    run: liesOn({
      calendar: at('Europe/Berlin'),
      from: '2026-11-23T23:50+01:00',
      to: '2026-11-24T00:00+01:00',
      byDay: { '2026-11-23': 600_000 },
    }),
  },
  {
    id: 'session/days/over-several-of-them',
    prevents: 'a weekend of which only the first day and the last are booked',
    run: liesOn({
      calendar: at('UTC'),
      from: '2024-02-28T22:30Z',
      to: '2024-03-01T01:15Z',
      byDay: { '2024-02-28': 5_400_000, '2024-02-29': 86_400_000, '2024-03-01': 4_500_000 },
    }),
  },
  {
    id: 'session/days/a-checkpoint-over-midnight-tells-both-totals',
    prevents: 'a limit of the day before that is passed, and nobody looks at it any more',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T23:59:50.000Z')
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 500)
      const session = await started(store)
      t.clock.advance(30_000)
      const { day, usedMs, usage } = await session.checkpoint()
      assert.deepEqual([day, usedMs], ['2026-11-24', 20_000])
      assert.deepEqual(usage, [
        { entryId: 'minecraft', day: '2026-11-23', usedMs: 10_500 },
        { entryId: 'minecraft', day: '2026-11-24', usedMs: 20_000 },
      ])
    },
  },
  {
    id: 'session/days/at-both-ends-of-time',
    prevents: 'a clock that shows nonsense, with which nothing can be booked at all',
    async run(t) {
      const store = await t.open()
      t.clock.set('1970-01-01T00:10:00.000Z')
      const first = await started(store, { sessionId: 'first' })
      await first.end({ reason: USER_STOP, activeMs: 3_600_000 })
      assert.equal(await store.getUsage('minecraft', '1970-01-01'), 3_600_000)
      t.clock.set('9999-12-30T23:59:00.000Z')
      const last = await started(store, { sessionId: 'last' })
      t.clock.advance(600_000)
      await last.end({ reason: USER_STOP })
      assert.equal(await store.getUsage('minecraft', '9999-12-30'), 60_000)
      assert.equal(await store.getUsage('minecraft', '9999-12-31'), 540_000)
    },
  },
  {
    id: 'session/days/as-many-as-a-report-holds',
    prevents: 'a report that is cut, or one that keeps the database busy for years of days',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T23:59:59.999Z')
      const session = await started(store)
      const longestMs = LIMITS.SESSION_REPORT_DAYS_MAX * 86_400_000 - 1
      await rejectsWith(session.checkpoint({ activeMs: longestMs + 1 }), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await t.place.raw.usage(), [])
      // Refused, it counted nothing.
      assert.equal((await session.checkpoint({ activeMs: longestMs })).bookedMs, longestMs)
      assert.equal((await t.place.raw.usage()).length, LIMITS.SESSION_REPORT_DAYS_MAX)
      assert.deepEqual((await bookedByDay(store))['2024-02-29'], 86_400_000)
    },
  },
  {
    id: 'session/days/more-than-a-report-holds-are-not-counted',
    prevents: 'a session that can never be reported on again, nor ended, because of one call that was refused',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-24T00:00:00.000Z')
      const session = await started(store)
      // The day that has just begun is in every report.
      const activeMs = LIMITS.SESSION_REPORT_DAYS_MAX * 86_400_000
      await rejectsWith(session.checkpoint({ activeMs }), 'INVALID_ARGUMENT', 'not_applied')
      await rejectsWith(session.end({ reason: USER_STOP, activeMs }), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await t.place.raw.usage(), [])
      assert.equal((await session.end({ reason: USER_STOP, activeMs: 1_000 })).session.durationMs, 1_000)
    },
  },
]
