import assert from 'node:assert/strict'
import { type Change, type Condition, isStoreError, startSession } from '@shepherd-store/core'
import { describe, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { firstDatabases } from './version-1/databases.ts'

const DAY = '2026-11-23'
const END_OF_SESSION: readonly Change[] = [
  {
    type: 'append_audit',
    event: {
      ...{ type: 'session_ended', sessionId: 's-1', entryId: 'minecraft' },
      ...{ reason: { type: 'expired' }, durationMs: 1_799_999 },
    },
  },
  { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_799_999 },
  { type: 'set_cooldown', entryId: 'minecraft', until: new Date('2026-11-23T19:00:00.001Z') },
]
const WITHIN_AN_HOUR: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 3_600_000 }
const directories = temporaryDirectories()

for (const { name, create } of firstDatabases(inject('postgresUrl'), directories)) {
  describe(`a database of schema version 1 on ${name}`, () => {
    test('is refused by a store that may not migrate it, and stays as it is', async () => {
      const { open, tables } = await create()
      const before = await tables()
      await assert.rejects(open({ migrate: 'never' }), (error) => isStoreError(error, 'SCHEMA_TOO_OLD'))
      assert.deepEqual(await tables(), before)
    })

    test('keeps all that it holds when it is migrated', async () => {
      const { open } = await create()
      const store = await open()
      assert.deepEqual([store.calendar.timeZone, store.calendar.dayStart], ['Europe/Berlin', '04:00'])
      const verified = await store.verifyAudits()
      assert.deepEqual([verified.intact, verified.checked], [true, 3])
      assert.equal(verified.head?.hash, 'b22976598e42e7df24a565aa4992e8e5547e9d6f59e9f964dd655e7639033bdf')
      const records = await store.listAudits()
      assert.deepEqual(
        records.map(({ event }) => event.type),
        ['session_started', 'session_ended', 'other'],
      )
      assert.deepEqual(records[2]?.original, {
        id: 7,
        timestamp: '2025-12-26T21:00:06+01:00',
        event: '{"type":"lamp_lit","watts":9}',
      })
      const range = { from: '2026-11-22', to: '2026-11-24' } as const
      assert.deepEqual(await store.listUsage({ ...range, by: ['scope', 'day', 'entry', 'node'], scope: 'all' }), [
        { scope: 'otto', day: '2026-11-22', entryId: 'chess', node: 'living-room', durationMs: 60_000, unreadable: 0 },
        { scope: 'anna', day: DAY, entryId: 'minecraft', node: 'living-room', durationMs: 1_799_999, unreadable: 0 },
        { scope: 'anna', day: DAY, entryId: 'minecraft', node: 'tablet', durationMs: 1, unreadable: 0 },
      ])
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date('2026-11-23T19:00:00.001Z'))
      const at = new Date('2026-11-23T18:30:00.000Z')
      assert.deepEqual(await store.loadSnapshot(), {
        snapshot: {
          timestamp: at,
          activeSession: { sessionId: 's-2', entryId: 'chess', startedAt: at, warningsIssuedMs: [300_000] },
        },
        revision: 2,
      })
      assert.deepEqual([await store.listSessions({ scope: 'all' }), await store.listNodes()], [[], []])
      // Its schema is the one of a new store.
      assert.deepEqual((await store.check()).problems, [])
    })

    test('has its sessions from then on', async () => {
      const { open } = await create()
      const store = await open()
      const quota = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1_800_000 } as const
      const refused = await startSession(store, { entryId: 'minecraft', if: [quota] })
      assert.equal(refused.applied, false)
      await store.grantTime('minecraft', DAY, 600_000, { by: 'Ada', why: 'Homework is done.' })
      const started = await startSession(store, { entryId: 'minecraft', if: [quota] })
      assert.ok(started.applied)
      const { changed, bookedMs } = await started.session.end({ reason: { type: 'user_stop' }, activeMs: 34_000 })
      assert.deepEqual([changed, bookedMs], [true, 34_000])
      assert.equal(await store.getUsage('minecraft', DAY), 1_834_000)
      const [session] = await (await open({ migrate: 'never' })).listSessions()
      assert.deepEqual([session?.entryId, session?.durationMs], ['minecraft', 34_000])
      const { intact, checked } = await store.verifyAudits()
      assert.deepEqual([intact, checked], [true, 6])
    })

    test('forgets a scope whose records have no salt yet, and verifies on', async () => {
      const { open } = await create()
      const store = await open()
      const { erased } = await store.forgetScope('anna', { by: 'Ada', why: 'She has moved out.' })
      const events = (await store.listAudits({ scope: 'all' })).map(({ scope, event }) => [scope, event.type])
      assert.equal(erased, events.filter(([scope, type]) => scope === 'anna' && type === 'erased').length)
      assert.ok(erased > 0)
      assert.deepEqual(events.at(-1), ['anna', 'scope_forgotten'])
      const verified = await store.verifyAudits({ expectedHead: await store.auditHead() })
      assert.deepEqual([verified.intact, verified.erased, verified.tail], [true, erased, 'proven'])
      assert.ok(verified.blindSpots.some((spot) => spot.includes('older version')))
    })

    test('knows the operations of the version before again', async () => {
      const { open } = await create()
      const store = await open()
      const again = await store.commit(END_OF_SESSION, { operationId: 'end s-1', if: [WITHIN_AN_HOUR] })
      assert.ok(again.applied && again.repeated)
      assert.deepEqual(
        again.audits.map(({ id }) => id),
        [2],
      )
      assert.equal(await store.getUsage('minecraft', DAY), 1_800_000)
    })
  })
}
