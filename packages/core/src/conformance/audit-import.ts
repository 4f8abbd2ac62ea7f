import assert from 'node:assert/strict'
import type { AuditEvent, OriginalRecord } from '../audit.ts'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const event: AuditEvent = { type: 'warning_issued', sessionId: 's-1', thresholdMs: 300_000 }
/** As the crate wrote it: nanoseconds, an offset, seconds, its own order of keys, blanks, a key of a newer version. */
const original: OriginalRecord = {
  id: 4_711,
  timestamp: '2024-02-29T23:59:59.123456789+00:00',
  event: '{ "type": "warning_issued",\n\t"threshold_seconds": 300, "session_id": "s-1", "new_key": {"é": "😀"} }',
}
const timestamp = new Date('2024-02-29T23:59:59.123Z')

export const auditImportCases: readonly CaseDefinition[] = [
  {
    id: 'audit/import/keeps-time-id-and-text',
    prevents: 'an import that rewrites history, so that nobody can compare it with its source',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      const { audits } = await store.commit([{ type: 'import_audit', timestamp, event, original }])
      const [record] = audits
      const expected = { id: 1, timestamp, node: 'pc-1', scope: 'anna', event, hash: record?.hash, original }
      assert.deepEqual(record, expected)
      assert.deepEqual(await store.listAudits(), [expected])
      const [raw] = await t.place.raw.audits()
      assert.equal(raw?.timestamp, '2024-02-29T23:59:59.123Z')
      assert.equal(raw?.text, '{"session_id":"s-1","threshold_ms":300000,"type":"warning_issued"}')
    },
  },
  {
    id: 'audit/import/any-text-comes-back',
    prevents: 'a source whose odd records are respelled or stop the import',
    async run(t) {
      const store = await t.open()
      const texts = [
        '',
        ' ',
        'not JSON at all',
        '{"a":1,"a":2}',
        '1e400',
        '\u0001\u007f\n\r\n',
        '😀\ufeff\ufffd',
        "';--",
        '\\u0000',
      ]
      const ids = [0, -1, 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
      const originals = [
        ...texts.map((text) => ({ id: 1, timestamp: text, event: text })),
        ...ids.map((id) => ({ id, timestamp: 'yesterday', event: '{}' })),
      ]
      await store.commit(originals.map((each) => ({ type: 'import_audit', timestamp, event, original: each })))
      const records = await store.listAudits()
      assert.deepEqual(
        records.map((record) => record.original),
        originals,
      )
    },
  },
  {
    id: 'audit/import/stands-where-it-was-committed',
    prevents: 'an import of old records shifting the ids of those that are there',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'service_started' })
      await store.commit([
        { type: 'import_audit', timestamp, event, original },
        { type: 'append_audit', event: { type: 'service_stopped' } },
      ])
      const records = await store.listAudits()
      assert.deepEqual(
        records.map((record) => [record.id, record.timestamp.toISOString(), record.event.type, record.original?.id]),
        [
          [1, '2026-11-23T10:00:00.000Z', 'service_started', undefined],
          [2, '2024-02-29T23:59:59.123Z', 'warning_issued', 4_711],
          [3, '2026-11-23T10:00:00.000Z', 'service_stopped', undefined],
        ],
      )
      assert.deepEqual(
        records.map((record) => 'original' in record),
        [false, true, false],
      )
    },
  },
  {
    id: 'audit/import/does-not-share-anything-with-the-caller',
    prevents: 'an importer that reuses its objects changing what it imported',
    async run(t) {
      const store = await t.open()
      const time = new Date(timestamp)
      const own = { ...original }
      const importing = store.commit([{ type: 'import_audit', timestamp: time, event, original: own }])
      time.setTime(0)
      own.event = '{}'
      const [returned] = (await importing).audits
      const careless = returned?.original as { id: number; event: string } | undefined
      if (careless !== undefined) careless.event = '[]'
      returned?.timestamp.setTime(1)
      const [record] = await store.listAudits()
      assert.deepEqual([record?.timestamp, record?.original], [timestamp, original])
    },
  },
  {
    id: 'audit/import/original-text-up-to-the-payload-limit',
    prevents: 'the end of a long record being cut off at the import',
    async run(t) {
      const store = await t.open()
      const longest = `${'é'.repeat(32_767)}xx`
      await store.commit([{ type: 'import_audit', timestamp, event, original: { ...original, event: longest } }])
      await rejectsWith(
        store.commit([{ type: 'import_audit', timestamp, event, original: { ...original, event: `${longest}x` } }]),
        'INVALID_ARGUMENT',
        'not_applied',
      )
      const records = await store.listAudits()
      assert.deepEqual(
        records.map((record) => record.original?.event),
        [longest],
      )
    },
  },
  {
    id: 'audit/import/malformed-originals-are-refused',
    prevents: 'a record without its source, with a time that nobody vouches for',
    async run(t) {
      const store = await t.open()
      const originals: readonly (readonly [what: string, original: unknown])[] = [
        ['none', undefined],
        ['null', null],
        ['a text', '{}'],
        ['no id', { ...original, id: undefined }],
        ['a text for an id', { ...original, id: '4711' }],
        ['a fraction for an id', { ...original, id: 0.5 }],
        ['an unsafe id', { ...original, id: 2 ** 53 }],
        ['no timestamp', { ...original, timestamp: undefined }],
        ['a Date for a text', { ...original, timestamp }],
        ['NUL in the timestamp', { ...original, timestamp: '2024\0' }],
        ['no event', { ...original, event: undefined }],
        ['an object for a text', { ...original, event: {} }],
        ['NUL in the event', { ...original, event: '{"a":"\0"}' }],
        ['a lone surrogate', { ...original, event: '\ud83d' }],
      ]
      await refusesEach(
        originals.map(([what, each]) => [
          what,
          () => store.commit([{ type: 'import_audit', timestamp, event, original: each as never }]),
        ]),
      )
      const times: readonly unknown[] = [undefined, null, 0, '2024-02-29', new Date(Number.NaN), new Date(-1)]
      await refusesEach(
        times.map((time) => [
          `timestamp ${String(time)}`,
          () => store.commit([{ type: 'import_audit', timestamp: time as never, event, original }]),
        ]),
      )
      await storesNothing(t, store)
    },
  },
]
