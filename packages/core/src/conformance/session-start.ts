import assert from 'node:assert/strict'
import type { Condition } from '../change.ts'
import { startSession } from '../sessions.ts'
import { contentsOf } from './contents.ts'
import { rejectsWith, storesNothing, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { DAY, eventsOf, NO_OPEN_SESSION, OF_SESSION, refusalOf, sent, started, USER_STOP } from './session-expect.ts'

const NOW = new Date('2026-11-23T10:00:00.000Z')
const NOON = new Date('2026-11-23T12:00:00.000Z')

export const sessionStartCases: readonly CaseDefinition[] = [
  {
    id: 'session/start/is-a-row-and-a-record',
    prevents: 'a game that runs and of which nothing is known after a crash',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      const { record } = await started(store, { label: 'Minecraft', deadline: NOON })
      assert.deepEqual(record, {
        ...{ sessionId: 's-1', scope: 'anna', node: 'pc-1', run: 'r-1', entryId: 'minecraft', label: 'Minecraft' },
        ...{ startedAt: NOW, deadline: NOON, lastReportedAt: NOW, durationMs: 0, warningsIssuedMs: [] },
      })
      assert.deepEqual(await (await t.open({ scope: 'anna' })).listSessions(), [record])
      const [row, ...others] = await t.place.raw.sessions()
      assert.deepEqual(others, [])
      assert.deepEqual(
        [row?.scope, row?.sessionId, row?.node, row?.entryId, row?.endedAt, row?.durationMs],
        ['anna', 's-1', 'pc-1', 'minecraft', null, 0],
      )
      const told = { type: 'session_started', ...OF_SESSION, label: 'Minecraft', deadline: NOON }
      assert.deepEqual(await eventsOf(store), [told])
      assert.deepEqual(await t.place.raw.usage(), [])
    },
  },
  {
    id: 'session/start/unlimited-ones-have-no-deadline',
    prevents: 'an unlimited session that ends at some date which stands for never, or that somebody puts an end to',
    async run(t) {
      const store = await t.open()
      const session = await started(store)
      assert.equal('deadline' in session.record, false)
      assert.deepEqual(await eventsOf(store), [{ type: 'session_started', ...OF_SESSION }])
      const before = await contentsOf(t.place, store)
      await rejectsWith(session.extend(60_000), 'INVALID_ARGUMENT', 'not_applied')
      await rejectsWith(session.warn(60_000), 'INVALID_ARGUMENT', 'not_applied')
      const own = { ...OF_SESSION, run: 'r-1' } as const
      assert.equal((await sent(store, { type: 'extend_session', ...own, deadline: NOON })).changed, false)
      assert.equal((await sent(store, { type: 'warn_session', ...own, thresholdMs: 60_000 })).changed, false)
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/start/while-one-is-open-is-refused-and-names-it',
    prevents: 'two games at once on one screen, or a refusal that cannot say because of what',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await started(store, { label: 'Minecraft' })
      t.clock.advance(60_000)
      const before = await contentsOf(t.place, store)
      const open = { ...NO_OPEN_SESSION, ...OF_SESSION, label: 'Minecraft', node: 'pc-1', startedAt: NOW }
      for (const entryId of ['tuxmath', 'minecraft']) {
        assert.deepEqual(await refusalOf(store, { entryId, sessionId: 's-2' }), [open], entryId)
        const again = await t.open({ node: 'pc-1' })
        assert.deepEqual(await refusalOf(again, { entryId, sessionId: 's-2' }), [open], entryId)
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/start/other-nodes-and-scopes-are-free',
    prevents: 'a child who cannot play because another one plays, or because of a machine that was forgotten',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      await started(store)
      await started(store.view({ node: 'pc-2' }), { sessionId: 's-2' })
      // An id belongs to its scope.
      await started(store.view({ scope: 'ben' }))
      assert.deepEqual(
        (await store.listSessions({ open: true, scope: 'all' })).map(({ scope, node }) => [scope, node]),
        [
          ['ben', 'pc-1'],
          ['anna', 'pc-2'],
          ['anna', 'pc-1'],
        ],
      )
    },
  },
  {
    id: 'session/start/after-the-last-one-has-ended',
    prevents: 'a machine on which one game can be played, once',
    async run(t) {
      const store = await t.open()
      for (const sessionId of ['s-1', 's-2', 's-3']) {
        const session = await started(store, { sessionId })
        await session.end({ reason: USER_STOP })
      }
      assert.equal((await store.listSessions()).length, 3)
      assert.deepEqual(await store.listSessions({ open: true }), [])
    },
  },
  {
    id: 'session/start/its-conditions-are-all-looked-at',
    prevents: 'a denial that tells half of the reasons, or a start in spite of one',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await store.addUsage('minecraft', DAY, 1_000)
      await store.setCooldownUntil('minecraft', NOON)
      const below: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1_000 }
      const rested: Condition = { type: 'no_cooldown', entryId: 'minecraft' }
      const resting = { type: 'no_cooldown', entryId: 'minecraft', until: NOON } as const
      const used = usedUp({ entryId: 'minecraft', day: DAY, limitMs: 1_000, usedMs: 1_000 })
      const before = await contentsOf(t.place, store)
      assert.deepEqual(await refusalOf(store, { if: [rested] }), [resting])
      assert.deepEqual(await refusalOf(store, { if: [below, rested] }), [used, resting])
      assert.deepEqual(await contentsOf(t.place, store), before)
      await started(store, { entryId: 'tuxmath', sessionId: 's-0' })
      const open = { ...NO_OPEN_SESSION, sessionId: 's-0', entryId: 'tuxmath', node: 'pc-1', startedAt: NOW }
      assert.deepEqual(await refusalOf(store, { if: [rested, below] }), [resting, used, open])
      t.clock.set(NOON)
      await (await started(store, { entryId: 'tuxmath', sessionId: 's-0' })).end({ reason: USER_STOP, activeMs: 0 })
      await store.adjustUsage('minecraft', DAY, -1, { by: 'Ada', why: 'a mistake' })
      await started(store, { if: [below, rested] })
    },
  },
  {
    id: 'session/start/at-once-one-of-many-passes',
    prevents: 'two services of one machine that both start a game',
    async run(t) {
      const handles = [await t.open({ node: 'pc-1' }), await t.open({ node: 'pc-1' }), await t.open({ node: 'pc-1' })]
      for (let round = 0; round < 20; round += 1) {
        const calls = handles.flatMap((store, index) =>
          [0, 1].map((n) => startSession(store, { entryId: 'minecraft', sessionId: `s-${round}-${index}-${n}` })),
        )
        const winners = (await Promise.all(calls)).flatMap((start) => (start.applied ? [start.session] : []))
        assert.equal(winners.length, 1, `winners of round ${round}`)
        await winners[0]?.end({ reason: USER_STOP })
      }
      const counts = (await t.place.raw.audits()).map(({ type }) => type)
      assert.equal(counts.filter((type) => type === 'session_started').length, 20)
    },
  },
  {
    id: 'session/start/tried-again-after-a-lost-reply',
    prevents: 'a game that is started twice in the books, or refused because of its own first try',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      const rested: Condition = { type: 'no_cooldown', entryId: 'minecraft' }
      const options = { ...OF_SESSION, if: [rested] }
      faults.failNext('write', 'UNAVAILABLE', { applied: true })
      await rejectsWith(startSession(store, options), 'UNAVAILABLE', 'unknown')
      // Nobody looks at the conditions again: it is the first try that counts.
      await store.setCooldownUntil('minecraft', NOON)
      t.clock.advance(5_000)
      const start = await startSession(store, options)
      assert.ok(start.applied)
      assert.equal(start.repeated, true)
      assert.deepEqual(start.session.record.startedAt, NOW)
      t.clock.advance(1_000)
      assert.equal((await start.session.end({ reason: USER_STOP })).session.durationMs, 1_000)
      assert.deepEqual(
        (await eventsOf(store)).map(({ type }) => type),
        ['session_started', 'session_ended'],
      )
    },
  },
  {
    id: 'session/start/tried-again-after-it-was-not-written',
    prevents: 'a start that is taken for a repetition of one which never happened',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      faults.failNext('write', 'UNAVAILABLE')
      await rejectsWith(startSession(store, OF_SESSION), 'UNAVAILABLE', 'not_applied')
      await storesNothing(t, store)
      const start = await startSession(store, OF_SESSION)
      assert.equal(start.applied && start.repeated, false)
    },
  },
  {
    id: 'session/start/after-its-end-is-refused',
    prevents: 'a start that was delayed by the network and opens a session for a game that has ended',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store)
      t.clock.advance(600_000)
      const { endedAt } = (await session.end({ reason: USER_STOP })).session
      const before = await contentsOf(t.place, store)
      t.clock.advance(5_000)
      const ended = { type: 'session_is_new', ...OF_SESSION, node: 'pc-1', startedAt: NOW, endedAt }
      for (const run of ['r-1', 'r-2']) assert.deepEqual(await refusalOf(store, { run }), [ended])
      // To the store it is the commit that it knows.
      const start = { type: 'start_session', ...OF_SESSION, run: 'r-1' } as const
      const again = await store.commit([start], { if: [NO_OPEN_SESSION] })
      assert.ok(again.applied && again.repeated)
      assert.deepEqual(again.sessions, [{ session: session.record, changed: false, bookedMs: 0 }])
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/start/an-id-of-another-session-is-refused',
    prevents: 'a game whose time is booked for another game, or on another machine',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await started(store)
      const before = await contentsOf(t.place, store)
      const elsewhere = store.view({ node: 'pc-2' })
      const asTuxmath = { ...OF_SESSION, entryId: 'tuxmath' }
      await rejectsWith(startSession(store, asTuxmath), 'OPERATION_MISMATCH', 'not_applied')
      await rejectsWith(startSession(elsewhere, OF_SESSION), 'OPERATION_MISMATCH', 'not_applied')
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'session/start/of-one-that-is-played-is-refused',
    prevents: 'a service that was started again, counts from nothing, and loses what the one before counts',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const session = await started(store)
      const open = { ...NO_OPEN_SESSION, ...OF_SESSION, node: 'pc-1', startedAt: NOW }
      assert.deepEqual(await refusalOf(store, { run: 'r-2' }), [open])
      t.clock.advance(1_000)
      await session.checkpoint()
      // As is one of this run that is being played.
      assert.deepEqual(await refusalOf(store, { run: 'r-1' }), [open])
      assert.deepEqual(
        (await store.listSessions()).map(({ run }) => run),
        ['r-1'],
      )
    },
  },
  {
    id: 'session/start/ids-are-made-up-when-none-is-given',
    prevents: 'two sessions that are taken for one',
    async run(t) {
      const store = await t.open()
      const starts = await Promise.all(
        ['pc-1', 'pc-2'].map((node) => startSession(store.view({ node }), { entryId: 'minecraft' })),
      )
      const ids = starts.map((start) => start.applied && start.session.record.sessionId)
      assert.equal(new Set(ids).size, 2)
    },
  },
]
