import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../store.ts'
import {
  appendDay,
  archivesIn,
  holdsEverything,
  OLD_DAYS,
  storedIds,
  withDirectory,
  withFailingWrite,
} from './aged-log.ts'
import { idsOf } from './audit-expect.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'

/** Archives what is older than 30 days, and is cut off just before the log is cut. */
async function archiveWithoutCut(t: CaseContext, archiveTo: string): Promise<void> {
  await withFailingWrite(t, { nth: 1, applied: false }, async (store) => {
    await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'UNAVAILABLE', 'not_applied')
  })
}

async function appendOldDays(t: CaseContext, store: Store): Promise<void> {
  for (const day of OLD_DAYS) await appendDay(t, store, day, 2)
  await appendDay(t, store, '2026-11-01', 1)
}

/** Uses a store whose first six records are old, and a directory for them. */
async function onOldDays(t: CaseContext, use: (store: Store, archiveTo: string) => Promise<void>): Promise<void> {
  const store = await t.open()
  await appendOldDays(t, store)
  await withDirectory((archiveTo) => use(store, archiveTo))
}

export const auditRetentionArchiveCases: readonly CaseDefinition[] = [
  {
    id: 'audit-retention/archive/one-that-is-there-is-taken-up',
    prevents: 'a crash between archive and cut, after which records are archived twice',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        const before = await t.place.raw.audits()
        await archiveWithoutCut(t, archiveTo)
        assert.deepEqual(await storedIds(t), idsOf(before))
        const made = await archivesIn(archiveTo)
        assert.deepEqual(
          made.map(({ records }) => records.length),
          [6],
        )
        // A day later more is old: it goes into an archive of its own.
        await appendDay(t, store, '2026-10-24', 1)
        t.clock.set('2026-11-23T10:00:01.000Z')
        const { archives } = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.deepEqual(
          archives.map(({ file }) => file),
          made.map(({ file }) => file),
        )
        assert.deepEqual(await archivesIn(archiveTo), made)
        await holdsEverything(t, { store, directory: archiveTo, before })
      }),
  },
  {
    id: 'audit-retention/archive/one-that-reaches-further-than-is-asked-is-refused',
    prevents: 'a mind that was changed, from 30 days to 60, after a crash: what was to stay is gone',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        const before = await t.place.raw.audits()
        await archiveWithoutCut(t, archiveTo)
        await rejectsWith(store.applyRetention({ keepDays: 60, archiveTo }), 'INVALID_ARGUMENT', 'not_applied')
        const stored = await storedIds(t)
        // The records of 23 October are 31 days old.
        assert.deepEqual(
          stored.filter((id) => id === 5 || id === 6 || id === 7),
          [5, 6, 7],
        )
        await store.applyRetention({ keepDays: 30, archiveTo })
        await holdsEverything(t, { store, directory: archiveTo, before })
        const other = await t.openElsewhere()
        await other.importAudits(archiveTo)
        assert.equal((await other.auditHead())?.id, 6)
      }),
  },
  {
    id: 'audit-retention/archive/a-damaged-one-is-refused',
    prevents: 'records that are removed for an archive which nobody can read',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        await archiveWithoutCut(t, archiveTo)
        const before = await contentsOf(t.place, store)
        const names = (await readdir(archiveTo)).toSorted()
        assert.equal(names.length, 2)
        for (const name of names) {
          const path = join(archiveTo, name)
          const sound = await readFile(path)
          const places = Array.from({ length: 12 }, (_, index) => Math.floor((sound.length * (index + 0.5)) / 12))
          for (const place of places) {
            const damaged = Buffer.from(sound)
            damaged[place] = (damaged[place] ?? 0) ^ 1
            await writeFile(path, damaged)
            await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'MALFORMED', 'not_applied')
          }
          for (const length of [0, 1, sound.length >> 1]) {
            await writeFile(path, sound.subarray(0, length))
            await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'MALFORMED', 'not_applied')
          }
          await writeFile(path, sound)
        }
        assert.deepEqual(await contentsOf(t.place, store), before)
        await store.applyRetention({ keepDays: 30, archiveTo })
        await holdsEverything(t, { store, directory: archiveTo, before: before.audits })
      }),
  },
  {
    id: 'audit-retention/archive/one-of-another-log-is-refused',
    prevents: 'two stores that are given one directory, and records that are removed for those of the other',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        const other = await t.openElsewhere()
        await appendOldDays(t, other)
        await other.applyRetention({ keepDays: 30, archiveTo })
        const [before, archives] = [await contentsOf(t.place, store), await archivesIn(archiveTo)]
        await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'MALFORMED', 'not_applied')
        assert.deepEqual(await contentsOf(t.place, store), before)
        assert.deepEqual(await archivesIn(archiveTo), archives)
      }),
  },
  {
    id: 'audit-retention/archive/a-file-without-a-manifest-is-none',
    prevents: 'half an archive of a crash that is taken for a whole one, or is in the way for ever',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        const before = await t.place.raw.audits()
        await archiveWithoutCut(t, archiveTo)
        const names = await readdir(archiveTo)
        for (const name of names) {
          if (name.endsWith('.json')) await rm(join(archiveTo, name))
          else await writeFile(join(archiveTo, name), 'half')
        }
        const { archives } = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.equal(archives.length, 1)
        await holdsEverything(t, { store, directory: archiveTo, before })
      }),
  },
  {
    id: 'audit-retention/archive/what-was-spoiled-stays-in-the-log',
    prevents: 'the evidence of a forgery that is put away with everything else',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        await t.place.raw.spoil({ table: 'audit', id: 4 })
        const before = await contentsOf(t.place, store)
        const error = await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'MALFORMED', 'not_applied')
        assert.match(error.message, /record 4/)
        assert.deepEqual(await contentsOf(t.place, store), before)
        assert.deepEqual(await archivesIn(archiveTo), [])
        const { intact, firstBreak } = await store.verifyAudits()
        assert.deepEqual([intact, firstBreak?.id], [false, 4])
      }),
  },
  {
    id: 'audit-retention/archive/a-directory-that-cannot-be-written-is-told',
    prevents: 'a log that is cut although its archive could not be written',
    run: (t) =>
      onOldDays(t, async (store, archiveTo) => {
        const before = await contentsOf(t.place, store)
        await writeFile(archiveTo, 'a file')
        await rejectsWith(store.applyRetention({ keepDays: 30, archiveTo }), 'INVALID_ARGUMENT', 'not_applied')
        await rejectsWith(
          store.applyRetention({ keepDays: 30, archiveTo: join(archiveTo, 'below') }),
          'INVALID_ARGUMENT',
          'not_applied',
        )
        assert.deepEqual(await contentsOf(t.place, store), before)
      }),
  },
]
