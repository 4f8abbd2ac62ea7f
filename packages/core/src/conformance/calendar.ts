import assert from 'node:assert/strict'
import type { CalendarOptions } from '../calendar.ts'
import type { Day } from '../day.ts'
import type { Store } from '../store.ts'
import { describe } from '../values.ts'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

/** A call with a day, which takes whatever the case gives it. */
type CallWithDay = readonly [method: string, call: (store: Store, day: never) => unknown]

const WITH_DAY: readonly CallWithDay[] = [
  ['getUsage', (store, day) => store.getUsage('minecraft', day)],
  ['addUsage', (store, day) => store.addUsage('minecraft', day, 1)],
  ['getDayState', (store, day) => store.getDayState(day)],
  ['listUsage from', (store, from) => store.listUsage({ from, to: '2027-01-01' })],
  ['listUsage to', (store, to) => store.listUsage({ from: '2026-01-01', to })],
  ['commit', (store, day) => store.commit([{ type: 'add_usage', entryId: 'minecraft', day, durationMs: 1 }])],
  [
    'commit if',
    (store, day) =>
      store.commit([{ type: 'add_usage', entryId: 'roblox', day: '2026-11-23', durationMs: 1 }], {
        if: [{ type: 'usage_below', entryId: 'minecraft', day, limitMs: 1 }],
      }),
  ],
]

const NO_DAYS: readonly string[] = [
  // Dates that do not exist.
  ['2026-02-30', '2026-02-29', '2100-02-29', '2026-04-31', '2026-11-31', '2026-11-00', '2026-11-32', '2026-00-10'],
  ['2026-13-01', '2026-99-99', 'NaN-NaN-NaN'],
  // Beyond the range.
  ['1969-12-31', '0000-01-01', '0001-01-01', '10000-01-01', '-2026-01-01', '+2026-01-01', '+002026-01-01'],
  // Other spellings.
  ['2026-2-3', '2026-11-3', '2026-1-23', '26-11-23', '2026/11/23', '2026.11.23', '20261123', '23-11-2026', '2026-11'],
  ['2026-11-23T00:00:00.000Z', '2026-11-23 00:00', '2026-11-23Z', '2026-W48-1', '2026-327', '2026--11-23'],
  ['2e3-11-23', '0x7ea-11-23', '２０２６-11-23', '2026\u201111\u201123', '٢٠٢٦-١١-٢٣', '2026-11-23x'],
  // Something around it, or nothing.
  [' 2026-01-01', '2026-01-01 ', '2026-01-01\n', '\ufeff2026-01-01', '2026-01-01\0', '', 'today', 'infinity', 'null'],
].flat()

const BERLIN: CalendarOptions = { timeZone: 'Europe/Berlin', dayStart: '04:00' }

function settingsOf({ calendar: { timeZone, dayStart } }: Store): CalendarOptions {
  return { timeZone, dayStart }
}

/** Asserts what day the store calls it at each of these instants. */
function callsItToday(
  calendar: CalendarOptions,
  days: readonly (readonly [instant: string, day: Day])[],
): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open({ calendar })
    const view = store.view({ scope: 'anna', node: 'pc-2' })
    for (const [instant, day] of days) {
      t.clock.set(instant)
      assert.equal(store.today(), day, instant)
      assert.equal(view.today(), day, instant)
    }
  }
}

export const calendarCases: readonly CaseDefinition[] = [
  {
    id: 'calendar/day/what-is-no-day-is-refused',
    prevents: 'usage that is booked on a day which never comes, or on two spellings of one day',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        WITH_DAY.flatMap(([method, call]) =>
          NO_DAYS.map((day) => [`${method} with ${describe(day)}`, () => call(store, day as never)] as const),
        ),
      )
      await storesNothing(t, store)
    },
  },
  {
    id: 'calendar/day/what-is-no-text-is-refused',
    prevents: 'a Date or a PlainDate that is booked on what its text happens to be',
    async run(t) {
      const store = await t.open()
      const plainDate = { toString: () => '2026-11-23', toJSON: () => '2026-11-23', year: 2026, month: 11, day: 23 }
      const values: readonly (readonly [what: string, value: unknown])[] = [
        ['null', null],
        ['undefined', undefined],
        ['a number', 20_261_123],
        ['NaN', Number.NaN],
        ['an object', {}],
        ['a list of one day', ['2026-11-23']],
        ['a Date', new Date('2026-11-23')],
        ['what a PlainDate is like', plainDate],
        ['a boxed text', Object('2026-11-23')],
      ]
      await refusesEach(
        WITH_DAY.flatMap(([method, call]) =>
          values.map(([what, value]) => [`${method} with ${what}`, () => call(store, value as never)] as const),
        ),
      )
      await storesNothing(t, store)
    },
  },
  {
    id: 'calendar/day/every-real-day-is-accepted',
    prevents: 'a leap day on which nothing can be recorded',
    async run(t) {
      const store = await t.open()
      const days = [
        '1970-01-01',
        '1999-12-31',
        '2000-02-29',
        '2024-02-29',
        '2026-11-30',
        '2400-02-29',
        '9999-12-31',
      ] as const
      for (const day of days) {
        await store.addUsage('minecraft', day, 7)
        assert.equal(await store.getUsage('minecraft', day), 7, day)
        assert.equal((await store.getDayState(day)).entry('minecraft').usedMs, 7, day)
      }
    },
  },
  {
    id: 'calendar/today/changes-at-midnight-utc',
    prevents: "a day that begins when the machine's own midnight comes, wherever it stands",
    run: callsItToday({ timeZone: 'UTC', dayStart: '00:00' }, [
      ['1970-01-01T00:00:00.000Z', '1970-01-01'],
      ['2026-11-22T23:59:59.999Z', '2026-11-22'],
      ['2026-11-23T00:00:00.000Z', '2026-11-23'],
      ['2026-11-23T23:59:59.999Z', '2026-11-23'],
      ['2024-02-29T12:00:00.000Z', '2024-02-29'],
      ['9999-12-31T23:59:59.999Z', '9999-12-31'],
    ]),
  },
  {
    id: 'calendar/today/changes-at-the-start-of-the-day-in-the-zone',
    prevents: 'a quota that is renewed at midnight, in the middle of a late evening',
    run: callsItToday(BERLIN, [
      ['2026-11-22T23:00:00.000Z', '2026-11-22'], // midnight
      ['2026-11-23T02:59:59.999Z', '2026-11-22'], // 03:59
      ['2026-11-23T03:00:00.000Z', '2026-11-23'], // 04:00
      ['2026-11-24T02:59:59.999Z', '2026-11-23'],
      ['2026-07-01T01:59:59.999Z', '2026-06-30'], // in summer
      ['2026-07-01T02:00:00.000Z', '2026-07-01'],
    ]),
  },
  {
    id: 'calendar/today/follows-daylight-saving',
    prevents: 'an hour that is booked on the wrong day twice a year',
    run: callsItToday(BERLIN, [
      ['2026-03-29T01:59:59.999Z', '2026-03-28'],
      ['2026-03-29T02:00:00.000Z', '2026-03-29'],
      ['2026-10-25T02:59:59.999Z', '2026-10-24'],
      ['2026-10-25T03:00:00.000Z', '2026-10-25'],
    ]),
  },
  {
    id: 'calendar/open/keeps-the-one-it-was-made-with',
    prevents: 'a child whose day begins anew because the service moved to another machine',
    async run(t) {
      const made = await t.open({ calendar: BERLIN })
      assert.deepEqual(settingsOf(made), BERLIN)
      await made.close()
      const store = await t.open()
      assert.deepEqual(settingsOf(store), BERLIN)
      t.clock.set('2026-11-23T02:59:59.999Z')
      assert.equal(store.today(), '2026-11-22')
    },
  },
  {
    id: 'calendar/open/with-the-same-again',
    prevents: 'a service that cannot be started twice',
    async run(t) {
      await t.open({ calendar: BERLIN })
      const same: readonly CalendarOptions[] = [
        BERLIN,
        { timeZone: 'europe/berlin', dayStart: '04:00' },
        { timeZone: 'Europe/Berlin' },
        { dayStart: '04:00' },
        {},
      ]
      for (const calendar of same)
        assert.deepEqual(settingsOf(await t.open({ calendar })), BERLIN, JSON.stringify(calendar))
    },
  },
  {
    id: 'calendar/open/with-another-name-of-the-zone',
    prevents: 'a store that cannot be opened after an update renamed its zone',
    async run(t) {
      await t.open({ calendar: { timeZone: 'Asia/Calcutta', dayStart: '00:00' } })
      const store = await t.open({ calendar: { timeZone: 'Asia/Kolkata', dayStart: '00:00' } })
      t.clock.set('2026-11-22T18:29:59.999Z')
      assert.equal(store.today(), '2026-11-22')
      t.clock.set('2026-11-22T18:30:00.000Z')
      assert.equal(store.today(), '2026-11-23')
    },
  },
  {
    id: 'calendar/open/with-another-is-refused',
    prevents: 'one evening being booked on two days, with a quota for each',
    async run(t) {
      const store = await t.open({ calendar: BERLIN })
      await store.addUsage('minecraft', '2026-11-23', 7)
      const others: readonly CalendarOptions[] = [
        { timeZone: 'UTC', dayStart: '04:00' },
        { timeZone: 'Europe/Berlin', dayStart: '00:00' },
        { timeZone: 'Europe/Berlin', dayStart: '04:01' },
        // The same clock today, but another zone.
        { timeZone: 'Europe/Paris', dayStart: '04:00' },
        { timeZone: 'Europe/London' },
        { dayStart: '05:00' },
      ]
      for (const calendar of others) await rejectsWith(t.open({ calendar }), 'CALENDAR_MISMATCH', 'not_applied')
      await store.close()
      const again = await t.open({ calendar: BERLIN })
      assert.deepEqual(settingsOf(again), BERLIN)
      assert.equal(await again.getUsage('minecraft', '2026-11-23'), 7)
      await again.addUsage('minecraft', '2026-11-23', 1)
    },
  },
  {
    id: 'calendar/open/with-no-calendar-at-all-is-refused',
    prevents: 'a mistyped zone that is taken for another one',
    async run(t) {
      await t.open({ calendar: BERLIN })
      const none: readonly unknown[] = [
        { timeZone: 'Mars/Phobos' },
        { timeZone: '' },
        { timeZone: '+01:00' },
        { timeZone: 7 },
        { dayStart: '4:00' },
        { dayStart: '24:00' },
        { dayStart: '04:00:00' },
        { dayStart: '' },
        { dayStart: 4 },
        { timeZone: null },
        { dayStart: null },
        'Europe/Berlin',
        null,
      ]
      await refusesEach(
        none.map((calendar) => [JSON.stringify(calendar), () => t.open({ calendar: calendar as never })]),
      )
    },
  },
]
