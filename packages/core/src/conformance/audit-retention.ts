import assert from 'node:assert/strict'
import type { RetentionOptions } from '../retention.ts'
import {
  appendAt,
  appendDay,
  archivesIn,
  CUTOFF,
  holdsEverything,
  OLD_DAYS,
  storedIds,
  withDirectory,
} from './aged-log.ts'
import { idsOf } from './audit-expect.ts'
import { contentsOf } from './contents.ts'
import { commitEveryKind } from './every-kind.ts'
import { collect, refusesEach } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

export const auditRetentionCases: readonly CaseDefinition[] = [
  {
    id: 'audit-retention/dry-run/tells-and-changes-nothing',
    prevents: 'an operator who looks what would go, and finds it gone',
    run: (t) =>
      withDirectory(async (directory) => {
        const store = await t.open()
        for (const day of OLD_DAYS) await appendDay(t, store, day, 2)
        await appendDay(t, store, '2026-11-01', 3)
        const before = await contentsOf(t.place, store)
        const due = { cutoff: CUTOFF, records: 6, throughId: 6, archives: [] }
        assert.deepEqual(await store.applyRetention({ keepDays: 30, dryRun: true }), due)
        assert.deepEqual(await store.applyRetention({ keepDays: 30, archiveTo: directory, dryRun: true }), due)
        assert.deepEqual(await contentsOf(t.place, store), before)
        assert.deepEqual(await archivesIn(directory), [])
      }),
  },
  {
    id: 'audit-retention/options/nothing-is-removed-unasked',
    prevents: 'a log that is cut because an option was left out, or mistyped',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        for (const day of OLD_DAYS) await appendDay(t, store, day, 2)
        const before = await contentsOf(t.place, store)
        const options: readonly unknown[] = [
          undefined,
          {},
          { keepDays: 30 },
          { archiveTo },
          { keepDays: 30, dryRun: false },
          { keepDays: 30, archiveTo: '' },
          { keepDays: 30, archiveTo: 'a\0b' },
          { keepDays: 30, archiveTo: new URL('file:///tmp') },
          { keepDays: 30, archiveTo, dryRun: 'yes' },
          { keepDays: 30, archiveTo, dryrun: true },
          { keepDays: 30, archiveTo, signal: {} },
          { keepDays: 30, archiveTo, onProgress: 'tell' },
          ...[29, 0, -1, 30.5, Number.NaN, '30', 36_526].map((keepDays) => ({ keepDays, archiveTo })),
        ]
        await refusesEach(
          options.map((each) => [JSON.stringify(each), () => store.applyRetention(each as RetentionOptions)]),
        )
        assert.deepEqual(await contentsOf(t.place, store), before)
        assert.deepEqual(await archivesIn(archiveTo), [])
      }),
  },
  {
    id: 'audit-retention/cut/at-the-start-of-a-calendar-day',
    prevents: 'half a day that is in the log and half a day that is not',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ calendar: { timeZone: 'Europe/Berlin', dayStart: '04:00' } })
        await appendAt(t, store, [
          '2026-10-23T10:00:00.000Z',
          // The last and the first millisecond of a day, which begins in summer time.
          '2026-10-24T01:59:59.999Z',
          '2026-10-24T02:00:00.000Z',
          '2026-11-22T10:00:00.000Z',
        ])
        const { cutoff, records, throughId, archives } = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.deepEqual([cutoff.toISOString(), records, throughId], ['2026-10-24T02:00:00.000Z', 2, 2])
        assert.deepEqual(await storedIds(t), [3, 4, 5])
        const [archive] = archives
        assert.deepEqual([archives.length, archive?.firstId, archive?.throughId, archive?.records], [1, 1, 2, 2])
        assert.deepEqual(
          (await archivesIn(archiveTo)).map(({ file, records: held }) => [file, idsOf(held)]),
          [[archive?.file, [1, 2]]],
        )
      }),
  },
  {
    id: 'audit-retention/cut/everything-but-the-log-stays',
    prevents: 'a year of usage, or a cooldown, that goes with the records which told of it',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        t.clock.set('2026-09-01T10:00:00.000Z')
        await commitEveryKind(store)
        await appendDay(t, store, '2026-11-01', 1)
        const before = await contentsOf(t.place, store)
        const usage = await store.listUsage({ from: '2026-01-01', to: '2027-01-01' })
        const { records } = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.ok(records > 5)
        const after = await contentsOf(t.place, store)
        assert.deepEqual({ ...after, audits: [] }, { ...before, audits: [] })
        assert.deepEqual(await store.listUsage({ from: '2026-01-01', to: '2027-01-01' }), usage)
        await holdsEverything(t, { store, directory: archiveTo, before: before.audits })
      }),
  },
  {
    id: 'audit-retention/cut/stands-in-the-log-and-the-chain-holds-over-it',
    prevents: 'a log that begins somewhere, and nobody knows why, or a cut that looks like a forgery',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ node: 'hub', scope: 'home' })
        const heads = []
        for (const day of [...OLD_DAYS, '2026-11-01']) {
          await appendDay(t, store, day, 300)
          heads.push(await store.auditHead())
        }
        const [, inArchive, atCut, behind] = heads
        const { archives } = await store.applyRetention({ keepDays: 30, archiveTo })
        const [{ file: archive, sha256, hash } = assert.fail('there is no archive')] = archives
        const [told] = await store.listAudits({ types: ['records_archived'] })
        const event = { type: 'records_archived', firstId: 1, throughId: 900, hash, archive, sha256 }
        assert.deepEqual([told?.id, told?.node, told?.scope, told?.event], [1_201, 'hub', 'home', event])
        assert.equal(hash, atCut?.hash)

        const verified = await store.verifyAudits()
        assert.deepEqual([verified.intact, verified.checked, verified.tail], [true, 301, 'unproven'])
        assert.ok(verified.blindSpots.some((spot) => spot.includes('1 to 900')))
        const tails = []
        for (const expectedHead of [inArchive, atCut, behind]) {
          const { intact, tail, blindSpots } = await store.verifyAudits({ expectedHead })
          tails.push([intact, tail, blindSpots.some((spot) => spot.includes('among them'))])
        }
        // Of what went into the archive nothing is known here any more, and the verification says so.
        const proven = [true, 'proven', false]
        assert.deepEqual(tails, [[true, 'unproven', true], proven, proven])
      }),
  },
  {
    id: 'audit-retention/cut/a-wrong-clock-takes-nothing-away-that-is-to-stay',
    prevents: 'one record of a machine whose battery is empty, by which last week is taken for old',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        const [old, recent, ahead, unset] = [
          '2026-09-01T10:00:00.000Z',
          '2026-11-20T10:00:00.000Z',
          '2099-01-01T00:00:00.000Z',
          '1970-01-01T00:00:00.000Z',
        ]
        await appendAt(t, store, [ahead, unset, old, ahead, old, ahead, recent, unset, old, ahead, recent, unset])
        const before = await t.place.raw.audits()
        const { throughId } = await store.applyRetention({ keepDays: 30, archiveTo })
        // What is dated ahead goes with the old ones around it, and does not keep the log from ever being cut.
        assert.equal(throughId, 5)
        assert.deepEqual((await storedIds(t)).slice(0, -1), [6, 7, 8, 9, 10, 11, 12])
        // A machine that does not know what day it is removes nothing.
        t.clock.set('1970-01-02T00:00:00.000Z')
        await store.applyRetention({ keepDays: 30, archiveTo }).catch(() => undefined)
        await holdsEverything(t, { store, directory: archiveTo, before })
        assert.equal((await archivesIn(archiveTo)).length, 1)
        // Nor does one whose clock is a week behind the others, by which everything recent lies ahead.
        t.clock.set('2026-11-13T10:00:00.000Z')
        assert.equal((await store.applyRetention({ keepDays: 30, archiveTo })).records, 0)
        await holdsEverything(t, { store, directory: archiveTo, before })
      }),
  },
  {
    id: 'audit-retention/again/what-is-done-is-done-and-later-days-make-the-next-archive',
    prevents: 'a job of every night that archives twice, or only once',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        for (const day of OLD_DAYS) await appendDay(t, store, day, 2)
        await appendDay(t, store, '2026-10-24', 2)
        await appendDay(t, store, '2026-10-25', 2)
        const before = await t.place.raw.audits()
        await store.applyRetention({ keepDays: 30, archiveTo })
        const after = await contentsOf(t.place, store)
        const again = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.deepEqual(again, { cutoff: CUTOFF, records: 0, archives: [] })
        assert.deepEqual(await contentsOf(t.place, store), after)

        t.clock.set('2026-11-24T10:00:00.000Z')
        const { records, throughId } = await store.applyRetention({ keepDays: 30, archiveTo })
        assert.deepEqual([records, throughId], [2, 8])
        assert.deepEqual(
          (await archivesIn(archiveTo)).map(({ records: held }) => idsOf(held)),
          [
            [1, 2, 3, 4, 5, 6],
            [7, 8],
          ],
        )
        await holdsEverything(t, { store, directory: archiveTo, before })
      }),
  },
  {
    id: 'audit-retention/archive/all-of-them-and-what-is-left-are-the-whole-log-again',
    prevents: 'an archive that is a file like any other, and proves nothing when it is needed',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ node: 'pc-1', scope: 'anna' })
        t.clock.set('2026-09-01T10:00:00.000Z')
        await commitEveryKind(store)
        for (const day of ['2026-09-02', '2026-09-03']) await appendDay(t, store, day, 255)
        await appendDay(t, store.view({ scope: 'ben' }), '2026-11-01', 2)
        const records = await collect(store.readAudits({ scope: 'all' }))
        t.clock.set('2026-10-02T10:00:00.000Z')
        await store.applyRetention({ keepDays: 30, archiveTo })
        t.clock.set('2026-11-23T10:00:00.000Z')
        await store.applyRetention({ keepDays: 30, archiveTo })
        const [first, second] = await archivesIn(archiveTo)
        assert.ok(first !== undefined && second !== undefined)

        const other = await t.openElsewhere({ scope: 'anna' })
        const { imported, head } = await other.importAudits(archiveTo)
        assert.equal(imported, first.records.length + second.records.length)
        assert.deepEqual(head, second.records.at(-1))
        assert.deepEqual(await other.auditHead(), head)
        await other.importAudits(store.exportAudits({ format: 'jsonl', scope: 'all' }))
        assert.deepEqual(await other.auditHead(), await store.auditHead())
        const whole = await collect(other.readAudits({ scope: 'all' }))
        assert.deepEqual(whole.slice(0, records.length), records)
        assert.deepEqual(
          whole.slice(records.length).map(({ event }) => event.type),
          ['records_archived', 'records_archived'],
        )
        const verified = await other.verifyAudits({ expectedHead: await store.auditHead() })
        assert.deepEqual([verified.intact, verified.checked, verified.tail], [true, whole.length, 'proven'])
      }),
  },
]
