import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { logOf, openTestStore, plainAudits, type Value, writeRustDatabase } from './rust-database.ts'
import { HOUSEHOLD, json } from './rust-rows.ts'

describe('usage', () => {
  test('is booked by a node of its own, in whole seconds as the source has it', async () => {
    const { store } = await openTestStore()
    await store.addUsage('prism-launcher', '2025-12-26', 1_000)
    const { node, counts } = await importRustStore(writeRustDatabase(HOUSEHOLD), store)
    expect(counts.usage).toEqual({ found: 2, unreadable: 0, totalMs: 5_399_000, addedMs: 5_399_000, alreadyThereMs: 0 })
    expect(await store.listUsage({ from: '2025-12-01', to: '2026-01-01', by: ['day', 'entry', 'node'] })).toMatchObject(
      [
        { day: '2025-12-26', entryId: 'prism-launcher', node: 'local', durationMs: 1_000 },
        { day: '2025-12-26', entryId: 'prism-launcher', node, durationMs: 1_799_000 },
        { day: '2025-12-27', entryId: 'lofi / "é🎵"', node, durationMs: 3_600_000 },
      ],
    )
  })

  test('stays booked, and is reported, when the source has less of it than before', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(1), usage: [['lofi', '2026-06-24', 60]] })
    await importRustStore(path, store)
    writeRustDatabase({ usage: [['lofi', '2026-06-24', 10]] }, { path })
    const report = await importRustStore(path, store)
    expect(report.problems.list).toMatchObject([{ table: 'usage', row: 1 }])
    expect(await store.getUsage('lofi', '2026-06-24')).toBe(60_000)
  })

  test('that would carry a day past 2^53 - 1 ms is kept apart, and the rest of its batch is booked once', async () => {
    const { store, again } = await openTestStore()
    await store.addUsage('absurd', '2026-06-24', 1_000)
    const rest = Array.from({ length: 300 }, (_, index): readonly Value[] => [`entry-${index}`, '2026-06-24', 60])
    const path = writeRustDatabase({
      audits: plainAudits(1),
      usage: [...rest.slice(0, 10), ['absurd', '2026-06-24', 9_007_199_254_740], ...rest.slice(10)],
      cooldowns: [['lofi', '2026-06-25T00:00:00Z']],
      snapshot: HOUSEHOLD.snapshot,
    })
    const dry = await importRustStore(path, store, { dryRun: true })
    const report = await importRustStore(path, store)
    expect(dry).toEqual({ ...report, dryRun: true })
    expect(report.counts).toMatchObject({
      usage: { found: 301, unreadable: 1, totalMs: 18_000_000, addedMs: 18_000_000, alreadyThereMs: 0 },
      cooldowns: { imported: 1 },
      snapshot: { result: 'saved' },
    })
    expect(report.problems).toMatchObject({ count: 1, list: [{ table: 'usage', row: 11, quarantined: 'whole' }] })
    expect(report.problems.list[0]?.problem).toContain('1000 ms that are booked: the day would pass 2^53 - 1 ms')

    const repeated = await importRustStore(path, await again())
    expect(repeated.counts.usage).toMatchObject({ unreadable: 1, addedMs: 0, alreadyThereMs: 18_000_000 })
    expect(await store.listUsage({ from: '2026-06-24', to: '2026-06-25' })).toMatchObject([{ durationMs: 18_001_000 }])
    expect((await logOf(store)).filter(({ event }) => event.type === 'other')).toHaveLength(1)
  })

  test('of years far apart is booked, more rows than one batch holds', async () => {
    const { store } = await openTestStore()
    const days = ['1970-01-01', '2026-06-24', '9999-12-30']
    const entries = Array.from({ length: 200 }, (_, index) => index)
    const usage = days.flatMap((day) => entries.map((index): readonly Value[] => [`entry-${index}`, day, index]))
    const report = await importRustStore(writeRustDatabase({ usage }), store)
    expect(report.counts.usage).toMatchObject({ found: 600, unreadable: 0, addedMs: 59_700_000 })
    expect(await store.getUsage('entry-199', '9999-12-30')).toBe(199_000)
  })

  test('is compared with the sums of session_ended: cut, not booked, overbooked, never ended', async () => {
    const { store } = await openTestStore()
    const ended = (id: number, timestamp: string, entry: string, secs: number, nanos: number): readonly Value[] => [
      id,
      timestamp,
      json('session_ended', {
        session_id: `s${id}`,
        entry_id: entry,
        reason: { type: 'expired' },
        duration: { secs, nanos },
      }),
    ]
    const audits = [
      ended(1, '2026-10-24T23:30:00+02:00', 'cut', 1_799, 999_000_000),
      ended(2, '2026-10-24T23:40:00+02:00', 'cut', 0, 999_000_000),
      ended(3, '2026-10-25T00:10:00+02:00', 'lost', 600, 0),
      ended(4, '2026-10-25T23:30:00+01:00', 'more', 100, 0),
      ended(5, '2026-10-25T23:40:00+01:00', 'equal', 100, 0),
      [6, '2026-10-26T08:00:00+01:00', '{"type":"session_started","session_id":"crashed","entry_id":"lost"}'],
    ]
    const usage = [
      ['cut', '2026-10-24', 1_799],
      ['more', '2026-10-25', 130],
      ['equal', '2026-10-25', 100],
    ]
    const { comparison } = await importRustStore(writeRustDatabase({ audits, usage }), store)
    expect(comparison).toEqual({
      endedMs: 2_600_998,
      bookedMs: 2_029_000,
      cutMs: 1_998,
      notBookedMs: 600_000,
      overbookedMs: 30_000,
      differences: {
        count: 3,
        list: [
          { entryId: 'lost', day: '2026-10-25', sessions: 1, endedMs: 600_000, bookedMs: 0, problem: 'not_booked' },
          {
            entryId: 'more',
            day: '2026-10-25',
            sessions: 1,
            endedMs: 100_000,
            bookedMs: 130_000,
            problem: 'overbooked',
          },
          {
            entryId: 'cut',
            day: '2026-10-24',
            sessions: 2,
            endedMs: 1_800_998,
            bookedMs: 1_799_000,
            problem: 'cut_to_seconds',
          },
        ],
      },
      sessionsWithoutEnd: {
        count: 1,
        list: [{ sessionId: 'crashed', entryId: 'lost', startedAt: '2026-10-26T07:00:00.000Z' }],
      },
    })
  })
})
