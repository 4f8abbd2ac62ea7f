import assert from 'node:assert/strict'
import { recoverSession, startSession } from '../sessions.ts'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { bookedByDay, DAY, MINUTE_MS, refusalOf, started, USER_STOP } from './session-expect.ts'
import { full, LIMIT_MS, strict } from './session-strict.ts'

const CORRECTION = { by: 'Ada', why: 'Homework is done.' }

/** Strict mode over days, weeks and months, and with extra time. */
export const sessionStrictLimitCases: readonly CaseDefinition[] = [
  {
    id: 'session/strict/a-slice-ends-with-the-day',
    prevents: 'time of tomorrow that counts against today, or the other way round',
    async run(t) {
      const store = await t.open()
      t.clock.set('2026-11-23T23:59:15.000Z')
      await store.addUsage('minecraft', '2026-11-24', LIMIT_MS - 20_000)
      const session = await started(store, { strict: strict() })
      assert.deepEqual(session.record.reserved, { day: DAY, durationMs: 45_000 })
      t.clock.advance(45_000)
      const { day, usedMs, reservedMs, session: record } = await session.checkpoint()
      assert.deepEqual([day, usedMs, reservedMs], ['2026-11-24', LIMIT_MS - 20_000, 20_000])
      assert.equal(record.reserved?.day, '2026-11-24')
      assert.equal(await store.getUsage('minecraft', DAY), 45_000)
      assert.equal((await store.getDayState(DAY)).entry('minecraft').reservedMs, 0)
    },
  },
  {
    id: 'session/strict/every-limit-leaves-room',
    prevents: 'a weekly limit that is passed because the day had room',
    async run(t) {
      const store = await t.open()
      const minutes = (count: number) => count * MINUTE_MS
      await store.addUsage('minecraft', '2026-11-01', minutes(7))
      t.clock.set('2026-11-25T10:00:00.000Z')
      await store.addUsage('minecraft', DAY, minutes(20))
      await store.addUsage('minecraft', '2026-11-25', minutes(5))
      for (const [day, week, month, room] of [
        [6, 60, 60, 1],
        [10, 27, 60, 2],
        [10, 60, 35, 3],
        [10, 60, 60, 4],
      ] as const) {
        const limits = [
          { limitMs: minutes(day) },
          { period: 'week', limitMs: minutes(week) },
          { period: 'month', limitMs: minutes(month) },
        ] as const
        const session = await started(store, { sessionId: `s-${room}`, strict: { limits, sliceMs: minutes(4) } })
        assert.equal(session.record.reserved?.durationMs, minutes(room))
        assert.equal((await session.checkpoint()).reservedMs, minutes(room))
        await session.end({ reason: USER_STOP })
      }
      const week = { limits: [{ period: 'week', limitMs: minutes(25) }], sliceMs: 1 } as const
      assert.deepEqual(await refusalOf(store, { sessionId: 's-5', strict: week }), [
        full({ period: 'week', day: '2026-11-25', limitMs: minutes(25), usedMs: minutes(25) }),
      ])
    },
  },
  {
    id: 'session/strict/what-yesterday-booked-ahead-counts-for-the-week',
    prevents: 'a machine that died on Tuesday and whose slice is free again on Wednesday, for all of the week',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await started(store, { strict: strict() })
      t.clock.set('2026-11-24T10:00:00.000Z')
      const elsewhere = store.view({ node: 'pc-2' })
      const week = { limits: [{ limitMs: LIMIT_MS }, { period: 'week', limitMs: 90_000 }], sliceMs: MINUTE_MS } as const
      const session = await started(elsewhere, { sessionId: 's-2', strict: week })
      assert.deepEqual(session.record.reserved, { day: '2026-11-24', durationMs: 30_000 })
      await recoverSession(elsewhere, { sessionId: 's-1' })
      assert.equal((await session.checkpoint()).reservedMs, MINUTE_MS)
    },
  },
  {
    id: 'session/strict/extra-time-makes-room',
    prevents: 'extra time that a parent grants and no machine ever gives',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, LIMIT_MS - 10_000)
      const session = await started(store, { strict: strict() })
      t.clock.advance(10_000)
      await store.grantTime('minecraft', DAY, 45_000, CORRECTION)
      assert.equal((await session.checkpoint()).reservedMs, 45_000)
      await store.grantTime('minecraft', DAY, -40_000, CORRECTION)
      assert.equal((await session.checkpoint()).reservedMs, 5_000)
      await session.end({ reason: USER_STOP })
      await store.addUsage('minecraft', DAY, 5_000)
      assert.deepEqual(await refusalOf(store, { sessionId: 's-2', strict: strict() }), [
        full({ usedMs: LIMIT_MS + 5_000, grantedMs: 5_000 }),
      ])
    },
  },
  {
    id: 'session/strict/a-slice-is-played-on-its-day',
    prevents: 'time that is booked ahead on one day, and counts against the next because the clock was set',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { strict: strict() })
      t.clock.set('2026-11-24T10:00:00.000Z')
      t.clock.advance(30_000)
      const { day, usedMs, session: record } = await session.checkpoint()
      assert.deepEqual([day, usedMs], ['2026-11-24', 0])
      assert.deepEqual(record.reserved, { day: '2026-11-24', durationMs: MINUTE_MS })
      // What is played beyond the slice lies where the clock says.
      t.clock.set('2026-11-25T10:00:00.000Z')
      t.clock.advance(MINUTE_MS + 1_000)
      await session.end({ reason: USER_STOP })
      assert.deepEqual(await bookedByDay(store), { [DAY]: 30_000, '2026-11-24': MINUTE_MS, '2026-11-25': 1_000 })
    },
  },
  {
    id: 'session/strict/another-node-waits-for-the-end-of-the-slice',
    prevents: 'a slice that is given to another machine while the one that booked it plays it',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store, { strict: strict() })
      t.clock.advance(30_000)
      await session.checkpoint()
      const elsewhere = store.view({ node: 'pc-2' })
      const options = { sessionId: 's-1' }
      t.clock.advance(MINUTE_MS - 1)
      assert.equal(await recoverSession(elsewhere, options), undefined)
      assert.equal((await store.getDayState(DAY)).entry('minecraft').reservedMs, MINUTE_MS)
      t.clock.advance(1)
      assert.equal((await recoverSession(elsewhere, options))?.durationMs, 30_000)
      // Its own node knows that nobody plays.
      await started(store, { sessionId: 's-2', strict: strict() })
      assert.equal((await recoverSession(store))?.sessionId, 's-2')
    },
  },
  {
    id: 'session/strict/what-may-still-be-played-is-told',
    prevents: 'a machine that plays its slice from the reply on, which was slow',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const session = await started(store, { strict: strict() })
      assert.equal(session.playableMs, MINUTE_MS)
      t.clock.advance(10_000)
      assert.equal(session.playableMs, 50_000)
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(session.checkpoint(), 'UNAVAILABLE')
      assert.equal(session.playableMs, 50_000)
      const checkpoint = session.checkpoint()
      t.clock.advance(2_000)
      await checkpoint
      assert.equal(session.playableMs, 58_000)
      // Setting the clock gives nothing.
      t.clock.set('2026-11-23T09:00:00.000Z')
      assert.equal(session.playableMs, 58_000)
      t.clock.advance(70_000)
      assert.equal(session.playableMs, 0)
      await session.end({ reason: USER_STOP })
      assert.equal((await started(store, { sessionId: 's-2' })).playableMs, undefined)
    },
  },
  {
    id: 'session/strict/one-that-is-started-again-plays-what-is-left-of-its-slice',
    prevents: 'a machine that plays on when another one has taken its slice for over, and recovered it',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const start = { sessionId: 's-1', entryId: 'minecraft', run: 'r-1', strict: strict() }
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(startSession(store, start), 'UNAVAILABLE', 'unknown')
      t.clock.advance(20_000)
      const again = await startSession(store, start)
      assert.ok(again.applied && again.repeated)
      assert.equal(again.session.playableMs, 40_000)
      t.clock.advance(40_000)
      assert.equal(again.session.playableMs, 0)
      assert.equal((await again.session.checkpoint()).reservedMs, MINUTE_MS)
      assert.equal(again.session.playableMs, MINUTE_MS)
    },
  },
]
