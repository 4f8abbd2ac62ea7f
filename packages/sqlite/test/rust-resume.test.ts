import type { AuditRecord, Store } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import {
  beforeCommits,
  logOf,
  openTestStore,
  plainAudits,
  type TestStore,
  type Value,
  writeRustDatabase,
} from './rust-database.ts'

/** Three batches of the log, two of usage, a cooldown, a snapshot, and a row of each table for the quarantine. */
const ROWS = {
  audits: [...plainAudits(599), [600, 'one of these days', '{}']],
  usage: [
    ...Array.from({ length: 300 }, (_, index): readonly Value[] => [
      `entry-${index % 10}`,
      dayNumber(index),
      index + 1,
    ]),
    ['lofi', '2026-02-30', 5],
  ],
  cooldowns: [
    ['lofi', '2026-11-23T18:00:00+01:00'],
    ['prism', 'soon'],
  ],
  snapshot: '{"timestamp":"2026-11-20T20:30:00+01:00","active_session":null}',
}

function dayNumber(index: number): string {
  return new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10)
}

const sourcePath = (): string => writeRustDatabase(ROWS)

async function content(store: Store): Promise<unknown> {
  const audits = (await logOf(store)).map(withoutPlace)
  const usage = await store.listUsage({ from: '2026-01-01', to: '2027-01-01', by: ['day', 'entry', 'node'] })
  return { audits, usage, cooldown: await store.getCooldownUntil('lofi'), snapshot: await store.loadSnapshot() }
}

/** Rows in quarantine, which have no place in the source's log, may come earlier or later. */
function withoutPlace({ event, original, node }: AuditRecord): unknown {
  return { event, original, node }
}

async function undisturbed(path: string): Promise<unknown> {
  const { store } = await openTestStore()
  await importRustStore(path, store)
  return content(store)
}

/** Counts how often an undisturbed import writes. */
async function writesOf(path: string): Promise<number> {
  const { store } = await openTestStore()
  let writes = 0
  await importRustStore(
    path,
    beforeCommits(store, () => (writes += 1)),
  )
  return writes
}

describe('an import that was cut off goes on where it stopped', () => {
  test('after an abort at any batch, with the reason of the signal', async () => {
    const path = sourcePath()
    const expected = await undisturbed(path)
    for (let steps = 1; steps <= 7; steps += 1) {
      const { store } = await openTestStore()
      const reason = new Error('enough for now')
      const abort = new AbortController()
      let seen = 0
      const importing = importRustStore(path, store, {
        signal: abort.signal,
        onProgress: () => void ((seen += 1) === steps && abort.abort(reason)),
      })
      await expect(importing).rejects.toBe(reason)
      await importRustStore(path, store)
      expect(await content(store)).toEqual(expected)
      expect(await store.verifyAudits()).toMatchObject({ intact: true })
    }
  })

  test('before it began, when the signal was aborted already', async () => {
    const { store, rows } = await openTestStore()
    const before = rows()
    const reason = new Error('never mind')
    await expect(importRustStore(sourcePath(), store, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(rows()).toEqual(before)
  })

  test('after a failure of any of its commits', async () => {
    const path = writeRustDatabase({ ...ROWS, usage: ROWS.usage.slice(-4) })
    const expected = await undisturbed(path)
    const writes = await writesOf(path)
    expect(writes).toBeGreaterThan(8)
    for (let failing = 1; failing <= writes; failing += 1) {
      const { store } = await openTestStore()
      let commits = 0
      const broken = beforeCommits(store, () => {
        if ((commits += 1) === failing) throw new Error('the power went')
      })
      await expect(importRustStore(path, broken)).rejects.toThrow('the power went')
      await importRustStore(path, store)
      expect(await content(store)).toEqual(expected)
    }
  })

  test('after a lost reply at any flush, whether it took effect or not', async () => {
    const path = sourcePath()
    const expected = await undisturbed(path)
    for (const applied of [true, false]) {
      for (let healthy = 0; healthy < 7; healthy += 1) {
        const place = await openTestStore()
        await failAfter(place, path, healthy, () =>
          place.faults.failNext('write', 'IO', { applied, outcome: 'unknown' }),
        )
        await importRustStore(path, place.store)
        expect(await content(place.store)).toEqual(expected)
      }
    }
  })
})

/** Imports with a fault that is planted once `healthy` steps are done. */
async function failAfter({ store }: TestStore, path: string, healthy: number, plant: () => void): Promise<void> {
  let steps = 0
  if (healthy === 0) plant()
  const importing = importRustStore(path, store, { onProgress: () => void ((steps += 1) === healthy && plant()) })
  await importing.catch(() => undefined)
}

describe('an import goes on by itself', () => {
  test('after a reply that was lost, and after waiting for other writers', async () => {
    const path = sourcePath()
    const expected = await undisturbed(path)
    for (const applied of [true, false]) {
      const { store, faults } = await openTestStore()
      faults.failNext('write', 'TIMEOUT', { applied, outcome: 'unknown' })
      faults.failNext('write', 'BUSY')
      faults.failNext('write', 'UNAVAILABLE', { applied, outcome: 'unknown' })
      const report = await importRustStore(path, store)
      expect(report.counts.audits.imported).toBe(600)
      expect(await content(store)).toEqual(expected)
    }
  })

  test('but not for ever', async () => {
    const { store, faults } = await openTestStore()
    for (let tries = 0; tries < 5; tries += 1) faults.failNext('write', 'BUSY')
    await expect(importRustStore(writeRustDatabase({ audits: plainAudits(1) }), store)).rejects.toMatchObject({
      code: 'BUSY',
    })
  })

  test('beside another import of the same source, which has grown in the meantime', async () => {
    const { store, again } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(300), usage: [['lofi', '2026-06-24', 60]] })
    const grown = writeRustDatabase({
      audits: plainAudits(400),
      usage: [
        ['lofi', '2026-06-24', 90],
        ['lofi', '2026-06-25', 9],
      ],
    })
    const other = await again()
    await Promise.all([importRustStore(path, store), importRustStore(grown, other), importRustStore(path, other)])
    const ids = (await logOf(store)).map(({ original }) => original?.id)
    expect(ids).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
    expect(await store.listUsage({ from: '2026-06-01', to: '2026-07-01' })).toMatchObject([{ durationMs: 99_000 }])
  })
})
