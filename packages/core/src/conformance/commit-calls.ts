import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { AuditEvent } from '../audit.ts'
import type { Change, Condition } from '../change.ts'
import { LIMITS } from '../limits.ts'
import { contentsOf } from './contents.ts'
import { refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 }
const BELOW: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: LIMITS.DURATION_MS_MAX }

/** What the types forbid and a program in JavaScript does all the same. */
const NO_LISTS: readonly unknown[] = [undefined, null, {}, 'add_usage', new Set([ADD]), { length: 1, 0: ADD }]
const NO_ITEMS: readonly unknown[] = [undefined, null, 'add_usage', 7, [], {}, { type: 'drop' }, { type: 'toString' }]

/** How commits are called: what is accepted, and what calls that were not awaited do to each other. */
export const commitCallCases: readonly CaseDefinition[] = [
  {
    id: 'commit/arguments/one-to-256-changes',
    prevents: 'a commit of nothing that looks like a success, or one so large that it holds up all others',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const tooMany = Array<Change>(LIMITS.CHANGES_MAX + 1).fill(ADD)
      for (const changes of [[], tooMany]) {
        const error = await rejectsWith(store.commit(changes), 'INVALID_ARGUMENT', 'not_applied')
        assert.equal(error.operation, 'commit')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      const { usage } = await store.commit(tooMany.slice(1))
      assert.deepEqual(usage, [{ entryId: 'minecraft', day: DAY, usedMs: LIMITS.CHANGES_MAX }])
    },
  },
  {
    id: 'commit/arguments/one-to-32-conditions',
    prevents: 'a list of conditions that came out empty by mistake and lets everything through',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const tooMany = Array<Condition>(LIMITS.CONDITIONS_MAX + 1).fill(BELOW)
      for (const conditions of [[], tooMany]) {
        await rejectsWith(store.commit([ADD], { if: conditions }), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.deepEqual(await contentsOf(t.place, store), before)
      const result = await store.commit([ADD], { if: tooMany.slice(1) })
      assert.equal(result.applied, true)
    },
  },
  {
    id: 'commit/arguments/what-is-no-change-is-refused',
    prevents: 'a misspelt change that is dropped without a word, or an error that leaves open whether it was written',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const lists = [...NO_LISTS, ...NO_ITEMS.map((item) => [ADD, item])]
      await refusesEach(lists.map((list) => [inspect(list), () => store.commit(list as readonly Change[])]))
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'commit/arguments/what-is-no-condition-is-refused',
    prevents: 'a misspelt condition that always holds',
    async run(t) {
      const store = await t.open()
      const before = await contentsOf(t.place, store)
      const lists = [...NO_LISTS.slice(1), ...NO_ITEMS.map((item) => [BELOW, item])]
      const commit = (list: unknown) => store.commit([ADD], { if: list as readonly Condition[] })
      await refusesEach(lists.map((list) => [inspect(list), () => commit(list)]))
      assert.deepEqual(await contentsOf(t.place, store), before)
    },
  },
  {
    id: 'commit/arguments/are-copied-at-the-call',
    prevents: 'a caller that reuses its objects and so changes what is about to be written',
    async run(t) {
      const store = await t.open()
      const until = new Date('2026-11-23T12:00:00.000Z')
      const data = { level: 1 }
      const timestamp = new Date('2026-11-23T09:00:00.000Z')
      const changes: Change[] = [
        { type: 'set_cooldown', entryId: 'minecraft', until },
        { type: 'append_audit', event: { type: 'other', name: 'level_reached', data } },
        { type: 'save_snapshot', snapshot: { timestamp } },
      ]
      const committed = store.commit(changes)
      until.setTime(0)
      timestamp.setTime(0)
      data.level = 2
      changes.push({ type: 'clear_cooldown', entryId: 'minecraft' })
      const { audits } = await committed
      assert.deepEqual(audits[0]?.event, { type: 'other', name: 'level_reached', data: { level: 1 } })
      assert.deepEqual(await store.listAudits(), audits)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date('2026-11-23T12:00:00.000Z'))
      assert.deepEqual((await store.loadSnapshot())?.snapshot.timestamp, new Date('2026-11-23T09:00:00.000Z'))
    },
  },
  {
    id: 'commit/group/one-failure-leaves-the-others-alone',
    prevents: 'a mistake of one caller that takes the writes of all others down, or that writes half of its own',
    async run(t) {
      const store = await t.open()
      await store.addUsage('full', DAY, LIMITS.DURATION_MS_MAX)
      const failing = new Set([0, 17, 18, 39])
      const calls = Array.from({ length: 40 }, (_, entryCount) =>
        store.commit([
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount } },
          { type: 'set_cooldown', entryId: `entry-${entryCount}`, until: new Date(1_000) },
          { type: 'add_usage', entryId: failing.has(entryCount) ? 'full' : 'minecraft', day: DAY, durationMs: 7 },
        ]),
      )
      const settled = await Promise.allSettled(calls)
      for (const [entryCount, { status }] of settled.entries()) {
        assert.equal(status, failing.has(entryCount) ? 'rejected' : 'fulfilled', `commit ${entryCount}`)
      }
      for (const entryCount of failing) {
        await rejectsWith(calls[entryCount] as Promise<unknown>, 'INVALID_ARGUMENT', 'not_applied')
      }
      const applied = [...calls.keys()].filter((entryCount) => !failing.has(entryCount))
      const events = (await store.listAudits()).map(({ event }) => event)
      assert.deepEqual(
        events,
        applied.map((entryCount): AuditEvent => ({ type: 'policy_loaded', entryCount })),
      )
      const state = await store.getDayState(DAY)
      assert.equal(state.entry('minecraft').usedMs, applied.length * 7)
      assert.equal(state.entry('full').usedMs, LIMITS.DURATION_MS_MAX)
      assert.equal([...state].filter(({ cooldownUntil }) => cooldownUntil !== undefined).length, applied.length)
      assert.equal((await store.verifyAudits()).intact, true)
    },
  },
  {
    id: 'commit/group/each-call-gets-its-own-result',
    prevents: 'a caller that is told of another caller’s record, total or refusal',
    async run(t) {
      const store = await t.open()
      await store.addUsage('used-up', DAY, 1_000)
      const calls = Array.from({ length: 30 }, (_, entryCount) => {
        const changes: readonly Change[] = [
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount } },
          { type: 'add_usage', entryId: `entry-${entryCount}`, day: DAY, durationMs: 100 + entryCount },
        ]
        const entryId = entryCount % 3 === 0 ? 'used-up' : 'minecraft'
        return store.commit(changes, { if: [{ type: 'usage_below', entryId, day: DAY, limitMs: 900 }] })
      })
      let id = 0
      for (const [entryCount, result] of (await Promise.all(calls)).entries()) {
        assert.equal(result.applied, entryCount % 3 !== 0)
        if (!result.applied) continue
        id += 1
        assert.deepEqual(
          result.audits.map((record) => [record.id, record.event]),
          [[id, { type: 'policy_loaded', entryCount }]],
        )
        assert.deepEqual(result.usage, [{ entryId: `entry-${entryCount}`, day: DAY, usedMs: 100 + entryCount }])
      }
    },
  },
  {
    id: 'commit/order/calls-take-effect-in-the-order-they-were-made',
    prevents: 'a cooldown that is cleared and set in quick succession, and stays cleared',
    async run(t) {
      const store = await t.open()
      const views = [store, store.view({ node: 'tablet' }), store.view({ node: 'laptop' })]
      const calls: Promise<unknown>[] = []
      // More than one group of them, so that the order is also kept from group to group.
      const rounds = LIMITS.GROUP_UNITS_MAX
      for (let round = 0; round < rounds; round += 1) {
        const view = views[round % views.length] ?? store
        calls.push(view.setCooldownUntil('minecraft', new Date(round)))
        calls.push(view.appendAudit({ type: 'policy_loaded', entryCount: round }))
        if (round % 2 === 0) calls.push(view.clearCooldown('minecraft'))
      }
      await Promise.all(calls)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date(rounds - 1))
      const events = (await store.listAudits({ limit: rounds })).map(({ event }) => event)
      assert.deepEqual(
        events,
        Array.from({ length: rounds }, (_, entryCount) => ({ type: 'policy_loaded', entryCount })),
      )
    },
  },
  {
    id: 'commit/order/a-read-sees-what-was-acknowledged',
    prevents: 'a limit that is checked against a total from before the last write',
    async run(t) {
      const [store, other] = [await t.open(), await t.open()]
      for (let round = 1; round <= 20; round += 1) {
        await store.commit([
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
          { type: 'set_cooldown', entryId: 'minecraft', until: new Date(round) },
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount: round } },
        ])
        assert.equal(await other.getUsage('minecraft', DAY), round)
        assert.deepEqual(await other.getCooldownUntil('minecraft'), new Date(round))
        assert.equal((await other.getRecentAudits(1))[0]?.id, round)
      }
    },
  },
]
