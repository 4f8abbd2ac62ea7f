import assert from 'node:assert/strict'
import type { Change, Condition } from '../change.ts'
import { continueSession, recoverSession, startSession } from '../sessions.ts'
import type { Store } from '../store.ts'
import type { JsonObject } from '../values.ts'
import { collect, refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { Forgetful, OfNobody, revoked, Started, throwing } from './odd-objects.ts'

const DAY = '2026-11-23'
const EVENT = { type: 'service_started' } as const
const ADD = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 } as const
const UNTIL = new Date('2026-11-23T12:00:00.000Z')
const TEXT = 'x'.repeat(60_000)
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }
const SESSION = { sessionId: 's-1', entryId: 'minecraft' }
const ORIGINAL = { id: 1, timestamp: '2026-11-23', event: '{}' }

type Call = (store: Store, value: never) => unknown
type CallWithObject = readonly [what: string, good: object, call: Call]

const change = (good: Change): CallWithObject => [good.type, good, (store, value) => store.commit([value])]
const condition = (good: Condition): CallWithObject => [
  good.type,
  good,
  (store, value) => store.commit([ADD], { if: [value] }),
]
/** A session's change, which is refused before anybody looks whether there is such a session. */
const sessionChange = (good: Change): CallWithObject => [
  good.type,
  good,
  (store, value) => store.commit([value], { if: [{ type: 'no_open_session' }] }),
]
const start = (part: object) => ({ type: 'start_session', ...SESSION, run: 'r-1', ...part }) as const
const report = (part: object) =>
  ({ type: 'report_session', ...SESSION, run: 'r-1', report: 1, played: [], ...part }) as const
const within = (what: string, good: object, make: (value: never) => Change): CallWithObject => [
  what,
  good,
  (store, value) => store.commit([make(value)], { if: [{ type: 'no_open_session' }] }),
]

/** Every argument that is an object, as a caller without types would pass it. */
const OBJECTS: readonly CallWithObject[] = [
  ['options of appendAudit', {}, (store, value) => store.appendAudit(EVENT, value)],
  ['options of addUsage', {}, (store, value) => store.addUsage('minecraft', DAY, 1, value)],
  ['options of commit', {}, (store, value) => store.commit([ADD], value)],
  ['options of clearCooldown', {}, (store, value) => store.clearCooldown('minecraft', value)],
  ['options of adjustUsage', CORRECTION, (store, value) => store.adjustUsage('minecraft', DAY, 1, value)],
  ['options of grantTime', CORRECTION, (store, value) => store.grantTime('minecraft', DAY, 1, value)],
  ['options of getUsage', {}, (store, value) => store.getUsage('minecraft', DAY, value)],
  ['options of getDayState', {}, (store, value) => store.getDayState(DAY, value)],
  change({ type: 'append_audit', event: EVENT }),
  change({ type: 'import_audit', timestamp: UNTIL, event: EVENT, original: ORIGINAL }),
  change(ADD),
  change({ type: 'set_cooldown', entryId: 'minecraft', until: UNTIL }),
  change({ type: 'extend_cooldown', entryId: 'minecraft', until: UNTIL }),
  change({ type: 'clear_cooldown', entryId: 'minecraft', ...CORRECTION }),
  change({ type: 'adjust_usage', entryId: 'minecraft', day: DAY, byMs: 1, ...CORRECTION }),
  change({ type: 'grant_time', entryId: 'minecraft', day: DAY, byMs: 1, ...CORRECTION }),
  change({ type: 'save_snapshot', snapshot: { timestamp: UNTIL } }),
  sessionChange(start({ label: 'Minecraft', deadline: UNTIL })),
  sessionChange({
    ...{ type: 'import_session', ...SESSION, run: 'r-1', startedAt: UNTIL, lastReportedAt: UNTIL },
    ...{ warningsIssuedMs: [], played: [] },
  }),
  sessionChange(report({})),
  sessionChange({ type: 'warn_session', ...SESSION, run: 'r-1', thresholdMs: 1 }),
  sessionChange({ type: 'extend_session', ...SESSION, run: 'r-1', deadline: UNTIL }),
  sessionChange({ ...report({}), type: 'end_session', reason: { type: 'expired' } }),
  sessionChange({ type: 'recover_session', ...SESSION, silentForMs: 1, cooldownMs: 1 }),
  sessionChange({ type: 'continue_session', ...SESSION, from: 'r-1', run: 'r-2', active: [] }),
  within('reserve', { day: DAY, upToMs: 1, limits: [{ limitMs: 1 }] }, (reserve) => start({ reserve })),
  within('limit', { period: 'day', limitMs: 1 }, (limit) =>
    start({ reserve: { day: DAY, upToMs: 1, limits: [limit] } }),
  ),
  within('played', { day: DAY, playedMs: 1 }, (played) => report({ played: [played] })),
  within('jump', { report: 1, wallMs: 1, monotonicMs: 1 }, (jump) => report({ jumps: [jump] })),
  condition({ type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1 }),
  condition({ type: 'no_cooldown', entryId: 'minecraft' }),
  condition({ type: 'snapshot_revision_is', revision: 0 }),
  condition({ type: 'no_open_session' }),
  ['query of listSessions', {}, (store, value) => store.listSessions(value)],
  [
    'after of listSessions',
    { startedAt: UNTIL, scope: 'default', sessionId: 's-1' },
    (store, value) => store.listSessions({ after: value }),
  ],
  ['query of listUsage', { from: DAY, to: DAY }, (store, value) => store.listUsage(value)],
  ['query of listAudits', {}, (store, value) => store.listAudits(value)],
  ['query of readAudits', {}, (store, value) => firstOf(store.readAudits(value))],
  ['options of verifyAudits', {}, (store, value) => store.verifyAudits(value)],
  ['expectedHead', { id: 1, hash: '0'.repeat(64) }, (store, value) => store.verifyAudits({ expectedHead: value })],
  ['options of check', {}, (store, value) => store.check(value)],
  ['expectedHead of check', { id: 1, hash: '0'.repeat(64) }, (store, value) => store.check({ expectedHead: value })],
  ['as of view', {}, (store, value) => store.view(value)],
  ['options of startSession', { entryId: 'minecraft' }, (store, value) => startSession(store, value)],
  [
    'strict of startSession',
    { limits: [{ limitMs: 1 }], sliceMs: 1 },
    (store, value) => startSession(store, { entryId: 'minecraft', strict: value }),
  ],
  ['options of continueSession', {}, (store, value) => continueSession(store, value)],
  ['options of recoverSession', {}, (store, value) => recoverSession(store, value)],
]
/** Of these a whole record will do, whatever else it holds. */
const RECORDS: readonly string[] = ['expectedHead', 'expectedHead of check', 'after of listSessions']

export const argumentCases: readonly CaseDefinition[] = [
  {
    id: 'arguments/fields/unknown-ones-are-refused',
    prevents: 'a condition with a typing error in its name, which is then no condition at all',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        OBJECTS.filter(([what]) => !RECORDS.includes(what)).map(
          ([what, good, call]) => [what, () => call(store, { ...good, iff: 1 } as never)] as const,
        ),
      )
      await storesNothing(t, store)
    },
  },
  {
    id: 'arguments/objects/what-is-none-is-refused',
    prevents: 'a raw TypeError, or a claim that the outcome is unknown, for a mistake of the caller',
    async run(t) {
      const store = await t.open()
      for (const none of [null, 7, 'x', []]) {
        await refusesEach(
          OBJECTS.map(([what, , call]) => [`${what}: ${String(none)}`, () => call(store, none as never)]),
        )
      }
      await storesNothing(t, store)
    },
  },
  {
    id: 'arguments/objects/what-throws-when-it-is-read-is-refused',
    prevents: 'a claim that a write may have taken effect, when its argument could not even be read',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        OBJECTS.flatMap(([what, good, call]) => [
          [`${what}: a revoked proxy`, () => call(store, revoked(good) as never)] as const,
          [`${what}: getters that throw`, () => call(store, throwing(good) as never)] as const,
        ]),
      )
      await refusesEach([
        ['a proxy of a Date', () => store.setCooldownUntil('minecraft', new Proxy(UNTIL, {}))],
        [
          'what has only the form of a Date',
          () => store.setCooldownUntil('minecraft', Object.create(Date.prototype) as Date),
        ],
      ])
      await storesNothing(t, store)
    },
  },
  {
    id: 'arguments/arrays/of-a-class-with-ideas-of-its-own',
    prevents: 'conditions that vanish, or changes that are not those that were looked at',
    async run(t) {
      const store = await t.open()
      const condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 0 } as const
      const refused = await store.commit([ADD], { if: Forgetful.from([condition]) })
      assert.equal(refused.applied, false)
      await store.commit(Forgetful.from([ADD]))
      assert.equal(await store.getUsage('minecraft', DAY), 1)
    },
  },
  {
    id: 'arguments/events/inherited-fields-are-none',
    prevents: 'a record that its own digest does not cover, so that the log counts as tampered with',
    async run(t) {
      const store = await t.open()
      await store.appendAudit(new Started())
      const [record] = await t.place.raw.audits()
      assert.equal(record?.text, '{"type":"service_started"}')
      assert.equal((await store.verifyAudits()).intact, true)
    },
  },
  {
    id: 'arguments/events/are-read-once',
    prevents: 'a record that the store itself cannot read, since its event changed between the check and the writing',
    async run(t) {
      const store = await t.open()
      const answers: readonly JsonObject[] = [{ a: 1 }, { a: undefined } as never, [] as never]
      let reads = 0
      const event = {
        type: 'other',
        name: 'changeable',
        get data() {
          return answers[reads++] ?? {}
        },
      } as const
      await store.appendAudit(event)
      const [record] = await store.listAudits()
      assert.deepEqual(record?.event, { type: 'other', name: 'changeable', data: { a: 1 } })
    },
  },
  {
    id: 'arguments/queries/inherited-fields-count-everywhere',
    prevents: 'a filter that one method knows, and another passes over',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'service_started' })
      const query = new OfNobody()
      assert.deepEqual(await store.listAudits(query), [])
      assert.deepEqual(await collect(store.readAudits(query)), [])
    },
  },
  {
    id: 'arguments/events/shared-parts-count-as-often-as-they-are-written',
    prevents: 'an event that is small in memory and endless as JSON, over which the whole process stands still',
    async run(t) {
      const store = await t.open()
      let data: JsonObject = {}
      for (let level = 0; level < 60; level += 1) data = { a: data, b: data }
      await rejectsWith(store.appendAudit({ type: 'other', name: 'tree', data }), 'INVALID_ARGUMENT', 'not_applied')
      const long = { texts: Array.from({ length: 20_000 }, () => TEXT) }
      const error = await rejectsWith(
        store.appendAudit({ type: 'other', name: 'list', data: long }),
        'INVALID_ARGUMENT',
      )
      assert.match(error.message, /takes more than 65536 bytes/)
      await storesNothing(t, store)
    },
  },
]

async function firstOf(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item
  return undefined
}
