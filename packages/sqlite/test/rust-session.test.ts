import { continueSession, LIMITS, recoverSession, type Store, startSession } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { logOf, openTestStore, type RustRows } from './rust-database.ts'
import { json, LOFI, PRISM } from './rust-rows.ts'
import { ENDED, importAndRecover, snapshotOf, sourcePath, STARTED } from './rust-unfinished.ts'

const usageOf = (store: Store): Promise<unknown> =>
  store.listUsage({ from: '2020-01-01', to: '2027-01-01', by: ['day', 'node'] })

describe("the crate's unfinished session", () => {
  test('is open on the node of the store, as the crate had it, and nothing of it is booked', async () => {
    const { store } = await openTestStore()
    const { unfinishedSession } = await importRustStore(sourcePath(), store)
    expect(unfinishedSession).toMatchObject({ result: 'opened', playedMs: 600_000, endedInLog: false })
    expect(await store.listSessions({ open: true })).toEqual([
      {
        sessionId: PRISM,
        scope: 'default',
        node: 'local',
        run: 'imported',
        entryId: 'prism-launcher',
        label: 'Prism Launcher',
        startedAt: new Date('2026-11-20T19:20:00Z'),
        deadline: new Date('2026-11-20T19:50:00Z'),
        lastReportedAt: new Date('2026-11-20T19:30:00Z'),
        durationMs: 0,
        warningsIssuedMs: [1_200_000],
      },
    ])
    expect(await store.getUsage('prism-launcher', '2026-11-20')).toBe(3_600_000)
    expect((await logOf(store)).map(({ event }) => event.type)).toEqual(['session_started'])
  })

  test('is booked when it is recovered: what it was played until the snapshot', async () => {
    const { store } = await openTestStore()
    const { recovered } = await importAndRecover(store, sourcePath())
    expect(recovered).toMatchObject({ durationMs: 600_000, endedAt: new Date('2026-11-20T19:30:00Z') })
    expect(await store.getUsage('prism-launcher', '2026-11-20')).toBe(4_200_000)
    expect((await store.getRecentAudits(1))[0]?.event).toEqual({
      type: 'session_ended',
      sessionId: PRISM,
      entryId: 'prism-launcher',
      reason: { type: 'recovered', node: 'local', lastReportedAt: new Date('2026-11-20T19:30:00Z') },
      durationMs: 600_000,
    })
    expect(await recoverSession(store)).toBeUndefined()
    expect(await store.verifyAudits()).toMatchObject({ intact: true })
  })

  test('is booked by day when it was played over midnight', async () => {
    const { store } = await openTestStore()
    const snapshot = snapshotOf({ started_at: '2026-11-20T23:50:00+01:00', timestamp: '2026-11-21T00:20:00+01:00' })
    await importAndRecover(store, sourcePath({ snapshot, usage: [] }))
    expect(await usageOf(store)).toMatchObject([
      { day: '2026-11-20', node: 'local', durationMs: 600_000 },
      { day: '2026-11-21', node: 'local', durationMs: 1_200_000 },
    ])
  })

  test('is booked when it is continued, too, and goes on from there', async () => {
    const { store, clock } = await openTestStore()
    clock.set('2026-11-20T19:31:00Z')
    await importRustStore(sourcePath({ usage: [] }), store)
    const session = await continueSession(store, { activeMs: 660_000 })
    clock.advance(30_000)
    expect(await session?.checkpoint()).toMatchObject({ usedMs: 690_000, session: { durationMs: 690_000 } })
  })

  test('is unlimited when it has no deadline, and has no label when the log has no start of it', async () => {
    const { store } = await openTestStore()
    await importRustStore(sourcePath({ snapshot: snapshotOf({ deadline: null }), audits: [] }), store)
    const [session] = await store.listSessions({ open: true })
    expect(session).not.toHaveProperty('deadline')
    expect(session).not.toHaveProperty('label')
  })

  test.each([
    ['of another entry', 'Lofi', 'lofi'],
    ['that no text of the store can hold', 'Prism\0Launcher', 'prism-launcher'],
    ['that is too long for a session', 'P'.repeat(LIMITS.SESSION_LABEL_BYTES_MAX + 1), 'prism-launcher'],
  ])('leaves in the log a label %s', async (_, label, entry_id) => {
    const { store } = await openTestStore()
    const started = json('session_started', { session_id: PRISM, entry_id, label, deadline: null })
    await importAndRecover(store, sourcePath({ audits: [[1, '2026-11-20T20:20:00+01:00', started]] }))
    const [session] = await store.listSessions()
    expect(session).toMatchObject({ sessionId: PRISM, durationMs: 600_000 })
    expect(session).not.toHaveProperty('label')
  })

  test.each([
    ['the clock went back before the snapshot', '2026-11-20T20:10:00+01:00', 0],
    ['it began more than 1,000 days before', '2029-11-20T20:10:00+01:00', 1],
  ])('is open with nothing to be booked when %s', async (_, timestamp, problems) => {
    const { store, clock } = await openTestStore()
    clock.set('2030-01-01T00:00:00Z')
    const { report, recovered } = await importAndRecover(store, sourcePath({ snapshot: snapshotOf({ timestamp }) }))
    expect(report).toMatchObject({
      unfinishedSession: { result: 'opened', playedMs: 0 },
      problems: { count: problems },
    })
    expect(recovered).toMatchObject({ durationMs: 0, endedAt: new Date(timestamp) })
    expect(await store.getUsage('prism-launcher', '2026-11-20')).toBe(3_600_000)
  })

  test('of a thousand days is booked by day', async () => {
    const { store, clock } = await openTestStore()
    clock.set('2030-01-01T00:00:00Z')
    const snapshot = snapshotOf({ started_at: '2026-11-20T00:00:00+01:00', timestamp: '2029-08-16T00:00:00+02:00' })
    const { report, recovered } = await importAndRecover(store, sourcePath({ snapshot }))
    expect(report).toMatchObject({ unfinishedSession: { result: 'opened' }, problems: { count: 0 } })
    expect(recovered?.durationMs).toBe(report.unfinishedSession?.playedMs)
    expect(await store.getUsage('prism-launcher', '2029-08-15')).toBe(86_400_000)
  })
})

describe("the crate's unfinished session is not opened", () => {
  test('when the log has its end', async () => {
    const { store } = await openTestStore()
    const { unfinishedSession } = await importRustStore(
      sourcePath({ audits: [[1, '2026-11-20T20:45:00+01:00', ENDED]] }),
      store,
    )
    expect(unfinishedSession).toMatchObject({ result: 'ended', endedInLog: true })
    expect(await store.listSessions()).toEqual([])
  })

  test('while another one is open on the node, and is by a later import', async () => {
    const { store } = await openTestStore()
    const path = sourcePath()
    await startSession(store, { entryId: 'chess', sessionId: 'c-1' })
    expect((await importRustStore(path, store)).unfinishedSession?.result).toBe('another_is_open')
    expect((await store.listSessions()).map(({ sessionId }) => sessionId)).toEqual(['c-1'])

    await recoverSession(store)
    expect((await importRustStore(path, store)).unfinishedSession?.result).toBe('opened')
  })

  test('beside one that is open on another node it is', async () => {
    const { store } = await openTestStore()
    await startSession(store.view({ node: 'lab-7' }), { entryId: 'chess' })
    expect((await importRustStore(sourcePath(), store)).unfinishedSession?.result).toBe('opened')
  })

  test.each([
    ['of this entry', 'prism-launcher'],
    ['of another entry', 'chess'],
  ])('when the store has its id as one %s on another node', async (_, entryId) => {
    const { store } = await openTestStore()
    await startSession(store.view({ node: 'lab-7' }), { entryId, sessionId: PRISM })
    expect((await importRustStore(sourcePath(), store)).unfinishedSession?.result).toBe('already_there')
    expect(await store.listSessions()).toMatchObject([
      { node: 'lab-7', entryId, run: expect.not.stringMatching('imp') },
    ])
  })

  test('when the snapshot cannot be read: that is kept in the log', async () => {
    const { store } = await openTestStore()
    const snapshot = snapshotOf({ started_at: 'this evening' })
    const report = await importRustStore(sourcePath({ snapshot }), store)
    expect(report).toMatchObject({ counts: { snapshot: { result: 'unreadable' } }, problems: { count: 1 } })
    expect(report).not.toHaveProperty('unfinishedSession')
    expect(await store.listSessions()).toEqual([])
  })
})

describe('a dry run', () => {
  test.each<[string, (store: Store, path: string) => Promise<unknown>, RustRows]>([
    ['opened', async () => undefined, {}],
    ['already_there', (store, path) => importRustStore(path, store), {}],
    ['another_is_open', (store) => startSession(store, { entryId: 'chess' }), {}],
    ['ended', async () => undefined, { audits: [[1, '2026-11-20T20:45:00+01:00', ENDED]] }],
  ])('tells that the session is %s, as the import does, and writes nothing', async (result, prepare, rowsOfSource) => {
    const { store, rows } = await openTestStore()
    const path = sourcePath(rowsOfSource)
    await prepare(store, path)
    const before = rows()
    const dry = await importRustStore(path, store, { dryRun: true })
    expect(dry.unfinishedSession?.result).toBe(result)
    expect(rows()).toEqual(before)
    expect((await importRustStore(path, store)).unfinishedSession).toEqual(dry.unfinishedSession)
  })

  test('tells that the session has ended since, and that the next is opened', async () => {
    const { store, rows } = await openTestStore()
    await importRustStore(sourcePath(), store)
    const before = rows()
    const audits = [
      [1, '2026-11-20T20:20:00+01:00', STARTED] as const,
      [2, '2026-11-20T20:45:00+01:00', ENDED] as const,
    ]
    const path = sourcePath({ audits, snapshot: snapshotOf().replace(PRISM, LOFI) })
    const dry = await importRustStore(path, store, { dryRun: true })
    expect(dry).toMatchObject({ endedSession: { sessionId: PRISM }, unfinishedSession: { result: 'opened' } })
    expect(rows()).toEqual(before)
    const { endedSession, unfinishedSession } = await importRustStore(path, store)
    expect({ endedSession, unfinishedSession }).toEqual({
      endedSession: dry.endedSession,
      unfinishedSession: dry.unfinishedSession,
    })
  })
})
