import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { logOf, openTestStore, plainAudits, writeRustDatabase } from './rust-database.ts'

const AT = '2026-01-01T00:00:00Z'

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}

function nestedObjects(levels: number): string {
  return `${'{"x":'.repeat(levels)}0${'}'.repeat(levels)}`
}

describe('JSON nested so deep that a reader of it would run out of stack', () => {
  test.each([
    ['an event', nested(20_000)],
    ['an event of objects', nestedObjects(20_000)],
    ['a field of an event', `{"type":"policy_loaded","entry_count":${nested(20_000)}}`],
    ['a field that nobody reads', `{"type":"service_started","x":${nested(20_000)}}`],
    ['the type of an event', `{"type":${nested(20_000)}}`],
    ['an unknown event', `{"type":"odd","x":${nestedObjects(20_000)}}`],
    ['a reason', `{"type":"launch_denied","entry_id":"e","reasons":[${nested(20_000)}]}`],
    ['more than a record holds', nested(1_000_000)],
  ])('is kept in quarantine, and the rest is imported: %s', async (_, event) => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({
      audits: [...plainAudits(1), [2, AT, event], ...plainAudits(1, 3)],
      usage: [['lofi', '2026-01-01', 60]],
    })
    const { counts, problems } = await importRustStore(path, store)
    expect(counts).toMatchObject({ audits: { imported: 3, unreadable: 1 }, usage: { addedMs: 60_000 } })
    const problem = 'event_json is nested deeper than 127 levels'
    expect(problems.list).toMatchObject([{ table: 'audit_log', row: 2, problem }])
    const [, record] = await logOf(store)
    expect(record).toMatchObject({ event: { name: 'rust_row_unreadable' }, original: { id: 2 } })
    expect((await importRustStore(path, store)).counts.audits.imported).toBe(0)
  })

  test('is kept in quarantine in the data of the README schema', async () => {
    const { store } = await openTestStore()
    const audits = [[1, AT, 'PolicyLoaded', `{"PolicyLoaded":${nested(20_000)}}`]]
    const { problems } = await importRustStore(writeRustDatabase({ audits }, { schema: 'readme' }), store)
    expect(problems.list).toMatchObject([{ row: 1, quarantined: 'whole' }])
  })

  test.each([
    ['its time', `{"timestamp":${nested(20_000)}}`],
    ['its session', `{"timestamp":"${AT}","active_session":${nestedObjects(20_000)}}`],
    ['its warnings', `{"timestamp":"${AT}","active_session":{"warnings_issued":[${nested(20_000)}]}}`],
  ])('is kept in quarantine in a snapshot: %s', async (_, snapshot) => {
    const { store } = await openTestStore()
    const { counts, problems } = await importRustStore(writeRustDatabase({ snapshot }), store)
    expect(counts.snapshot.result).toBe('unreadable')
    expect(problems.list).toMatchObject([{ table: 'snapshot', row: 1 }])
  })

  test('begins where the reader of the crate gives up, beyond 127 levels', async () => {
    const { store } = await openTestStore()
    const started = (levels: number): string => `{"type":"service_started","x":${nested(levels)}}`
    const audits = [
      [1, AT, started(126)],
      [2, AT, started(127)],
    ]
    await importRustStore(writeRustDatabase({ audits }), store)
    expect((await logOf(store)).map(({ event }) => event.type)).toEqual(['service_started', 'other'])
  })
})
