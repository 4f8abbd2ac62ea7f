import { continueSession, recoverSession, type Store } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { beforeCommits, logOf, openTestStore } from './rust-database.ts'
import { LOFI, PRISM } from './rust-rows.ts'
import { ENDED, importAndRecover, snapshotOf, sourcePath, STARTED } from './rust-unfinished.ts'

describe('a second import', () => {
  test.each([
    ['the session is open', async () => undefined],
    ['the session was recovered', (store: Store) => recoverSession(store)],
    ['the session is continued', (store: Store) => continueSession(store)],
  ])('changes nothing when %s', async (_, between) => {
    const { store, rows } = await openTestStore()
    const path = sourcePath()
    await importRustStore(path, store)
    await between(store)
    const before = rows()
    const { unfinishedSession, endedSession } = await importRustStore(path, store)
    expect(unfinishedSession).toMatchObject({ result: 'already_there', playedMs: 600_000 })
    expect(endedSession).toBeUndefined()
    expect(rows()).toEqual(before)
  })

  test('changes nothing when the snapshot was saved anew since', async () => {
    const { store, rows } = await openTestStore()
    await importRustStore(sourcePath(), store)
    const before = rows()
    const snapshot = snapshotOf({ timestamp: '2026-11-20T20:40:00+01:00' })
    expect((await importRustStore(sourcePath({ snapshot }), store)).unfinishedSession).toMatchObject({
      result: 'already_there',
      playedMs: 1_200_000,
    })
    expect(rows()).toEqual(before)
  })
})

describe('when the crate has ended the session since, and booked it, a second import', () => {
  /** 25 minutes, of which the first import saw 10; another session runs now. */
  const grownPath = (): string =>
    sourcePath({
      audits: [
        [1, '2026-11-20T20:20:00+01:00', STARTED],
        [2, '2026-11-20T20:45:00+01:00', ENDED],
      ],
      usage: [['prism-launcher', '2026-11-20', 5_100]],
      snapshot: snapshotOf({ timestamp: '2026-11-20T21:00:00+01:00' }).replace(PRISM, LOFI),
    })

  test('ends it, books what the crate has, and opens the next', async () => {
    const { store } = await openTestStore()
    await importRustStore(sourcePath(), store)
    const report = await importRustStore(grownPath(), store)
    expect(report).toMatchObject({
      endedSession: { sessionId: PRISM, entryId: 'prism-launcher', takenOffMs: 600_000 },
      unfinishedSession: { sessionId: LOFI, result: 'opened' },
    })
    expect(await store.getUsage('prism-launcher', '2026-11-20')).toBe(5_100_000)
    expect(await store.listSessions()).toMatchObject([
      { sessionId: PRISM, endReason: { type: 'user_stop' } },
      { sessionId: LOFI },
    ])
    expect((await logOf(store)).slice(2).map(({ event }) => event)).toMatchObject([
      { type: 'session_ended', sessionId: PRISM, durationMs: 600_000 },
      { type: 'usage_adjusted', entryId: 'prism-launcher', byMs: -600_000, usedMs: 5_100_000, by: 'import' },
    ])
  })

  test('leaves it alone when a service has continued it', async () => {
    const { store } = await openTestStore()
    await importRustStore(sourcePath(), store)
    await continueSession(store)
    const report = await importRustStore(grownPath(), store)
    expect(report.endedSession).toBeUndefined()
    expect(report.unfinishedSession?.result).toBe('another_is_open')
  })

  test('tells why it cannot, when the usage of its day cannot be read', async () => {
    const { store, tamper } = await openTestStore()
    await importRustStore(sourcePath(), store)
    tamper("UPDATE usage SET duration_ms = -1 WHERE entry_id = 'prism-launcher'")
    const { problems, unfinishedSession } = await importRustStore(grownPath(), store)
    expect(problems.list).toContainEqual({
      table: 'snapshot',
      row: 1,
      problem: expect.stringContaining('the usage of entry "prism-launcher" on 2026-11-20 cannot be read'),
      quarantined: 'no',
    })
    expect(unfinishedSession?.result).toBe('another_is_open')
  })
})

test('an import that failed at any of its commits opens the session when it is repeated, once', async () => {
  const path = sourcePath()
  for (const applied of [true, false]) {
    // Log, usage, snapshot, session.
    for (let failing = 1; failing <= 4; failing += 1) {
      const { store, faults } = await openTestStore()
      let commits = 0
      const broken = beforeCommits(store, () => {
        commits += 1
        if (commits === failing) faults.failNext('write', 'IO', { applied, outcome: 'unknown' })
      })
      await expect(importRustStore(path, broken)).rejects.toMatchObject({ code: 'IO' })
      expect(commits).toBe(failing)
      await importAndRecover(store, path)
      expect(await store.listSessions()).toMatchObject([{ sessionId: PRISM, durationMs: 600_000 }])
      expect(await store.getUsage('prism-launcher', '2026-11-20')).toBe(4_200_000)
    }
  }
})

test('a reply that was lost does not keep the import from telling that it has opened the session', async () => {
  const { store, faults } = await openTestStore()
  let commits = 0
  const shaky = beforeCommits(store, () => {
    commits += 1
    if (commits === 4) faults.failNext('write', 'UNAVAILABLE', { applied: true })
  })
  const { unfinishedSession } = await importRustStore(sourcePath(), shaky)
  expect(commits).toBe(5)
  expect(unfinishedSession?.result).toBe('opened')
})

test('two imports at once open the session once', async () => {
  const { store, again } = await openTestStore()
  const other = await again()
  await Promise.all([
    importRustStore(sourcePath(), store),
    importRustStore(sourcePath({ snapshot: snapshotOf({ timestamp: '2026-11-20T20:40:00+01:00' }) }), other),
  ])
  expect(await store.listSessions({ open: true })).toHaveLength(1)
})
