import assert from 'node:assert/strict'
import type { Store } from '../store.ts'
import type { JsonObject } from '../values.ts'
import { collect, refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const EVENT = { type: 'service_started' } as const
const ADD = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 } as const
const UNTIL = new Date('2026-11-23T12:00:00.000Z')
const ORIGINAL = { id: 1, timestamp: '2026-11-23', event: '{}' }

/** Every argument that is an object, as a caller without types would pass it. */
const OBJECTS: readonly (readonly [what: string, good: object, call: (store: Store, value: never) => unknown])[] = [
  ['options of appendAudit', {}, (store, value) => store.appendAudit(EVENT, value)],
  ['options of addUsage', {}, (store, value) => store.addUsage('minecraft', DAY, 1, value)],
  ['options of commit', {}, (store, value) => store.commit([ADD], value)],
  ['append_audit', { type: 'append_audit', event: EVENT }, (store, value) => store.commit([value])],
  [
    'import_audit',
    { type: 'import_audit', timestamp: UNTIL, event: EVENT, original: ORIGINAL },
    (store, value) => store.commit([value]),
  ],
  ['add_usage', ADD, (store, value) => store.commit([value])],
  [
    'set_cooldown',
    { type: 'set_cooldown', entryId: 'minecraft', until: UNTIL },
    (store, value) => store.commit([value]),
  ],
  [
    'extend_cooldown',
    { type: 'extend_cooldown', entryId: 'minecraft', until: UNTIL },
    (store, value) => store.commit([value]),
  ],
  ['clear_cooldown', { type: 'clear_cooldown', entryId: 'minecraft' }, (store, value) => store.commit([value])],
  ['save_snapshot', { type: 'save_snapshot', snapshot: { timestamp: UNTIL } }, (store, value) => store.commit([value])],
  [
    'usage_below',
    { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1 },
    (store, value) => store.commit([ADD], { if: [value] }),
  ],
  [
    'no_cooldown',
    { type: 'no_cooldown', entryId: 'minecraft' },
    (store, value) => store.commit([ADD], { if: [value] }),
  ],
  [
    'snapshot_revision_is',
    { type: 'snapshot_revision_is', revision: 0 },
    (store, value) => store.commit([ADD], { if: [value] }),
  ],
  ['query of listUsage', { from: DAY, to: DAY }, (store, value) => store.listUsage(value)],
  ['query of listAudits', {}, (store, value) => store.listAudits(value)],
  ['query of readAudits', {}, (store, value) => firstOf(store.readAudits(value))],
  ['options of verifyAudits', {}, (store, value) => store.verifyAudits(value)],
  ['expectedHead', { id: 1, hash: '0'.repeat(64) }, (store, value) => store.verifyAudits({ expectedHead: value })],
  ['as of view', {}, (store, value) => store.view(value)],
]

export const argumentCases: readonly CaseDefinition[] = [
  {
    id: 'arguments/fields/unknown-ones-are-refused',
    prevents: 'a condition with a typing error in its name, which is then no condition at all',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        OBJECTS.filter(([what]) => what !== 'expectedHead').map(
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

/** An array whose own `map` and iterator pass over everything. */
class Forgetful<T> extends Array<T> {
  override map<U>(): U[] {
    return []
  }

  override *[Symbol.iterator](): ArrayIterator<T> {
    // Nothing.
  }
}

class OfNobody {
  get node(): string {
    return 'nobody'
  }
}

const TEXT = 'x'.repeat(60_000)

class Started {
  readonly type = 'service_started'

  get entryId(): number {
    return 5
  }
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** Every field of `good` as a getter that throws; where it has none, every field of the options of a write. */
function throwing(good: object): object {
  const getter = {
    enumerable: true,
    get() {
      throw new RangeError('not today')
    },
  }
  const keys = Object.keys(good).length > 0 ? Object.keys(good) : ['scope', 'node', 'operationId', 'expectedHead']
  return Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, getter])))
}

async function firstOf(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item
  return undefined
}
