import { importRustStore } from '@shepherd-store/sqlite/rust'
import { describe, expect, test } from 'vitest'
import { logOf, openTestStore, plainAudits, type Value, writeRustDatabase } from './rust-database.ts'

describe('what the store has and cannot read', () => {
  test('as a cooldown stays as it is, and is reported; all other cooldowns arrive', async () => {
    const { store, rows, tamper } = await openTestStore()
    const cooldowns = Array.from({ length: 300 }, (_, index): readonly Value[] => [
      `entry-${index}`,
      '2099-01-01T00:00:00Z',
    ])
    tamper("INSERT INTO cooldowns VALUES ('default', 'entry-7', 'garbage')")
    const path = writeRustDatabase({ audits: plainAudits(1), cooldowns })
    const dry = await importRustStore(path, store, { dryRun: true })
    const report = await importRustStore(path, store)
    expect(dry).toEqual({ ...report, dryRun: true })
    expect(report.counts.cooldowns).toEqual({ found: 300, imported: 299, alreadyThere: 0, unreadable: 1 })
    expect(report.problems).toMatchObject({
      count: 1,
      list: [{ table: 'cooldowns', row: 8, quarantined: 'no' }],
    })
    expect(report.problems.list[0]?.problem).toContain(
      'the cooldown of entry "entry-7" cannot be read; set or clear it',
    )
    expect(rows()).toMatchObject({
      cooldowns: expect.arrayContaining([{ scope: 'default', entry_id: 'entry-7', until: 'garbage' }]),
    })

    await store.clearCooldown('entry-7')
    expect((await importRustStore(path, store)).counts.cooldowns).toMatchObject({ imported: 1, alreadyThere: 299 })
    expect((await logOf(store)).length).toBe(1)
  })

  test.each(['rust', 'another node'])(
    'as usage by %s is reported; the rest is booked, and that row once it is repaired',
    async (owner) => {
      const { store, tamper } = await openTestStore()
      const usage = Array.from({ length: 300 }, (_, index): readonly Value[] => [`entry-${index}`, '2026-06-24', 60])
      const path = writeRustDatabase({ usage, cooldowns: [['lofi', '2026-06-25T00:00:00Z']] })
      tamper(`INSERT INTO usage VALUES ('default', '2026-06-24', 'entry-7', '${owner}', -5)`)
      const dry = await importRustStore(path, store, { node: 'rust', dryRun: true })
      const report = await importRustStore(path, store, { node: 'rust' })
      expect(dry).toEqual({ ...report, dryRun: true })
      expect(report.counts).toMatchObject({
        usage: { found: 300, unreadable: 1, totalMs: 299 * 60_000, addedMs: 299 * 60_000 },
        cooldowns: { imported: 1 },
      })
      expect(report.problems).toMatchObject({ count: 1, list: [{ table: 'usage', row: 8, quarantined: 'no' }] })
      expect(report.problems.list[0]?.problem).toContain('the usage of entry "entry-7" on 2026-06-24 cannot be read')

      tamper('DELETE FROM usage WHERE duration_ms < 0')
      const repaired = await importRustStore(path, store, { node: 'rust' })
      expect(repaired).toMatchObject({ problems: { count: 0 }, counts: { usage: { addedMs: 60_000 } } })
      expect(await store.getUsage('entry-7', '2026-06-24')).toBe(60_000)
    },
  )

  test('as the place of a record in the source stops the import: it would be taken for the last row', async () => {
    const { store, tamper } = await openTestStore()
    const path = writeRustDatabase({ audits: plainAudits(3) })
    const { node } = await importRustStore(path, store)
    tamper(`
      INSERT INTO audit_log (id, timestamp, scope, node, type, event, original_id, original_timestamp, original_event, digest, hash)
      SELECT 4, timestamp, scope, node, type, event, NULL, '', '', digest, hash
      FROM audit_log WHERE id = 3 AND node = '${node}'`)
    await expect(importRustStore(path, store)).rejects.toMatchObject({ code: 'MALFORMED' })
  })
})
