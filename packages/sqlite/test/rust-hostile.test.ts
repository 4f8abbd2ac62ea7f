import type { AuditRecord } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { logOf, openTestStore, type Value, writeRustDatabase } from './rust-database.ts'

const GOOD = '{"type":"service_started"}'
const AT = '2026-01-01T00:00:00Z'

describe('a row of the log that cannot be read', () => {
  const ended = '{"type":"session_ended","session_id":"s","entry_id":"e"'
  const events: readonly (readonly [what: string, event: Value])[] = [
    ['NULL', null],
    ['bytes', Buffer.from([0x7b, 0x00, 0xff])],
    ['an integer', 7n],
    ['a fraction', 7.5],
    ['an empty text', ''],
    ['no JSON', '{"type":'],
    ['NUL in the text', '{"type":"service_started"}\0'],
    ['a JSON that is no object', '["service_started"]'],
    ['no type', '{"entry_count":1}'],
    ['a type that is no text', '{"type":5}'],
    ['an empty type', '{"type":""}'],
    ['a type of 257 bytes', `{"type":"${'x'.repeat(257)}"}`],
    ['a missing field', '{"type":"policy_loaded"}'],
    ['a field of another type', '{"type":"policy_loaded","entry_count":"nine"}'],
    ['a number beyond 2^53', '{"type":"policy_loaded","entry_count":9007199254740993}'],
    ['a negative count', '{"type":"policy_loaded","entry_count":-1}'],
    ['an empty id', '{"type":"client_disconnected","client_id":""}'],
    ['an id with NUL', '{"type":"client_disconnected","client_id":"a\\u0000b"}'],
    ['an id of 257 bytes', `{"type":"client_disconnected","client_id":"${'x'.repeat(257)}"}`],
    ['half a character', '{"type":"session_started","session_id":"s","entry_id":"e","label":"\\ud83c"}'],
    [
      'a deadline that does not exist',
      '{"type":"session_started","session_id":"s","entry_id":"e","deadline":"2026-02-30T00:00:00Z"}',
    ],
    [
      'a duration beyond 2^53 ms',
      `${ended},"reason":{"type":"expired"},"duration":{"secs":18446744073709551615,"nanos":0}}`,
    ],
    ['a negative duration', `${ended},"reason":{"type":"expired"},"duration":{"secs":-5,"nanos":0}}`],
    ['a duration without nanos', `${ended},"reason":{"type":"expired"},"duration":{"secs":5}}`],
    ['an end without duration or start', `${ended},"reason":{"type":"expired"}}`],
    ['an unknown end', `${ended},"reason":{"type":"bored"},"duration":{"secs":1,"nanos":0}}`],
    ['an inherited name as end', `${ended},"reason":{"type":"toString"},"duration":{"secs":1,"nanos":0}}`],
    ['65 reasons', `{"type":"launch_denied","entry_id":"e","reasons":${JSON.stringify(Array(65).fill('no'))}}`],
    ['JSON nested too deep', `{"type":"odd","x":${'['.repeat(70)}${']'.repeat(70)}}`],
    ['a type inherited from Object', '{"type":"constructor","toJSON":1}'],
  ]

  test.each(events)('is kept in its place, and the rest goes on: %s', async (_, event) => {
    const { store } = await openTestStore()
    const report = await importRustStore(
      writeRustDatabase({
        audits: [
          [1, AT, GOOD],
          [2, AT, event],
          [3, AT, GOOD],
        ],
      }),
      store,
    )
    expect(report.counts.audits).toMatchObject({ found: 3, imported: 3, unreadable: 1 })
    expect(report.problems.list).toMatchObject([{ table: 'audit_log', row: 2, quarantined: 'whole' }])
    const records = await logOf(store)
    expect(records.map(({ original, timestamp }) => [original?.id, timestamp])).toEqual(
      [1, 2, 3].map((id) => [id, new Date(AT)]),
    )
    const data = { table: 'audit_log', row: 2, problem: report.problems.list[0]?.problem }
    expect(records[1]?.event).toMatchObject({ type: 'other', name: 'rust_row_unreadable', data })
    // Its text is the original's, or where that cannot hold it the event's.
    const kept =
      typeof event === 'string' && !event.includes('\0') && event !== ''
        ? [event, {}]
        : ['', { event_json: shown(event) }]
    expect([records[1]?.original?.event, columnsOf(records[1])]).toEqual(kept)
    expect(
      (
        await importRustStore(
          writeRustDatabase({
            audits: [
              [1, AT, GOOD],
              [2, AT, event],
              [3, AT, GOOD],
            ],
          }),
          store,
        )
      ).counts.audits.imported,
    ).toBe(0)
  })

  test('takes the time of the row before it, or else of the first that has one, and says whose', async () => {
    const { store } = await openTestStore()
    const audits = [
      [1, 'yesterday', GOOD],
      [2, null, GOOD],
      [3, '2026-01-03T00:00:00Z', GOOD],
      [4, '2026-01-04T00:00:00Z', 'not JSON'],
      [5, Buffer.from('2026-01-05T00:00:00Z'), GOOD],
      [6, '1969-12-31T23:59:59Z', GOOD],
    ]
    await importRustStore(writeRustDatabase({ audits }), store)
    const records = await logOf(store)
    expect(records.map(({ timestamp }) => timestamp.toISOString().slice(0, 10))).toEqual([
      '2026-01-03',
      '2026-01-03',
      '2026-01-03',
      '2026-01-04',
      '2026-01-04',
      '2026-01-04',
    ])
    expect(records.map((record) => dataOf(record)['time_of_row'])).toEqual([3, 3, undefined, undefined, 4, 4])
    expect(records.map(({ original }) => original?.timestamp)).toEqual([
      'yesterday',
      '',
      '2026-01-03T00:00:00Z',
      '2026-01-04T00:00:00Z',
      '',
      '1969-12-31T23:59:59Z',
    ])
  })

  test('is dated 1970 where no row has a time', async () => {
    const { store } = await openTestStore()
    await importRustStore(writeRustDatabase({ audits: [[1, 'once', GOOD]] }), store)
    const [record] = await logOf(store)
    expect([record?.timestamp.getTime(), record && dataOf(record)['time_of_row']]).toEqual([0, null])
  })

  test('that is larger than a record is named by its size and digest, and reported as kept in part', async () => {
    const { store } = await openTestStore()
    const large = `{"type":"odd","x":"${'x'.repeat(65_536)}"}`
    const report = await importRustStore(
      writeRustDatabase({
        audits: [
          [1, AT, large],
          [2, AT, Buffer.alloc(20_000, 1)],
        ],
      }),
      store,
    )
    expect(report.problems.list).toMatchObject([
      { row: 1, quarantined: 'in_part' },
      { row: 2, quarantined: 'whole' },
    ])
    const [first, second] = await logOf(store)
    expect(columnsOf(first)).toEqual({
      event_json: { omitted_bytes: large.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(columnsOf(second)).toEqual({ event_json: `x'${'01'.repeat(20_000)}'` })
  })

  test('whose text is not in the encoding of the database is kept as its bytes', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: [[1, AT, GOOD]] })
    const db = new Database(path)
    db.prepare('INSERT INTO audit_log VALUES (2, ?, CAST(? AS TEXT))').run(
      AT,
      Buffer.from('{"type":"caf\xe9"}', 'latin1'),
    )
    db.close()
    await importRustStore(path, store)
    expect(columnsOf((await logOf(store))[1])).toEqual({
      event_json: `x'${Buffer.from('{"type":"caf\xe9"}', 'latin1').toString('hex')}'`,
    })
  })

  test('with an id that no record can hold is reported', async () => {
    const { store } = await openTestStore()
    const audits = [
      [-(2n ** 63n), AT, GOOD],
      [-5, AT, GOOD],
      [0, AT, GOOD],
      [1, AT, GOOD],
      [2n ** 63n - 1n, AT, GOOD],
    ]
    const report = await importRustStore(writeRustDatabase({ audits }, { schema: 'crate' }), store)
    expect((await logOf(store)).map(({ original }) => original?.id)).toEqual([-5, 0, 1])
    expect(report.problems.list).toMatchObject([
      { row: '-9223372036854775808', quarantined: 'no' },
      { row: '9223372036854775807', quarantined: 'no' },
    ])
  })

  test('of the README schema keeps both of its columns', async () => {
    const { store } = await openTestStore()
    const audits = [
      [1, AT, 'PolicyLoaded', '{"type":"service_started"}'],
      [2, AT, null, GOOD],
      [3, AT, 'PolicyLoaded', ''],
    ]
    const report = await importRustStore(writeRustDatabase({ audits }, { schema: 'readme' }), store)
    expect(report.problems.list.map(({ quarantined }) => quarantined)).toEqual(['whole', 'whole', 'whole'])
    const records = await logOf(store)
    expect(records.map(({ original }) => original?.event)).toEqual([
      `PolicyLoaded {"type":"service_started"}`,
      '',
      'PolicyLoaded ',
    ])
    expect(columnsOf(records[1])).toEqual({ event_type: null, event_data: GOOD })
  })
})

describe('a row of another table that cannot be read', () => {
  const usage: readonly (readonly Value[])[] = [
    ['', '2026-01-01', 1],
    ['x'.repeat(257), '2026-01-01', 1],
    ['a\0b', '2026-01-01', 1],
    [null, '2026-01-01', 1],
    [Buffer.from('e'), '2026-01-01', 1],
    ['e', '2026-02-30', 1],
    ['e', '1.1.2026', 1],
    ['e', '9999-12-31', 1],
    ['e', 20_260_101n, 1],
    ['e', null, 1],
    ['e', '2026-01-02', -5],
    ['e', '2026-01-03', 1.5],
    ['e', '2026-01-04', 'an hour'],
    ['e', '2026-01-05', null],
    ['e', '2026-01-06', 2n ** 62n],
    ['e', '2026-01-07', Buffer.from('1')],
  ]
  const cooldowns: readonly (readonly Value[])[] = [
    ['', AT],
    ['e', 'soon'],
    ['f', null],
    ['g', 1_767_225_600n],
    ['h', '12026-01-01T00:00:00Z'],
    [null, AT],
  ]

  test('is in quarantine once, however often it is imported, and the rest goes on', async () => {
    const { store, clock, rows } = await openTestStore()
    const good: readonly Value[] = ['good', '2026-01-01', 60]
    const snapshot = '{"timestamp":"2026-01-01T00:00:00Z","active_session":{"session_id":"s"}}'
    const path = writeRustDatabase({
      audits: [[1, AT, GOOD]],
      usage: [...usage, good],
      cooldowns: [...cooldowns, ['good', AT]],
      snapshot,
    })
    const report = await importRustStore(path, store)
    expect(report.counts).toEqual({
      audits: { found: 1, imported: 1, alreadyThere: 0, unreadable: 0 },
      usage: { found: 17, unreadable: 16, totalMs: 60_000, addedMs: 60_000, alreadyThereMs: 0 },
      cooldowns: { found: 7, imported: 1, alreadyThere: 0, unreadable: 6 },
      snapshot: { found: 1, unreadable: 1, result: 'unreadable' },
    })
    expect(report.problems.count).toBe(23)
    const records = (await logOf(store)).slice(1)
    expect(records.map((record) => columnsOf(record))).toEqual([
      ...usage.map(([entry_id, day, duration_secs]) => ({
        entry_id: shown(entry_id),
        day: shown(day),
        duration_secs: shown(duration_secs),
      })),
      ...cooldowns.map(([entry_id, until]) => ({ entry_id: shown(entry_id), until: shown(until) })),
      { id: '1', snapshot_json: snapshot },
    ])

    clock.advance(31 * 86_400_000)
    // Operation ids are forgotten after 30 days, by those who write others.
    for (let id = 0; id < 30; id += 1) await store.addUsage('other', '2026-11-24', 1, { operationId: `other-${id}` })
    const before = rows()
    const { counts } = await importRustStore(path, store)
    expect(counts.usage).toMatchObject({ unreadable: 16, addedMs: 0 })
    expect(rows()).toEqual(before)
  })

  test('does not hide where the log was imported to', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: [[1, AT, GOOD]], usage })
    await importRustStore(path, store)
    writeRustDatabase({ audits: [[2, AT, GOOD]] }, { path })
    expect((await importRustStore(path, store)).counts.audits).toMatchObject({ imported: 1, alreadyThere: 1 })
  })
})

function dataOf(record: AuditRecord): Readonly<Record<string, unknown>> {
  return record.event.type === 'other' ? record.event.data : {}
}

function columnsOf(record: AuditRecord | undefined): unknown {
  return record && dataOf(record)['columns']
}

/** A column's content as a quarantine record has it. */
function shown(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null
  return Buffer.isBuffer(value) ? `x'${value.toString('hex')}'` : String(value)
}
