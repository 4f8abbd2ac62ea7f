import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { importedIds, logOf, openTestStore, plainAudits, type Value, writeRustDatabase } from './rust-database.ts'

describe('a damaged file', () => {
  test.each([
    ['in the middle of the log', 500],
    ['at its end', 1_000],
  ])('gives up the rows %s alone: those around them are imported', async (_, damagedId) => {
    const path = writeRustDatabase({ audits: plainAudits(1_000), usage: [['lofi', '2026-06-24', 60]] })
    damagePageOf(path, `"entry_count":${damagedId}}`)
    const { store } = await openTestStore()
    const report = await importRustStore(path, store)
    const [problem] = report.problems.list
    const [, from = 0, last = from] = (
      /rows from (\d+) (?:to (\d+)|to the end)/.exec(problem?.problem ?? '') ?? []
    ).map(Number)
    const end = Number.isNaN(last) ? 1_000 : last
    expect(from).toBeLessThanOrEqual(damagedId)
    expect(end).toBeGreaterThanOrEqual(damagedId)
    expect(end - from).toBeLessThan(100)
    const row = Number.isNaN(last) ? from : last
    expect(report.problems).toMatchObject({ count: 1, list: [{ table: 'audit_log', row, quarantined: 'no' }] })
    expect(report.counts.audits).toMatchObject({ unreadable: 1, imported: 1_000 - (end - from) })
    const ids = Array.from({ length: 1_000 }, (__, index) => index + 1)
    expect(await importedIds(store)).toEqual(ids.filter((id) => id === row || id < from || id > end))
    expect(report.counts.usage.addedMs).toBe(60_000)
  })

  test('gives up the rows at the end of a table whose end cannot be told, and imports the other tables', async () => {
    const usage = Array.from({ length: 600 }, (_, index): readonly Value[] => [`entry-${index}`, '2026-06-24', 60])
    const path = writeRustDatabase({ audits: plainAudits(2), usage, cooldowns: [['lofi', '2026-06-24T00:00:00Z']] })
    damagePageOf(path, 'entry-599')
    const { store } = await openTestStore()
    const { counts, problems } = await importRustStore(path, store)
    expect(counts.audits.imported).toBe(2)
    expect(counts.usage.unreadable).toBe(1)
    expect(counts.usage.found).toBeGreaterThan(400)
    expect(problems.list).toMatchObject([{ table: 'usage', row: counts.usage.found, quarantined: 'no' }])
    expect(problems.list[0]?.problem).toContain('to the end, however many there were')
    expect(counts.cooldowns.imported).toBe(1)
  })

  test('that was imported while it was sound is the same source still, and adds nothing', async () => {
    const path = writeRustDatabase({ audits: plainAudits(1_000) })
    const { store } = await openTestStore()
    await importRustStore(path, store)
    damagePageOf(path, '"entry_count":1000}')
    const { counts, problems } = await importRustStore(path, store)
    expect(counts.audits).toMatchObject({ imported: 0, unreadable: 1 })
    expect(problems).toMatchObject({ count: 1, list: [{ problem: expect.stringContaining('to the end') }] })
  })

  test('that cannot be recognised, as its first row is damaged, is imported only under a name', async () => {
    const path = writeRustDatabase({ audits: plainAudits(1_000) })
    const { store } = await openTestStore()
    const { node } = await importRustStore(path, store)
    damagePageOf(path, '"entry_count":1}')
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'CORRUPT' })
    const report = await importRustStore(path, store, { node })
    expect(report.counts.audits).toMatchObject({ unreadable: 1, imported: 0 })
    expect(report.counts.audits.found).toBeGreaterThan(900)
  })

  test('gives up a row alone whose text goes on on a damaged page', async () => {
    const [, at = ''] = plainAudits(1)[0] ?? []
    const long = (fill: string): Value => `{"type":"odd","x":"${fill.repeat(9_000)}"}`
    const audits = [[1, at, long('a')], [2, at, long('b')], ...plainAudits(10, 3)]
    const path = writeRustDatabase({ audits })
    const bytes = readFileSync(path)
    const first = bytes.indexOf('b'.repeat(4_000))
    bytes.fill(0xff, Math.floor(first / 4_096) * 4_096, Math.floor(first / 4_096) * 4_096 + 4)
    writeFileSync(path, bytes)
    const { store } = await openTestStore()
    const { problems } = await importRustStore(path, store)
    expect(problems.list).toMatchObject([{ row: 2, quarantined: 'no' }])
    expect(await importedIds(store)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
  })

  test.each([200, 300])('whose last leaf is its first one again is read once, of %i rows', async (count) => {
    const path = writeRustDatabase({ audits: plainAudits(count), usage: [['lofi', '2026-06-24', 60]] })
    rewriteRoot(path, (root, keys) => {
      root.writeUInt32BE(keys[0]?.child ?? 0, 8)
    })
    const { store } = await openTestStore()
    const { counts, problems } = await importRustStore(path, store)
    const sound = counts.audits.imported - 1
    expect(problems.list).toMatchObject([{ table: 'audit_log', row: sound + 1, quarantined: 'no' }])
    expect(sound).toBeGreaterThan(count - 60)
    expect(await importedIds(store)).toEqual(Array.from({ length: sound + 1 }, (_, index) => index + 1))
    expect(counts.usage.addedMs).toBe(60_000)
    expect((await importRustStore(path, store)).counts.audits.imported).toBe(0)
  })

  test('that takes one leaf for another loses the rows of no third, and says what it lost', async () => {
    const path = writeRustDatabase({ audits: plainAudits(1_000) })
    let [from, last] = [0, 0]
    rewriteRoot(path, (root, keys) => {
      const [before, replaced, , other] = keys
      if (!before || !replaced || !other) throw new Error('the table is too small')
      ;[from, last] = [before.key + 1, replaced.key]
      root.writeUInt32BE(other.child, replaced.at)
    })
    const { store } = await openTestStore()
    const { problems } = await importRustStore(path, store)
    expect(problems.list).toMatchObject([{ row: last, problem: expect.stringContaining(`from ${from} to ${last} `) }])
    const ids = Array.from({ length: 1_000 }, (_, index) => index + 1)
    expect(await importedIds(store)).toEqual(ids.filter((id) => id < from || id >= last))
  })

  test.each([
    ['200000', 200_000n],
    ['near 2^53', 2n ** 53n - 100n],
    ['near 2^63', 2n ** 63n - 12n],
  ])('at a gap in the ids is one problem, not one for each id of the gap: up to %s', async (_, far) => {
    const [, at = '', event = ''] = plainAudits(1)[0] ?? []
    const beyond = Array.from({ length: 60 }, (__, index): readonly Value[] => [far - 50n + BigInt(index), at, event])
    for (const damagedId of [60, 120]) {
      const path = writeRustDatabase({ audits: [...plainAudits(120), ...beyond] })
      new Database(path).exec("UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'audit_log'").close()
      damagePageOf(path, `"entry_count":${damagedId}}`)
      const { store } = await openTestStore()
      const { counts, problems } = await importRustStore(path, store)
      const lost = problems.list.filter(({ problem }) => problem.includes('damaged'))
      expect(lost).toHaveLength(1)
      expect(counts.audits.found).toBeGreaterThan(180 - 60)
      expect(counts.audits.found).toBeLessThanOrEqual(180)
      const kept = (await logOf(store)).filter(({ event: { type } }) => type === 'other')
      expect(kept.map(({ original }) => original?.id)).toEqual([lost[0]?.row])
    }
  })

  test('at its end, with a hostile sequence, ends', async () => {
    const path = writeRustDatabase({ audits: plainAudits(300) })
    new Database(path).exec("UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'audit_log'").close()
    damagePageOf(path, '"entry_count":300}')
    const { store } = await openTestStore()
    const { problems } = await importRustStore(path, store)
    expect(problems).toMatchObject({ count: 1, list: [{ problem: expect.stringContaining('to the end') }] })
  })

  test('whose inner pages are nonsense ends', async () => {
    const path = writeRustDatabase({ audits: plainAudits(1_000) })
    rewriteRoot(path, (root, keys) => {
      for (const { at } of keys) root.writeUInt32BE(rootOf(path), at)
    })
    const { store } = await openTestStore()
    const { counts, problems } = await importRustStore(path, store, { node: 'rust-damaged' })
    expect(problems.list.length).toBeLessThan(3)
    expect(counts.audits.found).toBeLessThan(100)
  })

  test('whose schema is damaged is refused as a whole', async () => {
    const path = writeRustDatabase({ audits: plainAudits(1) })
    const bytes = readFileSync(path)
    bytes.fill(0xff, 100, 4_096)
    mkdirSync(join(dirname(path), 'damaged'))
    const damaged = join(dirname(path), 'damaged', 'shepherdd.db')
    writeFileSync(damaged, bytes)
    const { store } = await openTestStore()
    await expect(importRustStore(damaged, store)).rejects.toMatchObject({ code: 'CORRUPT' })
  })
})

/** Overwrites the first bytes of the page that holds `text`, which say how to read it. */
function damagePageOf(path: string, text: string): void {
  const bytes = readFileSync(path)
  const page = Math.floor(bytes.indexOf(text) / 4_096) * 4_096
  bytes.fill(0xff, page, page + 16)
  writeFileSync(path, bytes)
}

function rootOf(path: string): number {
  const db = new Database(path, { readonly: true })
  const root = db.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'audit_log'").pluck().get() ?? 0
  db.close()
  return root
}

interface RootCell {
  readonly at: number
  readonly child: number
  readonly key: number
}

/** Changes the root page of the log, an inner page whose keys are below 2^14. */
function rewriteRoot(path: string, change: (root: Buffer, cells: readonly RootCell[]) => void): void {
  const root = rootOf(path)
  const bytes = readFileSync(path)
  const page = bytes.subarray((root - 1) * 4_096, root * 4_096)
  expect(page[0]).toBe(5)
  const cells = Array.from({ length: page.readUInt16BE(3) }, (_, index) => {
    const at = page.readUInt16BE(12 + 2 * index)
    const [high = 0, low = 0] = page.subarray(at + 4, at + 6)
    return { at, child: page.readUInt32BE(at), key: high < 0x80 ? high : ((high & 0x7f) << 7) | low }
  })
  change(page, cells)
  writeFileSync(path, bytes)
}
