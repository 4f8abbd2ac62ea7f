import assert from 'node:assert/strict'
import type { AuditEvent, AuditQuery } from '../audit.ts'
import type { OwnedStore } from '../store.ts'
import { answers, appendTold, idsAsked, idsOf, pick, someEvent, type Told } from './audit-expect.ts'
import { collect, refusesEach } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'

const clock = (time: string) => new Date(`2026-11-23T${time}Z`)
const TEN = clock('10:00:00.000')
const FIVE_PAST = clock('10:05:00.000')

const session = { sessionId: 's-1', entryId: 'minecraft' }
const lamp = (name: string): AuditEvent => ({ type: 'other', name, data: { entry_id: 'minecraft', session_id: 's-1' } })

/** Ten records of two scopes and nodes; the clock goes forward and back, and stands still. */
const STORY: readonly (readonly [time: string, scope: string, node: string, event: AuditEvent])[] = [
  ['10:00:00.000', 'anna', 'pc-1', { type: 'service_started' }],
  ['10:05:00.000', 'anna', 'pc-1', { type: 'session_started', ...session }],
  ['09:00:00.000', 'anna', 'pc-2', { type: 'launch_denied', entryId: 'tuxmath', reasons: [] }],
  ['10:05:00.000', 'ben', 'pc-1', { type: 'session_started', ...session }],
  ['10:10:00.000', 'anna', 'pc-1', { type: 'warning_issued', sessionId: 's-1', thresholdMs: 60_000 }],
  ['10:05:00.000', 'anna', 'pc-2', lamp('lamp')],
  ['10:05:00.000', 'anna', 'pc-1', { type: 'session_ended', ...session, reason: { type: 'expired' }, durationMs: 1 }],
  ['08:00:00.000', 'anna', 'pc-1', { type: 'session_started', sessionId: 's-2', entryId: 'tuxmath' }],
  ['10:20:00.000', 'ben', 'pc-2', lamp('Lamp')],
  ['10:05:00.001', 'anna', 'pc-1', { type: 'launch_denied', entryId: 'minecraft', reasons: [] }],
]

/** A store of anna's with the story in it. */
async function openStory(t: CaseContext): Promise<OwnedStore> {
  const store = await t.open({ scope: 'anna', node: 'pc-1' })
  for (const [time, scope, node, event] of STORY) {
    t.clock.set(clock(time))
    await store.view({ scope, node }).appendAudit(event)
  }
  return store
}

/** A case that asks the story. */
function asks(
  id: string,
  prevents: string,
  questions: readonly (readonly [query: AuditQuery, expected: readonly number[]])[],
): CaseDefinition {
  return {
    id: `audit-filters/list/${id}`,
    prevents,
    async run(t) {
      const store = await openStory(t)
      for (const [query, expected] of questions) await answers(store, query, expected)
    },
  }
}

/** One value for each filter, of which any three leave some of the records. */
const FILTERS: readonly AuditQuery[] = [
  { after: 20 },
  { before: 220 },
  { from: clock('10:01:00.000') },
  { to: clock('10:03:00.000') },
  { types: ['session_started', 'session_ended', 'lamp'] },
  { entryId: 'minecraft' },
  { sessionId: 's-1' },
  { node: 'pc-2' },
  { scope: 'all' },
]

export const auditFilterCases: readonly CaseDefinition[] = [
  asks('by-time-from-and-before', 'a record on the stroke of midnight in the reports of two days, or of none', [
    [{ from: FIVE_PAST }, [2, 5, 6, 7, 10]],
    [{ to: FIVE_PAST }, [1, 3, 8]],
    [{ from: FIVE_PAST, to: clock('10:05:00.001') }, [2, 6, 7]],
    [{ from: FIVE_PAST, to: clock('10:10:00.000') }, [2, 6, 7, 10]],
    [{ from: clock('10:05:00.001'), to: clock('10:10:00.001') }, [5, 10]],
    [{ from: TEN, to: TEN }, []],
    [{ from: FIVE_PAST, to: TEN }, []],
    [{ from: clock('10:10:00.001') }, []],
    [{ to: clock('08:00:00.000') }, []],
    [{ from: new Date(0), to: new Date(253_402_300_799_999) }, [1, 2, 3, 5, 6, 7, 8, 10]],
    [{ from: clock('10:10:00.001'), scope: 'all' }, [9]],
    [{ from: FIVE_PAST, to: clock('10:05:00.001'), scope: 'all' }, [2, 4, 6, 7]],
  ]),
  asks('by-one-type', 'a list of denials with other things in it, or without one of them', [
    [{ types: ['session_started'] }, [2, 8]],
    [{ types: ['launch_denied'] }, [3, 10]],
    [{ types: ['policy_loaded'] }, []],
    [{ types: ['session_started'], scope: 'all' }, [2, 4, 8]],
    [{ types: ['session_started'], after: 2 }, [8]],
    [{ types: ['launch_denied'], before: 10 }, [3]],
  ]),
  asks('by-several-types-and-repeated-ones', 'a record that is shown twice, or not, as it is found type by type', [
    [{ types: ['session_started', 'session_ended'] }, [2, 7, 8]],
    [{ types: ['session_ended', 'session_started'] }, [2, 7, 8]],
    [{ types: ['session_ended', 'session_ended'] }, [7]],
    [{ types: ['launch_denied', 'session_ended', 'launch_denied', 'service_stopped'] }, [3, 7, 10]],
    [{ types: ['lamp', 'service_started', 'warning_issued', 'launch_denied'] }, [1, 3, 5, 6, 10]],
    [{ types: ['session_started', 'lamp', 'Lamp'], scope: 'all', after: 2, before: 9 }, [4, 6, 8]],
  ]),
  asks('by-the-names-of-another-service', 'events that are in the log, and cannot be asked for', [
    [{ types: ['lamp'] }, [6]],
    [{ types: ['Lamp'] }, []],
    [{ types: ['Lamp'], scope: 'all' }, [9]],
    [{ types: ['lamp', 'Lamp'], scope: 'all' }, [6, 9]],
    [{ types: ['lam'] }, []],
    [{ types: ['lamp '] }, []],
    [{ types: ['other'] }, []],
  ]),
  asks('by-entry', 'an answer to what happened with a game that leaves out why it was denied', [
    [{ entryId: 'minecraft' }, [2, 7, 10]],
    [{ entryId: 'tuxmath' }, [3, 8]],
    [{ entryId: 'Minecraft' }, []],
    [{ entryId: 'minecraft', scope: 'all' }, [2, 4, 7, 10]],
    [{ entryId: 'minecraft', after: 2, before: 10 }, [7]],
  ]),
  asks('by-session', 'the story of a session with a warning missing, or with another child’s session in it', [
    [{ sessionId: 's-1' }, [2, 5, 7]],
    [{ sessionId: 's-2' }, [8]],
    [{ sessionId: 's-3' }, []],
    [{ sessionId: 's-1', scope: 'all' }, [2, 4, 5, 7]],
    [{ sessionId: 's-1', after: 2, before: 7 }, [5]],
    [{ sessionId: 's-1', entryId: 'minecraft' }, [2, 7]],
    [{ sessionId: 's-2', entryId: 'minecraft' }, []],
  ]),
  asks('by-node-with-others', 'a machine’s report that shows what another one did', [
    [{ node: 'pc-2', from: FIVE_PAST }, [6]],
    [{ node: 'pc-2', types: ['launch_denied', 'lamp'] }, [3, 6]],
    [{ node: 'pc-1', entryId: 'minecraft' }, [2, 7, 10]],
    [{ node: 'pc-1', sessionId: 's-1', scope: 'all' }, [2, 4, 5, 7]],
    [{ node: 'pc-2', scope: 'all', to: clock('10:20:00.001') }, [3, 6, 9]],
  ]),
  {
    id: 'audit-filters/list/up-to-three-together',
    prevents: 'a filter that is passed over as soon as another one is given',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const told = Array.from({ length: 240 }, (_, index): Told => {
        const at = new Date(TEN.getTime() + 60_000 * pick([0, 1, 2, 3], index, 0x27_d4_eb_2f))
        const place = Math.floor(index / 8)
        const scope = pick(['anna', 'anna', 'ben'], place, 0x16_56_67_b1)
        return { at, scope, node: pick(['pc-1', 'pc-2'], place, 0x7f_4a_7c_15), event: someEvent(index) }
      })
      await appendTold(t, store, told)
      const one = FILTERS.map((filter, index) => ({ filter, index }))
      const two = one.flatMap(({ filter, index }) => FILTERS.slice(0, index).map((more) => ({ ...filter, ...more })))
      const three = one.flatMap(({ filter, index }) =>
        FILTERS.slice(0, index).flatMap((more, count) =>
          FILTERS.slice(0, count).map((most) => ({ ...filter, ...more, ...most })),
        ),
      )
      assert.deepEqual([two.length, three.length], [36, 84])
      for (const filters of [{}, ...FILTERS, ...two, ...three]) {
        const queries = (['asc', 'desc'] as const).map((order): AuditQuery => ({ ...filters, order, limit: 1_000 }))
        const pages = await Promise.all(queries.map((query) => store.listAudits(query)))
        for (const [index, query] of queries.entries()) {
          const expected = idsAsked(told, 'anna', query)
          assert.ok(expected.length > 0, `${JSON.stringify(query)} asks for nothing`)
          assert.deepEqual(idsOf(pages[index] ?? []), expected, JSON.stringify(query))
        }
      }
    },
  },
  {
    id: 'audit-filters/list/in-the-order-of-the-log-whatever-the-clock-says',
    prevents: 'a page that is put in order by a clock which was set, so that the next page repeats or leaves out',
    async run(t) {
      const store = await t.open()
      const times = ['10:00', '12:00', '09:00', '12:00', '08:00', '11:00', '08:00', '10:00', '23:00', '00:00']
      for (const time of times) {
        t.clock.set(clock(`${time}:00.000`))
        await store.appendAudit({ type: 'session_started', sessionId: 's-1', entryId: 'minecraft' })
      }
      const asked: AuditQuery = { from: clock('08:00:00.000'), to: clock('12:00:00.001') }
      await answers(store, {}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      await answers(store, asked, [1, 2, 3, 4, 5, 6, 7, 8])
      await answers(store, { ...asked, types: ['session_started', 'lamp'] }, [1, 2, 3, 4, 5, 6, 7, 8])
      await answers(store, { ...asked, entryId: 'minecraft', after: 2 }, [3, 4, 5, 6, 7, 8])
      await answers(store, { from: clock('12:00:00.000') }, [2, 4, 9])
      await answers(store, { to: clock('09:00:00.000') }, [5, 7, 10])
    },
  },
  {
    id: 'audit-filters/list/as-asked-at-the-call',
    prevents: 'a page of something else, because a date or a list was used for the next question meanwhile',
    async run(t) {
      const store = await openStory(t)
      const [types, from, to] = [['lamp'], clock('10:05:00.000'), clock('10:06:00.000')]
      const page = store.listAudits({ types, from, to })
      types[0] = 'session_started'
      from.setTime(0)
      to.setTime(0)
      assert.deepEqual(idsOf(await page), [6])
    },
  },
  {
    id: 'audit-filters/list/of-32-types',
    prevents: 'a question that one database answers and another one refuses',
    async run(t) {
      const store = await openStory(t)
      const names = Array.from({ length: 30 }, (_, index) => `kind-${index}`)
      await answers(store, { types: ['lamp', ...names, 'session_ended'] }, [6, 7])
      await answers(store, { types: Array.from({ length: 32 }, () => 'lamp') }, [6])
      const long = 'l'.repeat(256)
      await store.appendAudit(lamp(long))
      await store.appendAudit(lamp("'é😀%"))
      await answers(store, { types: [long, "'é😀%"] }, [11, 12])
    },
  },
  {
    id: 'audit-filters/list/malformed-filters-are-refused',
    prevents: 'a mistyped filter that is passed over, so that everything is shown, or nothing',
    async run(t) {
      const store = await openStory(t)
      const ids: readonly unknown[] = ['', null, 7, ['minecraft'], 'x'.repeat(257), 'a\0b', '\ud800']
      const times: readonly unknown[] = [
        ...['2026-11-23T10:00:00.000Z', TEN.getTime(), null, {}],
        ...[new Date(Number.NaN), new Date(-1), new Date(253_402_300_800_000)],
      ]
      const lists: readonly unknown[] = [
        ...[[], null, 'lamp', { 0: 'lamp', length: 1 }, Array.from({ length: 1 })],
        ...[Array.from({ length: 33 }, () => 'lamp'), Array.from({ length: 33 }, (_, index) => `kind-${index}`)],
        ...ids.map((id) => ['lamp', id]),
      ]
      const mistyped = [{ type: 'lamp' }, { entry: 'minecraft' }, { session: 's-1' }, { since: TEN }, { until: TEN }]
      const queries: readonly unknown[] = [
        ...ids.flatMap((id) => [{ entryId: id }, { sessionId: id }]),
        ...times.flatMap((time) => [{ from: time }, { to: time }]),
        ...lists.map((types) => ({ types })),
        ...mistyped,
        { follow: null },
        { signal: {} },
      ]
      await refusesEach(
        queries.flatMap((query, index) => [
          [`listAudits ${index} ${JSON.stringify(query)}`, () => store.listAudits(query as never)],
          [`readAudits ${index} ${JSON.stringify(query)}`, () => collect(store.readAudits(query as never))],
        ]),
      )
      await refusesEach([['a page does not follow', () => store.listAudits({ follow: false } as never)]])
    },
  },
]
