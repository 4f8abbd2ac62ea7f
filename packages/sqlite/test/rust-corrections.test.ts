import type { OwnedStore } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { freshPath } from './fresh-path.ts'
import { openTestStore, writeRustDatabase } from './rust-database.ts'

const DAY = '2026-11-20'
const CORRECTION = { by: 'mum', why: 'it ran during dinner' }

type RustAudit = readonly [id: number, timestamp: string, event: string]
const FIRST: RustAudit = [1, '2026-11-20T20:20:00+01:00', '{"type":"service_started"}']

/** A source in which lofi was played for so many seconds of one day. */
function sourcePath(seconds: number, audits: readonly RustAudit[] = [FIRST]): string {
  return writeRustDatabase({
    audits,
    usage: [['lofi', DAY, seconds]],
  })
}

describe('what a parent took off imported usage stays off', () => {
  test.each([
    ['in part', -600_000, 3_000_000],
    ['as a whole', -3_600_000, 0],
  ])('%s, when the source is imported again, and when it has grown', async (_, byMs, left) => {
    const { store, rows } = await openTestStore()
    const path = sourcePath(3_600)
    await importRustStore(path, store)
    await store.adjustUsage('lofi', DAY, byMs, CORRECTION)
    const before = rows()
    expect((await importRustStore(path, store)).counts.usage.addedMs).toBe(0)
    expect(rows()).toEqual(before)

    expect((await importRustStore(sourcePath(3_700), store)).counts.usage.addedMs).toBe(100_000)
    expect(await store.getUsage('lofi', DAY)).toBe(left + 100_000)
  })

  test('time and again', async () => {
    const { store } = await openTestStore()
    for (let hours = 1; hours <= 4; hours += 1) {
      await importRustStore(sourcePath(3_600 * hours), store)
      await store.adjustUsage('lofi', DAY, -600_000, CORRECTION)
    }
    expect(await store.getUsage('lofi', DAY)).toBe(4 * 3_000_000)
  })
})

test.each([
  ['added by a parent', async () => undefined, 600_000],
  ['taken off another day', async () => undefined, -600_000],
])('what was %s does not keep an import from bringing what is new', async (_, __, byMs) => {
  const { store } = await openTestStore()
  await store.addUsage('lofi', '2026-11-21', 600_000)
  await importRustStore(sourcePath(3_600), store)
  await store.adjustUsage('lofi', byMs < 0 ? '2026-11-21' : DAY, byMs, CORRECTION)
  expect((await importRustStore(sourcePath(3_700), store)).counts.usage.addedMs).toBe(100_000)
})

test('what a parent took off before the first import is no matter of the import', async () => {
  const { store } = await openTestStore()
  await store.addUsage('lofi', DAY, 600_000)
  await store.adjustUsage('lofi', DAY, -600_000, CORRECTION)
  await importRustStore(sourcePath(3_600), store)
  await importRustStore(sourcePath(3_700), store)
  expect(await store.getUsage('lofi', DAY)).toBe(3_700_000)
})

test('what a parent added and took off again does not hide what is new', async () => {
  const { store } = await openTestStore()
  await importRustStore(sourcePath(3_600), store)
  await store.adjustUsage('lofi', DAY, 1_800_000, CORRECTION)
  await store.adjustUsage('lofi', DAY, -1_800_000, CORRECTION)
  const { counts, problems } = await importRustStore(sourcePath(4_800), store)
  expect([counts.usage.addedMs, problems.count]).toEqual([1_200_000, 0])
  expect(await store.getUsage('lofi', DAY)).toBe(4_800_000)
})

test.each([600_000, 1_199_000, 1_200_000, 2_400_000])(
  'where %s ms were taken off a day that was played here, too, the report says that some of the source may be missing',
  async (byMs) => {
    const { store } = await openTestStore()
    await importRustStore(sourcePath(3_600), store)
    await store.addUsage('lofi', DAY, byMs)
    await store.adjustUsage('lofi', DAY, -byMs, CORRECTION)
    const { counts, problems } = await importRustStore(sourcePath(4_800), store)
    const missingMs = Math.min(byMs, 1_200_000)
    expect([counts.usage.addedMs, problems.count]).toEqual([1_200_000 - missingMs, 1])
    expect(problems.list[0]?.problem).toContain(`up to ${missingMs} ms`)
  },
)

test('a parent may be called import', async () => {
  const { store } = await openTestStore()
  await importRustStore(sourcePath(3_600), store)
  await store.adjustUsage('lofi', DAY, -1_200_000, { ...CORRECTION, by: 'import' })
  expect((await importRustStore(sourcePath(3_600), store)).counts.usage.addedMs).toBe(0)
  expect(await store.getUsage('lofi', DAY)).toBe(2_400_000)
})

describe('behind a log that was archived', () => {
  async function importedAndArchived(audits: readonly RustAudit[]): Promise<OwnedStore> {
    const { store, clock } = await openTestStore()
    await importRustStore(sourcePath(3_600), store)
    await store.adjustUsage('lofi', DAY, -600_000, CORRECTION)
    clock.set('2027-01-20T20:00:00Z')
    await importRustStore(sourcePath(3_600, audits), store)
    await store.appendAudit({ type: 'service_started' })
    await store.applyRetention({ keepDays: 30, archiveTo: freshPath() })
    return store
  }

  test('what a parent took off stays off, and what may be new is told', async () => {
    const later: RustAudit = [2, '2027-01-20T20:20:00+01:00', '{"type":"service_started"}']
    const store = await importedAndArchived([FIRST, later])
    const grown = writeRustDatabase({
      audits: [FIRST, later],
      usage: [
        ['lofi', DAY, 3_700],
        ['lofi', '2026-11-01', 60],
      ],
    })
    const { counts, problems } = await importRustStore(grown, store)
    expect([counts.usage.addedMs, await store.getUsage('lofi', DAY)]).toEqual([60_000, 3_000_000])
    expect(problems.list.map(({ problem }) => problem)).toEqual([expect.stringContaining('700000 ms of "lofi"')])
  })

  test('a source whose rows have all left it is refused', async () => {
    const store = await importedAndArchived([FIRST])
    await expect(importRustStore(sourcePath(3_700), store)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('has left the log'),
    })
    expect(await store.getUsage('lofi', DAY)).toBe(3_000_000)
  })
})
