import assert from 'node:assert/strict'
import type { AuditEvent } from '../audit.ts'
import type { JsonObject, JsonValue } from '../values.ts'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const other = (data: unknown): AuditEvent => ({ type: 'other', name: 'sensor', data: data as JsonObject })

/** Appends `other` events with these data, and asserts that they come back equal: at once, and when the log is read. */
function comesBackEqual(data: readonly unknown[]): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open()
    const events = data.map(other)
    for (const event of events) assert.deepEqual((await store.appendAudit(event)).event, event)
    const records = await store.listAudits()
    assert.deepEqual(
      records.map(({ event }) => event),
      events,
    )
  }
}

/** Asserts that each event is refused, and that nothing is written. */
function isRefused(events: readonly (readonly [what: string, event: unknown])[]): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open()
    await refusesEach(events.map(([what, event]) => [what, () => store.appendAudit(event as never)]))
    await storesNothing(t, store)
  }
}

/** Objects within each other: `levels` of them. */
function nested(levels: number): JsonObject {
  let data: JsonObject = {}
  for (let level = 1; level < levels; level += 1) data = { a: data }
  return data
}

function nestedArrays(levels: number): JsonValue {
  let data: JsonValue = []
  for (let level = 1; level < levels; level += 1) data = [data]
  return data
}

const shared = { a: [1] }
const circular: { self?: unknown } = {}
circular.self = circular

/** What `JSON.stringify` would call, although no loop over the keys meets it. */
function hiddenToJson(value: object): object {
  return Object.defineProperty(value, 'toJSON', { value: () => 'changed' })
}

class Reading {
  readonly value = 1
}

export const auditOtherCases: readonly CaseDefinition[] = [
  {
    id: 'audit/other/data-comes-back-equal',
    prevents: "another service's event losing a part of its data",
    run: comesBackEqual([
      {},
      { a: null, b: true, c: false, d: '', e: [], f: {} },
      { list: [1, 'two', null, [3, [4, []]], { five: { six: 6 } }] },
      { '': 'an empty key', ' ': 'a blank', 'a.b': 'a dot', '0': 'an index', '-1': 'below', '10': 'ten', '9': 'nine' },
      { camelCase: 1, snake_case: 2, 'kebab-case': 3, ALLCAPS: { innerKey: 4 } },
      { type: 'service_started', name: 'x', data: { data: {} }, event: 1, id: 7 },
      { date: '2026-11-23T10:00:00.000Z', number: '1', flag: 'true', nothing: 'null' },
      { once: shared, again: shared },
      { toString: 1, valueOf: 2, hasOwnProperty: 3, constructor: { prototype: 4 }, length: 5 },
    ]),
  },
  {
    id: 'audit/other/a-key-named-proto-is-data',
    prevents: 'a crafted event that changes the prototype of what is read, or loses its key',
    async run(t) {
      const store = await t.open()
      const data = JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":null},"b":[{"__proto__":1}]}') as JsonObject
      await store.appendAudit(other(data))
      const [record] = await store.listAudits()
      assert.deepEqual(record?.event, other(data))
      const read = record?.event.type === 'other' ? record.event.data : {}
      assert.ok(Object.hasOwn(read, '__proto__'))
      assert.equal(Object.getPrototypeOf(read), Object.prototype)
      assert.equal(read['admin'], undefined)
      assert.equal(Object.hasOwn(Object.prototype, 'admin'), false)
    },
  },
  {
    id: 'audit/other/numbers-come-back-equal',
    prevents: 'a measurement being rounded by the database',
    run: comesBackEqual([
      { whole: [0, 1, -1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 2 ** 64, -(2 ** 53)] },
      { parts: [0.1, -0.1, 0.1 + 0.2, 1 / 3, 1e-7, 123_456_789.123_456_79] },
      { ends: [1e21, 1e22, 5e-324, -5e-324, Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON] },
    ]),
  },
  {
    id: 'audit/other/texts-and-keys-keep-every-character',
    prevents: 'a NUL, an emoji or an accent being lost or respelled',
    run: comesBackEqual(
      [
        ['\0', 'a\0b', '\u0001\u001f\u007f', '"\\/\b\f\n\r\t', '\u2028', '\ufeff', '\ufffd\uffff'],
        ['😀👩\u200d👩\u200d👧', 'e\u0301\u00e9', 'שלום'],
      ]
        .flat()
        .map((text) => ({ [text]: text, list: [text], 'e\u0301': 1, '\u00e9': 2 })),
    ),
  },
  {
    id: 'audit/other/what-json-would-change-is-refused',
    prevents: 'a value that reads differently from what was written',
    run: isRefused(
      (
        [
          ['undefined', undefined],
          ['NaN', Number.NaN],
          ['Infinity', Number.POSITIVE_INFINITY],
          ['-Infinity', Number.NEGATIVE_INFINITY],
          ['-0', -0],
          ['a bigint', 1n],
          ['a symbol', Symbol('s')],
          ['a function', () => 1],
          ['a Date', new Date(0)],
          ['a Map', new Map([['a', 1]])],
          ['a Set', new Set([1])],
          ['a RegExp', /a/],
          ['an Error', new Error('x')],
          ['bytes', new Uint8Array([1])],
          ['a boxed text', Object('x')],
          ['a boxed number', Object(1)],
          ['an instance of a class', new Reading()],
          ['a toJSON', { a: 1, toJSON: () => 'changed' }],
          ['a toJSON that does not show', hiddenToJson({ a: 1 })],
          ['a toJSON of an array', hiddenToJson([1])],
          ['a hole', Array(1)],
          ['a hole beside an element', Object.assign(Array(2), { 0: 1 })],
          ['a hole beside a property', Object.assign(Array(2), { 0: 1, extra: 2 })],
          ['a property of an array', Object.assign([1], { extra: 2 })],
          ['a lone surrogate', 'a\ud83d'],
          ['a lone surrogate in a key', { '\ude00': 1 }],
          ['a circle', circular],
        ] as readonly (readonly [string, unknown])[]
      ).flatMap(([what, value]) => [
        [what, other({ value })],
        [`${what} in a list`, other({ list: [{ value }, value] })],
      ]),
    ),
  },
  {
    id: 'audit/other/data-that-is-no-object-is-refused',
    prevents: 'data of a shape that no reader expects',
    run: isRefused([
      ['undefined', other(undefined)],
      ['null', other(null)],
      ['a text', other('a text')],
      ['a number', other(7)],
      ['a flag', other(true)],
      ['an empty list', other([])],
      ['a list of objects', other([{}])],
      ['a Date', other(new Date(0))],
      ['a Map', other(new Map())],
      ['an instance of a class', other(new Reading())],
      ['a toJSON', other({ toJSON: () => ({}) })],
      ['a toJSON that does not show', other(hiddenToJson({}))],
    ]),
  },
  {
    id: 'audit/other/nested-up-to-the-limit',
    prevents: 'an event that can be written and not be read, or one of the documented depth being refused',
    async run(t) {
      const store = await t.open()
      const events = [other(nested(64)), other({ a: nestedArrays(63) })]
      for (const event of events) await store.appendAudit(event)
      for (const deeper of [nested(65), { a: nestedArrays(64) }, nested(10_000)]) {
        await rejectsWith(store.appendAudit(other(deeper)), 'INVALID_ARGUMENT', 'not_applied')
      }
      const records = await store.listAudits()
      assert.deepEqual(
        records.map(({ event }) => event),
        events,
      )
    },
  },
  {
    id: 'audit/other/as-large-as-the-payload-limit',
    prevents: 'the end of a large event being cut off, or one of the documented size being refused',
    async run(t) {
      const store = await t.open()
      const bytesAround = Buffer.byteLength('{"data":{"text":""},"name":"sensor","type":"other"}')
      const room = 65_536 - bytesAround
      // Two bytes each: what counts is bytes.
      const text = 'é'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2)
      await store.appendAudit(other({ text }))
      for (const more of [`${text}x`, `${text}${text}`]) {
        await rejectsWith(store.appendAudit(other({ text: more })), 'INVALID_ARGUMENT', 'not_applied')
      }
      const records = await store.listAudits()
      assert.deepEqual(
        records.map(({ event }) => event),
        [other({ text })],
      )
      const [raw] = await t.place.raw.audits()
      assert.equal(Buffer.byteLength(raw?.text ?? ''), 65_536)
    },
  },
  {
    id: 'audit/other/the-name-of-a-known-type-is-refused',
    prevents: 'an event of another service being read as one of our own',
    run: isRefused(
      (
        [
          'service_started',
          'service_stopped',
          'policy_loaded',
          'config_reloaded',
          'client_connected',
          'client_disconnected',
          'session_started',
          'warning_issued',
          'session_extended',
          'session_ended',
          'launch_denied',
        ] as const
      ).map((name) => [name, { type: 'other', name, data: {} }]),
    ),
  },
  {
    id: 'audit/other/any-other-name-comes-back',
    prevents: "a service's name for its event being taken for something of the language or the store",
    async run(t) {
      const store = await t.open()
      const names = [
        'other',
        'unreadable',
        'constructor',
        '__proto__',
        'toString',
        'Session_Started',
        'sessionStarted',
        'a b',
        '😀',
      ]
      const events = names.map((name) => ({ type: 'other', name, data: { name } }) as const)
      for (const event of events) await store.appendAudit(event)
      const records = await store.listAudits()
      assert.deepEqual(
        records.map(({ event }) => event),
        events,
      )
    },
  },
  {
    id: 'audit/other/fields-beside-data-are-refused',
    prevents: "a part of another service's event being dropped without a word",
    run: isRefused([
      ['a stray field', { type: 'other', name: 'sensor', data: {}, extra: 1 }],
      ['an id', { type: 'other', name: 'sensor', data: {}, entryId: 'minecraft' }],
      ['no name', { type: 'other', data: {} }],
      ['no data', { type: 'other', name: 'sensor' }],
      ['__proto__', JSON.parse('{"type":"other","name":"sensor","data":{},"__proto__":{}}')],
    ]),
  },
  {
    id: 'audit/other/does-not-share-data-with-the-caller',
    prevents: 'a record changing after it was written, because the caller reuses an object',
    async run(t) {
      const store = await t.open()
      const data = { list: [1, 2], inner: { a: 1 } }
      const appending = store.appendAudit(other(data))
      data.list.push(3)
      data.inner.a = 9
      const returned = (await appending).event as unknown as { data: typeof data }
      assert.deepEqual(returned.data, { list: [1, 2], inner: { a: 1 } })
      returned.data.list.push(4)
      returned.data.inner.a = 7
      const [record] = await store.listAudits()
      assert.deepEqual(record?.event, other({ list: [1, 2], inner: { a: 1 } }))
    },
  },
]
