import type { AuditEvent } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { logOf, openTestStore, plainAudits, type Value, writeRustDatabase } from './rust-database.ts'
import { CRATE_ROWS, HOUSEHOLD, json, LOFI, PRISM } from './rust-rows.ts'

/** Other forms of one thing: what is written in the column, and what it means. */
const END_REASONS = [
  ['{"type":"expired"}', { type: 'expired' }],
  ['{"type":"user_stop"}', { type: 'user_stop' }],
  ['{"type":"admin_stop"}', { type: 'admin_stop' }],
  ['{"type":"process_exited","exit_code":-9}', { type: 'process_exited', exitCode: -9 }],
  ['{"type":"process_exited"}', { type: 'process_exited' }],
  ['{"type":"policy_stop"}', { type: 'policy_stop' }],
  ['{"type":"service_shutdown"}', { type: 'service_shutdown' }],
  ['{"type":"launch_failed","error":"no such file"}', { type: 'launch_failed', error: 'no such file' }],
  ['"Expired"', { type: 'expired' }],
] as const

const README_ROWS: readonly (readonly [type: string, data: string, event: AuditEvent])[] = [
  ['DaemonStarted', 'null', { type: 'service_started' }],
  ['service_started', '{}', { type: 'service_started' }],
  ['PolicyLoaded', '{"entry_count":5}', { type: 'policy_loaded', entryCount: 5 }],
  ['policy_loaded', '{"type":"policy_loaded","entry_count":5}', { type: 'policy_loaded', entryCount: 5 }],
  ['PolicyLoaded', '{"PolicyLoaded":{"entry_count":5}}', { type: 'policy_loaded', entryCount: 5 }],
  [
    'SessionStarted',
    `{"session_id":"${LOFI}","entry_id":"lofi"}`,
    { type: 'session_started', sessionId: LOFI, entryId: 'lofi' },
  ],
  [
    'WarningIssued',
    `{"session_id":"${LOFI}","threshold_secs":60}`,
    { type: 'warning_issued', sessionId: LOFI, thresholdMs: 60_000 },
  ],
  // Its entry, and how long it was, say the row of its start, 2 s before.
  [
    'SessionEnded',
    `{"session_id":"${LOFI}","reason":"Expired"}`,
    { type: 'session_ended', sessionId: LOFI, entryId: 'lofi', reason: { type: 'expired' }, durationMs: 2_000 },
  ],
  ['ConfigReloaded', '{"success":true}', { type: 'config_reloaded', success: true }],
  ['ServiceStopped', '"ServiceStopped"', { type: 'service_stopped' }],
  ['ScreenLocked', '{"type":"blank"}', { type: 'other', name: 'ScreenLocked', data: { type: 'blank' } }],
]

describe('the log', () => {
  test('keeps the order, the instants and the text of every type of the crate', async () => {
    const { store } = await openTestStore()
    const report = await importRustStore(writeRustDatabase({ audits: HOUSEHOLD.audits }), store)
    expect(report).toMatchObject({
      schema: 'crate',
      problems: { count: 0 },
      counts: { audits: { found: 15, imported: 15 } },
    })
    const records = await logOf(store)
    expect(records.map(({ event, timestamp, original }) => [event, timestamp.toISOString(), original])).toEqual(
      CRATE_ROWS.map(([timestamp, text, event, instant], index) => [
        event,
        instant,
        { id: index + 1, timestamp, event: text },
      ]),
    )
    expect(records.map(({ node }) => node)).toEqual(records.map(() => report.node))
    expect(await store.verifyAudits()).toMatchObject({ intact: true, checked: 15 })
  })

  test('knows every reason for which a session ends, with its fields or its name alone', async () => {
    const { store } = await openTestStore()
    const audits = END_REASONS.map(([reason], index): readonly Value[] => [
      index + 1,
      '2026-01-01T00:00:00Z',
      `{"type":"session_ended","session_id":"s","entry_id":"e","reason":${reason},"duration":{"secs":1,"nanos":0}}`,
    ])
    await importRustStore(writeRustDatabase({ audits }), store)
    const ended = { type: 'session_ended', sessionId: 's', entryId: 'e', durationMs: 1_000 }
    expect((await logOf(store)).map(({ event }) => event)).toEqual(
      END_REASONS.map(([, reason]) => ({ ...ended, reason })),
    )
  })

  test('reads the schema of the README, with the type inside the data, around it, or only beside it', async () => {
    const { store } = await openTestStore()
    const at = (index: number): string => `2026-01-01T00:00:${String(index).padStart(2, '0')}+01:00`
    const audits = README_ROWS.map(([type, data], index): readonly Value[] => [index + 1, at(index), type, data])
    const report = await importRustStore(writeRustDatabase({ audits }, { schema: 'readme' }), store)
    expect(report).toMatchObject({ schema: 'readme', problems: { list: [] } })
    const records = await logOf(store)
    expect(records.map(({ event }) => event)).toEqual(README_ROWS.map(([, , event]) => event))
    expect(records.map(({ original }) => original?.event)).toEqual(README_ROWS.map(([type, data]) => `${type} ${data}`))
  })

  test('adds nothing when the import is repeated, by another handle and a month later', async () => {
    const { store, again, clock, rows } = await openTestStore()
    const path = writeRustDatabase(HOUSEHOLD)
    await importRustStore(path, store)
    clock.advance(31 * 86_400_000)
    // Operation ids are forgotten after 30 days, by those who write others.
    for (let id = 0; id < 10; id += 1) await store.addUsage('other', '2026-11-24', 1, { operationId: `other-${id}` })
    const before = rows()
    const report = await importRustStore(path, await again())
    expect(rows()).toEqual(before)
    expect(report.counts).toMatchObject({
      audits: { found: 15, imported: 0, alreadyThere: 15 },
      usage: { found: 2, addedMs: 0, alreadyThereMs: 5_399_000 },
      cooldowns: { found: 1, imported: 0, alreadyThere: 1 },
      snapshot: { found: 1, result: 'already_there' },
    })
  })

  test('takes what the source has more than at the last import, and nothing twice', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(300), usage: [['lofi', '2026-06-24', 60]] })
    const first = await importRustStore(path, store)
    writeRustDatabase(
      {
        audits: plainAudits(300, 301),
        usage: [
          ['lofi', '2026-06-24', 90],
          ['lofi', '2026-06-25', 1],
        ],
      },
      { path },
    )
    const second = await importRustStore(path, store)
    expect(second.fingerprint).toBe(first.fingerprint)
    expect(second.counts).toMatchObject({
      audits: { found: 600, imported: 300, alreadyThere: 300 },
      usage: { totalMs: 91_000, addedMs: 31_000, alreadyThereMs: 60_000 },
    })
    expect((await logOf(store)).map(({ original }) => original?.id)).toEqual(
      Array.from({ length: 600 }, (_, index) => index + 1),
    )
    expect(await store.getUsage('lofi', '2026-06-24')).toBe(90_000)
  })

  test('refuses another source that begins alike, as that of a copied machine', async () => {
    const { store } = await openTestStore()
    await importRustStore(writeRustDatabase({ audits: plainAudits(3) }), store)
    const third = [3, '2026-06-24T00:00:09Z', json('service_stopped')]
    const other = writeRustDatabase({ audits: [...plainAudits(2), third, ...plainAudits(2, 4)] })
    await expect(importRustStore(other, store)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect((await logOf(store)).length).toBe(3)
    const report = await importRustStore(other, store, { node: 'the-copy' })
    expect(report.counts.audits.imported).toBe(5)
  })
})
describe('cooldowns', () => {
  test('are set, past ones too, unless a later one stands', async () => {
    const { store } = await openTestStore()
    await store.setCooldownUntil('later', new Date('2026-11-24T00:00:00Z'))
    await store.setCooldownUntil('earlier', new Date('2026-11-20T00:00:00Z'))
    const cooldowns = ['later', 'earlier', 'new'].map((entry) => [entry, '2026-11-23T09:58:50.506677575+01:00'])
    const { counts } = await importRustStore(writeRustDatabase({ cooldowns }), store)
    expect(counts.cooldowns).toEqual({ found: 3, imported: 2, alreadyThere: 1, unreadable: 0 })
    const imported = new Date('2026-11-23T08:58:50.506Z')
    expect(await store.getCooldownUntil('later')).toEqual(new Date('2026-11-24T00:00:00Z'))
    expect(await store.getCooldownUntil('earlier')).toEqual(imported)
    expect(await store.getCooldownUntil('new')).toEqual(imported)
  })

  test('that were cleared since stay cleared when the import is repeated', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ cooldowns: [['lofi', '2026-12-24T00:00:00Z']] })
    await importRustStore(path, store)
    await store.clearCooldown('lofi')
    const { counts } = await importRustStore(path, store)
    expect(counts.cooldowns).toMatchObject({ imported: 0, alreadyThere: 1 })
    expect(await store.getCooldownUntil('lofi')).toBeUndefined()
  })
})

describe('the snapshot', () => {
  test('becomes that of the store, with its unfinished session', async () => {
    const { store } = await openTestStore()
    const report = await importRustStore(writeRustDatabase(HOUSEHOLD), store)
    expect(report.counts.snapshot).toEqual({ found: 1, unreadable: 0, result: 'saved' })
    expect(report.unfinishedSession).toEqual({
      sessionId: LOFI,
      entryId: 'lofi',
      startedAt: '2025-12-26T20:00:06.000Z',
      deadline: '2025-12-26T21:00:06.000Z',
      warningsIssuedMs: [300_000, 60_000],
      seenAt: '2025-12-26T20:00:20.000Z',
      playedMs: 14_000,
      endedInLog: false,
      result: 'opened',
    })
    expect(await store.loadSnapshot()).toEqual({
      revision: 1,
      snapshot: {
        timestamp: new Date('2025-12-26T20:00:20Z'),
        activeSession: {
          sessionId: LOFI,
          entryId: 'lofi',
          startedAt: new Date('2025-12-26T20:00:06Z'),
          deadline: new Date('2025-12-26T21:00:06Z'),
          warningsIssuedMs: [300_000, 60_000],
        },
      },
    })
  })

  test.each([
    ['no session', null, undefined],
    ['a session without a deadline', { session_id: LOFI, entry_id: 'lofi', started_at: '2026-01-01T00:00:00Z' }, LOFI],
  ])('may have %s', async (_, active_session, sessionId) => {
    const { store } = await openTestStore()
    const snapshot = JSON.stringify({ timestamp: '2026-01-01T00:00:00Z', active_session })
    const report = await importRustStore(writeRustDatabase({ snapshot }, { schema: 'readme' }), store)
    expect(report).toMatchObject({ counts: { snapshot: { result: 'saved' } }, problems: { count: 0 } })
    expect((await store.loadSnapshot())?.snapshot.activeSession?.sessionId).toBe(sessionId)
  })

  test('leaves alone the one that the store has', async () => {
    const { store } = await openTestStore()
    await store.saveSnapshot({ timestamp: new Date('2026-11-23T00:00:00Z') })
    const { counts } = await importRustStore(writeRustDatabase(HOUSEHOLD), store)
    expect(counts.snapshot.result).toBe('already_there')
    expect(await store.loadSnapshot()).toEqual({
      revision: 1,
      snapshot: { timestamp: new Date('2026-11-23T00:00:00Z') },
    })
  })

  test('whose session the log has ended says so', async () => {
    const { store } = await openTestStore()
    const snapshot = HOUSEHOLD.snapshot.replace(LOFI, PRISM)
    const report = await importRustStore(writeRustDatabase({ ...HOUSEHOLD, snapshot }), store)
    expect(report.unfinishedSession?.endedInLog).toBe(true)
  })
})

describe('options', () => {
  test('a dry run reports the same, and writes nothing', async () => {
    const { store, rows } = await openTestStore()
    const audits = [...HOUSEHOLD.audits, [99, 'yesterday', 'nothing']]
    const usage = [...HOUSEHOLD.usage, ['', '2026-01-01', 5]]
    const path = writeRustDatabase({ ...HOUSEHOLD, audits, usage })
    const before = rows()
    const dry = await importRustStore(path, store, { dryRun: true })
    expect(rows()).toEqual(before)
    const wet = await importRustStore(path, store)
    expect(dry).toEqual({ ...wet, dryRun: true })
    expect(JSON.parse(JSON.stringify(wet))).toEqual(wet)
  })

  test('the progress of each phase ends with all of its rows', async () => {
    const { store } = await openTestStore()
    const last = new Map<string, unknown>()
    const path = writeRustDatabase({ ...HOUSEHOLD, audits: plainAudits(300) })
    await importRustStore(path, store, { onProgress: ({ phase, done, total }) => last.set(phase, [done, total]) })
    expect(Object.fromEntries(last)).toEqual({ audits: [300, 300], usage: [2, 2], cooldowns: [1, 1], snapshot: [1, 1] })
  })

  test('a node that the store itself writes as is refused', async () => {
    const { store } = await openTestStore()
    const importing = importRustStore(writeRustDatabase(HOUSEHOLD), store, { node: 'local' })
    await expect(importing).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
