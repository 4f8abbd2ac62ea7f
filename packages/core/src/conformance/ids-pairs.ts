import assert from 'node:assert/strict'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const SEPARATORS = [
  ['', '|', '||', ',', ':', '::', ';', '/', '-', '--', '_', '.', ' ', '\t', '\n', '\u0001', '\u001f', '\\'],
  ['"', '","', '", "', "','", `|${DAY}|`, `,${DAY},`, `","${DAY}","`, DAY],
].flat()

/** Pairs of ids that become one text when they are joined by one of the separators. Each has a number of its own. */
const PAIRS = SEPARATORS.flatMap((separator) => [
  { first: `a${separator}b`, second: `c${separator}d` },
  { first: 'a', second: `b${separator}c${separator}d` },
  { first: `a${separator}b${separator}c`, second: 'd' },
])
  .filter(
    ({ first, second }, index, pairs) => index === pairs.findIndex((p) => p.first === first && p.second === second),
  )
  .map((pair, index) => ({ ...pair, number: index + 1, what: JSON.stringify(pair) }))

const after = (seconds: number) => new Date(Date.UTC(2026, 10, 23) + seconds * 1_000)

export const idPairCases: readonly CaseDefinition[] = [
  {
    id: 'ids/pairs/of-scope-and-entry-do-not-run-together',
    prevents: 'child "a" with game "b|c" sharing a quota with child "a|b" and game "c"',
    async run(t) {
      const store = await t.open()
      await Promise.all(
        PAIRS.map(({ first, second, number }) =>
          store.view({ scope: first }).commit([
            { type: 'add_usage', entryId: second, day: DAY, durationMs: number },
            { type: 'set_cooldown', entryId: second, until: after(number) },
          ]),
        ),
      )
      await Promise.all(
        PAIRS.map(async ({ first, second, number, what }) => {
          const view = store.view({ scope: first })
          assert.equal(await view.getUsage(second, DAY), number, what)
          assert.deepEqual(await view.getCooldownUntil(second), after(number), what)
        }),
      )
    },
  },
  {
    id: 'ids/pairs/of-entry-and-node-do-not-run-together',
    prevents: 'time that was played on one machine being added to the row of another',
    async run(t) {
      const store = await t.open()
      const there = store.view({ scope: 'the other way round' })
      await Promise.all(
        PAIRS.flatMap(({ first, second, number }) => [
          store.view({ node: second }).addUsage(first, DAY, number),
          there.view({ node: first }).addUsage(second, DAY, number),
        ]),
      )
      await Promise.all(
        PAIRS.map(async ({ first, second, number, what }) => {
          const range = { from: DAY, to: '2026-11-24' } as const
          const expected = [{ durationMs: number, unreadable: 0 }]
          assert.deepEqual(await store.listUsage({ ...range, entryId: first, node: second }), expected, what)
          assert.deepEqual(await there.listUsage({ ...range, entryId: second, node: first }), expected, what)
        }),
      )
    },
  },
  {
    id: 'ids/pairs/of-scope-and-node-do-not-run-together',
    prevents: "a machine recovering another machine's session",
    async run(t) {
      const store = await t.open()
      await Promise.all(
        PAIRS.map(({ first, second, number }) =>
          store.view({ scope: first, node: second }).saveSnapshot({ timestamp: after(number) }),
        ),
      )
      await Promise.all(
        PAIRS.map(async ({ first, second, number, what }) => {
          const saved = await store.view({ scope: first, node: second }).loadSnapshot()
          assert.deepEqual(saved, { snapshot: { timestamp: after(number) }, revision: 1 }, what)
        }),
      )
    },
  },
  {
    id: 'ids/pairs/of-scope-and-operation-do-not-run-together',
    prevents: "a write that is dropped because another child's looks like it",
    async run(t) {
      const store = await t.open()
      const event = { type: 'service_started' } as const
      const records = await Promise.all(
        PAIRS.map(({ first, second }) => store.view({ scope: first }).appendAudit(event, { operationId: second })),
      )
      assert.deepEqual(
        records.map(({ id }) => id),
        PAIRS.map(({ number }) => number),
      )
    },
  },
]
