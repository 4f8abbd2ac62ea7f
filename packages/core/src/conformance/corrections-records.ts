import assert from 'node:assert/strict'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { entryState, refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { HOSTILE_IDS } from './hostile-ids.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')
const BY = { by: 'Ada', why: 'Homework is done.' } as const

/** Whose a correction is, and that it is one commit with the record which tells it. */
export const correctionRecordCases: readonly CaseDefinition[] = [
  {
    id: 'corrections/cooldown/cleared-with-who-and-why',
    prevents: 'a rest that is over early, and nobody knows by whose word',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', NOON)
      const told = { type: 'cooldown_cleared', entryId: 'minecraft', ...BY }
      await store.clearCooldown('minecraft', BY)
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      // A decision about nothing is one all the same.
      await store.clearCooldown('minecraft', BY)
      await store.clearCooldown('minecraft', { ...BY, operationId: 'op-1' })
      await store.clearCooldown('minecraft', { ...BY, operationId: 'op-1' })
      assert.deepEqual(
        (await store.listAudits()).map(({ event }) => event),
        [{ ...told, until: NOON }, told, told],
      )
      await store.setCooldownUntil('minecraft', NOON)
      await rejectsWith(
        store.clearCooldown('minecraft', { ...BY, why: 'Rain.', operationId: 'op-1' }),
        'OPERATION_MISMATCH',
      )
      assert.deepEqual(await store.getCooldownUntil('minecraft'), NOON)
    },
  },
  {
    id: 'corrections/words/come-back-as-they-were-written',
    prevents: 'a reason that the database takes for a command, or changes',
    async run(t) {
      const store = await t.open()
      const told = HOSTILE_IDS.filter((words) => words.trim() !== '')
      for (const words of told) {
        await store.adjustUsage('minecraft', DAY, 1, { by: words, why: words })
        await store.grantTime('minecraft', DAY, 1, { by: words, why: words })
        await store.clearCooldown('minecraft', { by: words, why: words })
      }
      const written = told.flatMap((words) => [words, words, words])
      const records = await store.listAudits({ limit: LIMITS.AUDIT_PAGE_LIMIT_MAX })
      assert.deepEqual(
        records.map(({ event }) => event),
        records.map(({ event }, index) => ({ ...event, by: written[index], why: written[index] })),
      )
      assert.equal(records.length, written.length)
      assert.equal(await store.getUsage('minecraft', DAY), told.length)
    },
  },
  {
    id: 'corrections/cooldown/cleared-by-the-service-is-no-record',
    prevents: 'a log in which the words of a parent are lost among those of the service',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', NOON)
      await store.clearCooldown('minecraft')
      await store.clearCooldown('minecraft', { by: undefined, why: undefined })
      await store.commit([{ type: 'clear_cooldown', entryId: 'minecraft' }])
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      assert.deepEqual(await t.place.raw.audits(), [])
    },
  },
  {
    id: 'corrections/cooldown/a-spoiled-one-is-cleared',
    prevents: 'an entry that rests for ever, because nobody can read until when',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', NOON)
      await t.place.raw.spoil({ table: 'cooldown', scope: 'default', entryId: 'minecraft' })
      await store.clearCooldown('minecraft', BY)
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      const [record] = await store.listAudits()
      assert.deepEqual(record?.event, { type: 'cooldown_cleared', entryId: 'minecraft', ...BY })
    },
  },
  {
    id: 'corrections/who-and-why/are-asked-for',
    prevents: 'a correction by nobody, for no reason',
    async run(t) {
      const store = await t.open()
      const nobody = ['', null, 7, 'a\0', 'x'.repeat(257)].map((by) => ({ ...BY, by }))
      const noReason = ['', ' ', '\t\n ', '\u3000', null, 7, 'a\ud800'].map((why) => ({ ...BY, why }))
      const half = [{ by: 'Ada' }, { why: 'Homework is done.' }, { ...BY, by: undefined }, { ...BY, why: undefined }]
      const none = [undefined, {}, null]
      const ways: readonly (readonly [string, readonly unknown[], (options: never) => unknown])[] = [
        ['adjustUsage', none, (options) => store.adjustUsage('minecraft', DAY, 1, options)],
        ['grantTime', none, (options) => store.grantTime('minecraft', DAY, 1, options)],
        ['clearCooldown', [null], (options) => store.clearCooldown('minecraft', options)],
      ]
      await refusesEach(
        ways.flatMap(([method, others, call]) =>
          [...nobody, ...noReason, ...half, ...others].map(
            (options) => [`${method} with ${JSON.stringify(options)}`, () => call(options as never)] as const,
          ),
        ),
      )
      await storesNothing(t, store)
      const long = { by: 'é'.repeat(128), why: ' “Größe” 😀 ' }
      await store.adjustUsage('minecraft', DAY, 1, long)
      const [record] = await store.listAudits()
      assert.deepEqual(record?.event, {
        ...{ type: 'usage_adjusted', entryId: 'minecraft', day: DAY, byMs: 1, usedMs: 1, ...long },
      })
    },
  },
  {
    id: 'corrections/faults/one-commit-with-its-record',
    prevents: 'a correction without its record, or a record of one that did not happen',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await store.addUsage('minecraft', DAY, 600_000)
      await store.setCooldownUntil('minecraft', NOON)
      const before = await contentsOf(t.place, store)
      const corrections = [
        () => store.adjustUsage('minecraft', DAY, -1_000, BY),
        () => store.grantTime('minecraft', DAY, 1_000, BY),
        () => store.clearCooldown('minecraft', BY),
      ]
      for (const correct of corrections) {
        faults.failNext('write', 'DISK_FULL')
        await rejectsWith(correct(), 'DISK_FULL', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      for (const correct of corrections) {
        faults.failNext('write', 'UNAVAILABLE', { applied: true })
        await rejectsWith(correct(), 'UNAVAILABLE', 'unknown')
      }
      assert.deepEqual(
        (await store.listAudits()).map(({ event }) => event.type),
        ['usage_adjusted', 'time_granted', 'cooldown_cleared'],
      )
      assert.deepEqual(
        (await store.getDayState(DAY)).entry('minecraft'),
        entryState('minecraft', { usedMs: 599_000, grantedMs: 1_000 }),
      )
    },
  },
]
