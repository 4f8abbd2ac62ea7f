import assert from 'node:assert/strict'
import { rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const LARGEST = Number.MAX_SAFE_INTEGER

export const usageCases: readonly CaseDefinition[] = [
  {
    id: 'usage/get/absent-is-zero',
    prevents: 'a child without usage being refused',
    async run(t) {
      const store = await t.open()
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 0)
    },
  },
  {
    id: 'usage/add/sums-up',
    prevents: 'a second session of the day replacing the first',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', 1_000)
      await store.addUsage('minecraft', '2026-11-23', 999)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 1_999)
    },
  },
  {
    id: 'usage/add/sums-to-the-millisecond',
    prevents: 'a quota drifting by what each session was rounded',
    async run(t) {
      const store = await t.open()
      for (const durationMs of [1, 10, 100, 1_000, 59_999, 2 ** 31, 2 ** 32 + 1, 1_234_567_890_123]) {
        await store.addUsage('minecraft', '2026-11-23', durationMs)
      }
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 1_241_010_402_178)
    },
  },
  {
    id: 'usage/add/several-at-once',
    prevents: 'a minute being lost because two sessions end in the same moment',
    async run(t) {
      const store = await t.open()
      const durations = Array.from({ length: 50 }, (_, index) => index + 1)
      await Promise.all(durations.map((durationMs) => store.addUsage('minecraft', '2026-11-23', durationMs)))
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 1_275)
    },
  },
  {
    id: 'usage/add/zero-adds-nothing',
    prevents: 'a session that was ended at once spoiling the total',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', 0)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 0)
      await store.addUsage('minecraft', '2026-11-23', 5)
      await store.addUsage('minecraft', '2026-11-23', 0)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 5)
    },
  },
  {
    id: 'usage/add/days-are-apart',
    prevents: "yesterday's play using up today's quota",
    async run(t) {
      const store = await t.open()
      const days = [
        '1970-01-01',
        '2026-11-22',
        '2026-11-23',
        '2026-11-24',
        '2027-11-23',
        '9999-12-30',
        '9999-12-31',
      ] as const
      for (const [index, day] of days.entries()) await store.addUsage('minecraft', day, 10 ** index)
      for (const [index, day] of days.entries()) assert.equal(await store.getUsage('minecraft', day), 10 ** index, day)
      assert.equal(await store.getUsage('minecraft', '2026-11-25'), 0)
    },
  },
  {
    id: 'usage/add/entries-are-apart',
    prevents: "one game's play using up another game's quota",
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.addUsage('roblox', '2026-11-23', 20)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 1)
      assert.equal(await store.getUsage('roblox', '2026-11-23'), 20)
      assert.equal(await store.getUsage('mine', '2026-11-23'), 0)
    },
  },
  {
    id: 'usage/add/scopes-are-apart',
    prevents: "one child's play using up another child's quota",
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.view({ scope: 'ben' }).addUsage('minecraft', '2026-11-23', 20)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), 1)
      assert.equal(await store.view({ scope: 'ben' }).getUsage('minecraft', '2026-11-23'), 20)
      assert.equal(await store.view({ scope: 'clara' }).getUsage('minecraft', '2026-11-23'), 0)
    },
  },
  {
    id: 'usage/add/nodes-share-the-total',
    prevents: 'a child getting its quota again on every machine',
    async run(t) {
      const first = await t.open({ scope: 'anna', node: 'pc-1' })
      const second = await t.open({ scope: 'anna', node: 'pc-2' })
      await first.addUsage('minecraft', '2026-11-23', 1)
      await second.addUsage('minecraft', '2026-11-23', 20)
      await first.addUsage('minecraft', '2026-11-23', 300)
      for (const store of [first, second, first.view({ node: 'pc-3' })]) {
        assert.equal(await store.getUsage('minecraft', '2026-11-23'), 321)
      }
    },
  },
  {
    id: 'usage/stored/under-the-node-that-added-it',
    prevents: 'a report that cannot tell on which machine a child played',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 20)
      await store.addUsage('minecraft', '2026-11-23', 300)
      const raw = await t.place.raw.usage()
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' }
      assert.deepEqual(
        raw.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
        [
          { ...key, node: 'pc-1', durationMs: 301 },
          { ...key, node: 'pc-2', durationMs: 20 },
        ],
      )
    },
  },
  {
    id: 'usage/add/up-to-the-largest-duration',
    prevents: 'a documented value being refused, or rounded',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', LARGEST)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), LARGEST)
      await store.addUsage('minecraft', '2026-11-23', 0)
      await store.addUsage('roblox', '2026-11-23', LARGEST - 1)
      await store.addUsage('roblox', '2026-11-23', 1)
      assert.equal(await store.getUsage('roblox', '2026-11-23'), LARGEST)
    },
  },
  {
    id: 'usage/add/a-sum-past-the-largest-duration-is-refused',
    prevents: 'a total that is rounded from then on, so that minutes stop counting',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', LARGEST - 5)
      for (const durationMs of [6, 7, LARGEST]) {
        await rejectsWith(store.addUsage('minecraft', '2026-11-23', durationMs), 'INVALID_ARGUMENT', 'not_applied')
      }
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), LARGEST - 5)
      await store.addUsage('minecraft', '2026-11-23', 5)
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), LARGEST)
      await store.addUsage('minecraft', '2026-11-24', 6)
    },
  },
  {
    id: 'usage/add/a-sum-over-nodes-past-the-largest-duration-is-refused',
    prevents: 'rows that are sound one by one, with a total that nobody can read',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      const other = store.view({ node: 'pc-2' })
      await store.addUsage('minecraft', '2026-11-23', LARGEST - 5)
      await other.addUsage('minecraft', '2026-11-23', 5)
      await rejectsWith(other.addUsage('minecraft', '2026-11-23', 1), 'INVALID_ARGUMENT', 'not_applied')
      const third = store.view({ node: 'pc-3' })
      await rejectsWith(third.addUsage('minecraft', '2026-11-23', LARGEST), 'INVALID_ARGUMENT', 'not_applied')
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), LARGEST)
      const raw = await t.place.raw.usage()
      assert.deepEqual(
        raw.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b),
        [5, LARGEST - 5],
      )
    },
  },
  {
    id: 'usage/add/several-at-once-never-pass-the-largest-duration',
    prevents: 'a check that looks at each write alone, while together they pass the limit',
    async run(t) {
      const store = await t.open()
      await store.addUsage('minecraft', '2026-11-23', LARGEST - 5)
      const added = await Promise.allSettled(
        [3, 3, 2].map((durationMs) => store.addUsage('minecraft', '2026-11-23', durationMs)),
      )
      assert.deepEqual(
        added.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      assert.equal(await store.getUsage('minecraft', '2026-11-23'), LARGEST)
    },
  },
  {
    id: 'usage/get/a-spoiled-row-is-malformed',
    prevents: 'a damaged row being read as no usage, so that the limit disappears',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.view({ node: 'pc-2' }).addUsage('minecraft', '2026-11-23', 20)
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      await t.place.raw.spoil({ table: 'usage', ...key, node: 'pc-1' })
      for (const view of [store, store.view({ node: 'pc-2' }), store.view({ node: 'pc-3' })]) {
        await rejectsWith(view.getUsage('minecraft', '2026-11-23'), 'MALFORMED', 'not_applied')
      }
    },
  },
  {
    id: 'usage/add/to-a-spoiled-row-is-malformed',
    prevents: 'a damaged total being written over, as if it had been zero',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      await t.place.raw.spoil({ table: 'usage', ...key, node: 'pc-1' })
      for (const view of [store, store.view({ node: 'pc-2' })]) {
        for (const durationMs of [0, 10]) {
          await rejectsWith(view.addUsage('minecraft', '2026-11-23', durationMs), 'MALFORMED', 'not_applied')
        }
      }
      await rejectsWith(store.getUsage('minecraft', '2026-11-23'), 'MALFORMED')
      const raw = await t.place.raw.usage()
      assert.deepEqual(
        raw.map(({ node, durationMs }) => [node, durationMs < 0]),
        [['pc-1', true]],
      )
    },
  },
  {
    id: 'usage/get/a-spoiled-row-harms-no-other',
    prevents: 'one damaged row locking a child out of everything',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.addUsage('minecraft', '2026-11-23', 1)
      const key = { scope: 'anna', day: '2026-11-23', entryId: 'minecraft' } as const
      await t.place.raw.spoil({ table: 'usage', ...key, node: 'pc-1' })
      const others = [
        [store, 'minecraft', '2026-11-24'],
        [store, 'roblox', '2026-11-23'],
        [store.view({ scope: 'ben' }), 'minecraft', '2026-11-23'],
      ] as const
      for (const [view, entryId, day] of others) {
        assert.equal(await view.getUsage(entryId, day), 0)
        await view.addUsage(entryId, day, 7)
        assert.equal(await view.getUsage(entryId, day), 7)
      }
    },
  },
]
