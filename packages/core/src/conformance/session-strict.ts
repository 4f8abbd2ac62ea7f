import assert from 'node:assert/strict'
import type { FailedCondition } from '../change.ts'
import { continueSession, recoverSession, startSession, type StartOptions } from '../sessions.ts'
import { entryState, refusesEach } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { DAY, MINUTE_MS, OF_SESSION, refusalOf, report, sent, started, USER_STOP } from './session-expect.ts'

export const LIMIT_MS = 10 * MINUTE_MS
/** A quota of ten minutes, in slices of one. */
export const strict = (limitMs = LIMIT_MS, sliceMs = MINUTE_MS) => ({ limits: [{ limitMs }], sliceMs })

type QuotaFailed = Extract<FailedCondition, { readonly type: 'usage_below' }>
/** How a limit of it is told that leaves no room. */
export const full = (parts: Partial<QuotaFailed>): QuotaFailed => ({
  ...{ type: 'usage_below', entryId: 'minecraft', day: DAY, period: 'day', limitMs: LIMIT_MS },
  ...{ usedMs: 0, reservedMs: 0, grantedMs: 0, ...parts },
})

export const sessionStrictCases: readonly CaseDefinition[] = [
  {
    id: 'session/strict/each-checkpoint-books-the-next-slice',
    prevents: 'a limit that is passed by what is played before it is looked at again',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { strict: strict() })
      assert.deepEqual(session.record.reserved, { day: DAY, durationMs: MINUTE_MS })
      for (let n = 1; n <= 3; n += 1) {
        t.clock.advance(30_000)
        const told = await session.checkpoint()
        assert.deepEqual([told.bookedMs, told.usedMs, told.reservedMs], [30_000, n * 30_000, MINUTE_MS])
        assert.deepEqual((await store.listSessions())[0]?.reserved, { day: DAY, durationMs: MINUTE_MS })
        // What is booked ahead is not used.
        assert.equal(await store.getUsage('minecraft', DAY), n * 30_000)
        const state = (await store.getDayState(DAY)).entry('minecraft')
        assert.deepEqual(state, entryState('minecraft', { usedMs: n * 30_000, reservedMs: MINUTE_MS }))
      }
    },
  },
  {
    id: 'session/strict/other-machines-see-what-is-booked-ahead',
    prevents: 'two machines that both spend the last half hour of a child',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const elsewhere = await t.open({ node: 'pc-2' })
      await store.addUsage('minecraft', DAY, 9 * MINUTE_MS)
      const session = await started(store, { strict: strict() })
      const failed = [full({ usedMs: 9 * MINUTE_MS, reservedMs: MINUTE_MS })]
      const second = { sessionId: 's-2', entryId: 'minecraft' }
      assert.deepEqual(await refusalOf(elsewhere, { ...second, strict: strict() }), failed)
      // As does one that is not strict itself, and who only asks.
      const below = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: LIMIT_MS } as const
      assert.deepEqual(await refusalOf(elsewhere, { ...second, if: [below] }), failed)
      t.clock.advance(20_000)
      await session.end({ reason: USER_STOP })
      await started(elsewhere, { ...second, strict: strict() })
    },
  },
  {
    id: 'session/strict/takes-what-room-is-left',
    prevents: 'the last minute of a limit, which nobody can play because it is no whole slice',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await store.addUsage('minecraft', DAY, 9 * MINUTE_MS)
      await started(store, { strict: strict(LIMIT_MS, 45_000) })
      const other = await started(store.view({ node: 'pc-2' }), { sessionId: 's-2', strict: strict() })
      assert.equal(other.record.reserved?.durationMs, 15_000)
      t.clock.advance(15_000)
      const { usedMs, reservedMs, session } = await other.checkpoint()
      assert.deepEqual([usedMs, reservedMs], [9 * MINUTE_MS + 15_000, 0])
      assert.equal('reserved' in session, false)
    },
  },
  {
    id: 'session/strict/nothing-left-is-refused',
    prevents: 'a session of no time at all, which each start books anew',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', DAY, LIMIT_MS - 1)
      assert.equal((await started(store, { strict: strict() })).record.reserved?.durationMs, 1)
      await recoverSession(store)
      await store.addUsage('minecraft', DAY, 1)
      const refused = await refusalOf(store, { sessionId: 's-2', strict: strict() })
      assert.deepEqual(refused, [full({ usedMs: LIMIT_MS })])
      assert.deepEqual(await refusalOf(store, { sessionId: 's-2', strict: strict(0) }), [
        full({ usedMs: LIMIT_MS, limitMs: 0 }),
      ])
    },
  },
  {
    id: 'session/strict/is-given-back-at-the-end',
    prevents: 'a minute that every session costs beside what was played',
    async run(t) {
      const store = await t.open()
      for (let n = 1; n <= 3; n += 1) {
        const session = await started(store, { sessionId: `s-${n}`, strict: strict() })
        t.clock.advance(10_000)
        const after = await session.end({ reason: USER_STOP })
        assert.equal('reserved' in after.session, false)
        const state = (await store.getDayState(DAY)).entry('minecraft')
        assert.deepEqual(state, entryState('minecraft', { usedMs: n * 10_000 }))
      }
    },
  },
  {
    id: 'session/strict/at-once-as-many-as-fit',
    prevents: 'a limit that is passed when machines start at the same moment',
    async run(t) {
      const nodes = await Promise.all(['pc-1', 'pc-2', 'pc-3', 'pc-4'].map((node) => t.open({ node })))
      for (let round = 0; round < 10; round += 1) {
        const entryId = `entry-${round}`
        const options = { entryId, strict: strict(150_000) }
        const starts = await Promise.all(
          nodes.map((store) => startSession(store, { ...options, sessionId: `${store.node} ${round}` })),
        )
        const sessions = starts.flatMap((start) => (start.applied ? [start.session] : []))
        const slices = sessions.map(({ record }) => record.reserved?.durationMs ?? 0)
        assert.deepEqual(
          slices.toSorted((a, b) => a - b),
          [30_000, 60_000, 60_000],
          `round ${round}`,
        )
        await Promise.all(sessions.map((session) => session.end({ reason: USER_STOP })))
      }
    },
  },
  {
    id: 'session/strict/never-passes-the-limit-and-reaches-it',
    prevents: 'an hour that becomes more on several machines, or less',
    async run(t) {
      const nodes = await Promise.all(['pc-1', 'pc-2', 'pc-3'].map((node) => t.open({ node })))
      const playing = await Promise.all(
        nodes.map(async (store) => ({
          session: await started(store, { sessionId: store.node, strict: strict(LIMIT_MS, 45_000) }),
          leftMs: 45_000,
        })),
      )
      for (let second = 0; second < 600 && playing.some(({ leftMs }) => leftMs > 0); second += 1) {
        // Each plays as long as its slice lasts, and the clock of all goes on together.
        const ms = Math.min(...playing.map(({ leftMs }) => leftMs).filter((leftMs) => leftMs > 0), 20_000)
        t.clock.advance(ms)
        for (const machine of playing) {
          if (machine.leftMs === 0) continue
          const { usedMs, reservedMs } = await machine.session.checkpoint()
          assert.ok(usedMs <= LIMIT_MS, `${usedMs}`)
          machine.leftMs = reservedMs
          if (reservedMs === 0) await machine.session.end({ reason: { type: 'expired' } })
        }
      }
      assert.equal(await nodes[0]?.getUsage('minecraft', DAY), LIMIT_MS)
      assert.equal((await nodes[0]?.getDayState(DAY))?.entry('minecraft').reservedMs, 0)
    },
  },
  {
    id: 'session/strict/what-was-played-is-always-booked',
    prevents: 'play beyond the slice that is left out of the books because it should not have been',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { strict: strict() })
      t.clock.advance(LIMIT_MS + 1)
      const { usedMs, reservedMs } = await session.checkpoint()
      assert.deepEqual([usedMs, reservedMs], [LIMIT_MS + 1, 0])
      t.clock.advance(1_000)
      assert.equal((await session.end({ reason: USER_STOP })).session.durationMs, LIMIT_MS + 1_001)
    },
  },
  {
    id: 'session/strict/an-older-report-leaves-the-slice-alone',
    prevents: 'a delayed checkpoint that takes the slice from a machine which plays it, or books a second one',
    async run(t) {
      const store = await t.open()
      const reserve = (upToMs: number) => ({ day: DAY, upToMs, limits: [{ limitMs: LIMIT_MS }] }) as const
      await started(store, { strict: strict() })
      const newest = await sent(store, { ...report(3, { '11-23': 30_000 }), reserve: reserve(20_000) })
      assert.equal(newest.session.reserved?.durationMs, 20_000)
      for (const older of [{ ...report(2, { '11-23': 20_000 }), reserve: reserve(50_000) }, report(1, {})]) {
        assert.deepEqual((await sent(store, older)).session, newest.session)
      }
      assert.equal('reserved' in (await sent(store, report(4, {}))).session, false)
    },
  },
  {
    id: 'session/strict/a-dead-machine-keeps-a-slice-until-it-is-recovered',
    prevents: 'a power cut that costs a child the rest of its day, or gives another machine what may still be played',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store, { strict: strict() })
      t.clock.advance(30_000)
      await session.checkpoint()
      t.clock.advance(LIMIT_MS)
      const elsewhere = await t.open({ node: 'pc-2' })
      await elsewhere.addUsage('minecraft', DAY, LIMIT_MS - 90_000)
      const options: Partial<StartOptions> = { sessionId: 's-2', strict: strict() }
      const failed = full({ usedMs: LIMIT_MS - MINUTE_MS, reservedMs: MINUTE_MS })
      assert.deepEqual(await refusalOf(elsewhere, options), [failed])
      const recovered = await recoverSession(elsewhere, { sessionId: 's-1' })
      assert.ok(recovered)
      assert.equal('reserved' in recovered, false)
      assert.equal((await started(elsewhere, options)).record.reserved?.durationMs, MINUTE_MS)
    },
  },
  {
    id: 'session/strict/a-run-that-goes-on-books-its-own-slices',
    prevents: 'a slice of a service that is gone, which nobody plays and nobody gives back',
    async run(t) {
      const store = await t.open()
      await started(store, { strict: strict() })
      t.clock.advance(30_000)
      const continued = await continueSession(store, { strict: strict(LIMIT_MS, 45_000), activeMs: 30_000 })
      assert.deepEqual(continued?.record.reserved, { day: DAY, durationMs: 45_000 })
      assert.equal((await store.getDayState(DAY)).entry('minecraft').reservedMs, 45_000)
      assert.equal((await continued.checkpoint()).reservedMs, 45_000)
      await continued.end({ reason: USER_STOP })
      const state = (await store.getDayState(DAY)).entry('minecraft')
      assert.deepEqual(state, entryState('minecraft', { usedMs: 30_000 }))
    },
  },
  {
    id: 'session/strict/what-is-no-quota-is-refused',
    prevents: 'a strict mode without a limit, in which nothing is strict',
    async run(t) {
      const store = await t.open()
      const limit = { limitMs: LIMIT_MS }
      const values: readonly unknown[] = [
        ...[null, 7, [], {}, { limits: [limit] }, { limits: [], sliceMs: 1 }, { limits: limit, sliceMs: 1 }],
        ...[0, -1, 0.5, Number.NaN, '1', null].map((sliceMs) => ({ limits: [limit], sliceMs })),
        ...[-1, 0.5, Number.NaN, '1', null, undefined].map((limitMs) => ({ limits: [{ limitMs }], sliceMs: 1 })),
        ...['year', '', null, 7].map((period) => ({ limits: [{ ...limit, period }], sliceMs: 1 })),
        { limits: Array.from({ length: 17 }, () => limit), sliceMs: 1 },
      ]
      await refusesEach(
        values.map((value) => [
          JSON.stringify(value),
          () => startSession(store, { ...OF_SESSION, strict: value as never }),
        ]),
      )
      assert.deepEqual(await store.listSessions(), [])
      const most = { limits: Array.from({ length: 16 }, () => limit), sliceMs: 1 }
      await started(store, {
        strict: most,
        if: Array.from({ length: 15 }, () => ({ type: 'no_cooldown', entryId: 'a' }) as const),
      })
    },
  },
]
