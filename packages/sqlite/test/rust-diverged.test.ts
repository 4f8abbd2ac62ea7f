import type { Store } from '@shepherd-store/core'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { importedIds, openTestStore, plainAudits, type Value, writeRustDatabase } from './rust-database.ts'

type Rows = readonly (readonly Value[])[]

/** Rows of a service that went its own way. */
function otherAudits(count: number, from: number): Rows {
  return plainAudits(count, from).map(([id = 0, at = '']) => [id, at, '{"type":"service_stopped"}'])
}

const IMPORTED = plainAudits(600)
const WITHOUT_300 = IMPORTED.filter(([id]) => id !== 300)

describe('a source that only begins as the imported one is refused, and nothing is written', () => {
  test.each<readonly [what: string, other: Rows, imported: Rows]>([
    ['is shorter', [...plainAudits(5), ...otherAudits(4, 6)], IMPORTED],
    ['is shorter, and differs on its second page', [...plainAudits(256), ...otherAudits(1, 257)], IMPORTED],
    ['differs in the last row alone', [...plainAudits(599), ...otherAudits(1, 600)], IMPORTED],
    ['is longer', [...plainAudits(5), ...otherAudits(700, 6)], IMPORTED],
    ['lacks the last row, and has later ones', [...otherAudits(599, 1), ...otherAudits(9, 601)], IMPORTED],
    ['ends with a row that was not there', plainAudits(300), WITHOUT_300],
  ])('when it %s', async (_, other, imported) => {
    const { store, rows } = await openTestStore()
    const node = 'rust'
    await importRustStore(writeRustDatabase({ audits: imported }), store, { node })
    const before = rows()
    const usage = [['lofi', '2026-06-24', 60]]
    const path = writeRustDatabase({ audits: other, usage, cooldowns: [['lofi', '2026-06-25T00:00:00Z']] })
    const refusal = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('the source is another') }
    await expect(importRustStore(path, store, { node })).rejects.toMatchObject(refusal)
    await expect(importRustStore(path, store, { node, dryRun: true })).rejects.toMatchObject(refusal)
    expect(rows()).toEqual(before)
  })

  test('when it is the same file, restored from a backup and written to since', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(10) })
    await importRustStore(path, store)
    new Database(path).exec('DELETE FROM audit_log WHERE id > 5').close()
    writeRustDatabase({ audits: otherAudits(4, 6) }, { path })
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    const report = await importRustStore(path, store, { node: 'restored' })
    expect(report.counts.audits.imported).toBe(9)
  })

  test('when both are imported at the same time: one of them', async () => {
    const { store, again } = await openTestStore()
    const paths = [plainAudits(400), [...plainAudits(300), ...otherAudits(50, 301)]].map((audits) =>
      writeRustDatabase({ audits }),
    )
    const other = await again()
    const results = await Promise.allSettled(
      paths.map((path, index) => importRustStore(path, index === 0 ? store : other)),
    )
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    expect(refused).toMatchObject([{ code: 'INVALID_ARGUMENT' }])
    const last = results[0]?.status === 'fulfilled' ? 400 : 350
    expect(await importedIds(store)).toEqual(Array.from({ length: last }, (_, index) => index + 1))
  })
})

test('a source that begins after the imported one ends is refused', async () => {
  const { store } = await openTestStore()
  await importRustStore(writeRustDatabase({ audits: plainAudits(5) }), store, { node: 'old' })
  const another = writeRustDatabase({ audits: plainAudits(2, 11) })
  await expect(importRustStore(another, store, { node: 'old' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await importedIds(store)).toEqual([1, 2, 3, 4, 5])
})

describe('a source that is the imported one', () => {
  test.each([300, 1])('adds nothing when it is an old backup, of %i rows', async (count) => {
    const { store } = await openTestStore()
    await importRustStore(writeRustDatabase({ audits: IMPORTED }), store)
    const { counts, problems } = await importRustStore(writeRustDatabase({ audits: plainAudits(count) }), store)
    expect(counts.audits).toEqual({ found: count, imported: 0, alreadyThere: count, unreadable: 0 })
    expect(problems.count).toBe(0)
    expect(await importedIds(store)).toHaveLength(600)
  })

  test('is compared with one look at the log, whether it has grown or not', async () => {
    const { store } = await openTestStore()
    const path = writeRustDatabase({ audits: IMPORTED })
    await importRustStore(path, store)
    for (const grown of [0, 300]) {
      writeRustDatabase({ audits: plainAudits(grown, 601) }, { path })
      const looks: unknown[] = []
      await importRustStore(path, watched(store, looks))
      expect(looks).toEqual([{ node: expect.any(String), order: 'desc', limit: 100 }])
    }
  })
})

/** The store, each of whose looks at the log is told to `looks`. */
function watched(store: Store, looks: unknown[]): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'view') return (as: Parameters<Store['view']>[0]) => watched(target.view(as), looks)
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]) => {
        if (name === 'readAudits' || name === 'listAudits') looks.push(args[0])
        return Reflect.apply(member, target, args) as unknown
      }
    },
  })
}
