import assert from 'node:assert/strict'
import type { DayState } from '../day-state.ts'
import { isStoreError } from '../errors.ts'
import { entryState, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const UNTIL = new Date('2026-11-23T12:00:00.001Z')

/** Asserts that the state does not tell what could not be read. */
function isMalformed(state: DayState, entryId: string): void {
  assert.throws(
    () => state.entry(entryId),
    (error) => isStoreError(error, 'MALFORMED') && error.outcome === 'not_applied',
    `the state of ${entryId} was told`,
  )
}

export const dayStateCases: readonly CaseDefinition[] = [
  {
    id: 'day-state/entry/is-told-when-nothing-is-recorded',
    prevents: 'a service that fails on an entry nobody has used yet',
    async run(t) {
      const store = await t.open()
      const state = await store.getDayState('2026-11-23')
      assert.equal(state.day, '2026-11-23')
      assert.deepEqual([...state], [])
      for (const entryId of ['minecraft', 'constructor', '__proto__', 'toString']) {
        assert.deepEqual(state.entry(entryId), entryState(entryId))
      }
    },
  },
  {
    id: 'day-state/entry/usage-and-cooldown-together-or-alone',
    prevents: 'an entry whose cooldown is passed over because it was not used today, or the other way round',
    async run(t) {
      const store = await t.open()
      await store.addUsage('both', '2026-11-23', 1)
      await store.setCooldownUntil('both', UNTIL)
      await store.setCooldownUntil('cooldown', UNTIL)
      await store.addUsage('usage', '2026-11-23', 20)
      const expected = [
        entryState('both', { usedMs: 1, cooldownUntil: UNTIL }),
        entryState('cooldown', { cooldownUntil: UNTIL }),
        entryState('usage', { usedMs: 20 }),
      ]
      const state = await store.getDayState('2026-11-23')
      assert.deepEqual([...state], expected)
      assert.deepEqual([...state], expected, 'a second time')
      assert.deepEqual(
        expected.map(({ entryId }) => state.entry(entryId)),
        expected,
      )
    },
  },
  {
    id: 'day-state/usage/of-all-nodes-and-the-own-scope',
    prevents: 'a child getting its quota again on every machine, or paying for its brother',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const brother = store.view({ scope: 'ben' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 20)
      await brother.addUsage('minecraft', '2026-11-23', 300)
      await brother.addUsage('roblox', '2026-11-23', 4_000)
      await brother.setCooldownUntil('anno', UNTIL)
      const expected = [entryState('minecraft', { usedMs: 21 })]
      for (const view of [store, store.view({ node: 'pc-2' }), store.view({ node: 'pc-3' })]) {
        assert.deepEqual([...(await view.getDayState('2026-11-23'))], expected)
      }
    },
  },
  {
    id: 'day-state/usage/of-that-day-only',
    prevents: "yesterday's play using up today's quota",
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-22', 1)
      await store.addUsage('minecraft', '2026-11-23', 20)
      await store.addUsage('minecraft', '2026-11-24', 300)
      await store.addUsage('roblox', '2026-11-24', 4_000)
      assert.deepEqual([...(await store.getDayState('2026-11-23'))], [entryState('minecraft', { usedMs: 20 })])
      assert.deepEqual([...(await store.getDayState('2026-11-25'))], [])
    },
  },
  {
    id: 'day-state/usage/at-both-ends-of-time',
    prevents: 'a day without a next one, or one before, that cannot be asked for',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '1970-01-01', 1)
      await store.addUsage('minecraft', '9999-12-30', 20)
      await store.addUsage('minecraft', '9999-12-31', 300)
      for (const [day, usedMs] of [
        ['1970-01-01', 1],
        ['9999-12-30', 20],
        ['9999-12-31', 300],
      ] as const) {
        assert.deepEqual([...(await store.getDayState(day))], [entryState('minecraft', { usedMs })], day)
      }
    },
  },
  {
    id: 'day-state/order/of-the-utf-8-bytes',
    prevents: 'a list of entries that is shuffled from one backend to the next',
    async run(t) {
      const store = await t.open()
      const ordered = [' a', '10', '9', 'B', '_', 'a', 'b', 'e\u0301', 'é', '中', '\ufffd', '😀']
      for (const [index, entryId] of ordered.toReversed().entries()) {
        if (index % 2 === 0) await store.addUsage(entryId, '2026-11-23', 1)
        else await store.setCooldownUntil(entryId, UNTIL)
      }
      const state = await store.getDayState('2026-11-23')
      assert.deepEqual(
        Array.from(state, ({ entryId }) => entryId),
        ordered,
      )
    },
  },
  {
    id: 'day-state/state/is-of-the-instant-of-the-call',
    prevents: 'a decision that is made on two different moments',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', 1)
      const state = await store.getDayState('2026-11-23')
      await store.addUsage('minecraft', '2026-11-23', 20)
      await store.setCooldownUntil('minecraft', UNTIL)
      assert.deepEqual(state.entry('minecraft'), entryState('minecraft', { usedMs: 1 }))
      assert.equal((await store.getDayState('2026-11-23')).entry('minecraft').usedMs, 21)
    },
  },
  {
    id: 'day-state/state/does-not-share-dates-with-the-caller',
    prevents: 'a cooldown that moves because a reader changed the Date it was given',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', UNTIL)
      const state = await store.getDayState('2026-11-23')
      const [first] = state
      first?.cooldownUntil?.setTime(0)
      state.entry('minecraft').cooldownUntil?.setTime(0)
      assert.deepEqual(state.entry('minecraft').cooldownUntil, UNTIL)
      assert.deepEqual([...state][0]?.cooldownUntil, UNTIL)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), UNTIL)
    },
  },
  {
    id: 'day-state/spoiled/usage-is-marked-and-not-told',
    prevents: 'a damaged row being read as no usage, or locking every other entry',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 20)
      await store.setCooldownUntil('minecraft', UNTIL)
      await store.addUsage('roblox', '2026-11-23', 300)
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      await t.place.raw.spoil({ table: 'usage', ...key, node: 'pc-1' })
      const state = await store.getDayState('2026-11-23')
      isMalformed(state, 'minecraft')
      assert.deepEqual(state.entry('roblox'), entryState('roblox', { usedMs: 300 }))
      assert.deepEqual(state.entry('anno'), entryState('anno'))
      assert.deepEqual(
        Array.from(state, ({ entryId, unreadable }) => [entryId, unreadable]),
        [
          ['minecraft', ['usage']],
          ['roblox', []],
        ],
      )
      assert.equal((await store.getDayState('2026-11-24')).entry('minecraft').usedMs, 0)
    },
  },
  {
    id: 'day-state/spoiled/cooldown-is-marked-and-not-told',
    prevents: 'a damaged cooldown being read as none, or locking every other entry',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      for (const entryId of ['minecraft', 'roblox']) await store.setCooldownUntil(entryId, UNTIL)
      await t.place.raw.spoil({ table: 'cooldown', scope: 'anna', entryId: 'minecraft' })
      const state = await store.getDayState('2026-11-23')
      isMalformed(state, 'minecraft')
      assert.deepEqual(state.entry('roblox').cooldownUntil, UNTIL)
      const [minecraft] = state
      assert.deepEqual(minecraft, entryState('minecraft', { usedMs: 1, unreadable: ['cooldown'] }))
      await rejectsWith(store.getCooldownUntil('minecraft'), 'MALFORMED')
    },
  },
  {
    id: 'day-state/spoiled/both-are-marked',
    prevents: 'a repair of one of two damaged rows that looks complete',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.setCooldownUntil('minecraft', UNTIL)
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      await t.place.raw.spoil({ table: 'usage', ...key, node: 'pc-1' })
      await t.place.raw.spoil({ table: 'cooldown', scope: 'anna', entryId: 'minecraft' })
      const state = await store.getDayState('2026-11-23')
      isMalformed(state, 'minecraft')
      const [minecraft] = state
      assert.deepEqual(minecraft, entryState('minecraft', { unreadable: ['usage', 'cooldown'] }))
    },
  },
]
