import assert from 'node:assert/strict'
import type { Store, ViewOptions } from '../store.ts'
import { refusesEach } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')

export const viewCases: readonly CaseDefinition[] = [
  {
    id: 'views/keep-what-is-not-named',
    prevents: 'a server that acts for a child and falls back to its own scope for half of it',
    async run(t) {
      const store = await t.open({ node: 'server', scope: 'household' })
      const identity = ({ node, scope }: Store) => [node, scope]
      assert.deepEqual(identity(store.view({})), ['server', 'household'])
      assert.deepEqual(identity(store.view({ node: 'tablet' })), ['tablet', 'household'])
      const otto = store.view({ scope: 'otto', node: undefined })
      assert.deepEqual(identity(otto), ['server', 'otto'])
      assert.deepEqual(identity(otto.view({ node: 'laptop' })), ['laptop', 'otto'])
      assert.deepEqual(identity(otto.view({ scope: 'ada' })), ['server', 'ada'])
      assert.deepEqual(identity(store), ['server', 'household'])
    },
  },
  {
    id: 'views/share-clock-calendar-and-capabilities',
    prevents: 'a view that books on another day than the store it came from',
    async run(t) {
      const store = await t.open()
      const view = store.view({ scope: 'otto' })
      assert.equal(view.clock, store.clock)
      assert.equal(view.calendar, store.calendar)
      assert.deepEqual(view.capabilities, store.capabilities)
      t.clock.set('2026-11-24T00:00:00.000Z')
      assert.equal(view.today(), '2026-11-24')
    },
  },
  {
    id: 'views/write-in-their-own-name',
    prevents: 'a record, or time played, under the name of the server instead of the child’s machine',
    async run(t) {
      const store = await t.open({ node: 'server', scope: 'household' })
      const views = [store, store.view({ node: 'tablet' }), store.view({ scope: 'otto' })]
      for (const [index, view] of views.entries()) {
        const record = await view.appendAudit({ type: 'policy_loaded', entryCount: index })
        assert.deepEqual([record.node, record.scope], [view.node, view.scope])
        await view.addUsage('minecraft', DAY, 10 ** index)
      }
      const places = [
        ['server', 'household'],
        ['tablet', 'household'],
        ['server', 'otto'],
      ]
      assert.deepEqual(
        (await t.place.raw.audits()).map(({ node, scope }) => [node, scope]),
        places,
      )
      const rows = (await t.place.raw.usage()).map(({ node, scope, durationMs }) => `${node} ${scope} ${durationMs}`)
      assert.deepEqual(rows.toSorted(), ['server household 1', 'server otto 100', 'tablet household 10'])
    },
  },
  {
    id: 'views/nodes-share-usage-and-cooldowns-but-no-snapshot',
    prevents: 'a machine that recovers the session of another one after its crash',
    async run(t) {
      const store = await t.open({ node: 'server' })
      const tablet = store.view({ node: 'tablet' })
      await store.addUsage('minecraft', DAY, 1_000)
      await store.setCooldownUntil('minecraft', NOON)
      await store.saveSnapshot({ timestamp: NOON })
      assert.equal(await tablet.getUsage('minecraft', DAY), 1_000)
      assert.deepEqual(await tablet.getCooldownUntil('minecraft'), NOON)
      assert.equal(await tablet.loadSnapshot(), undefined)
      await tablet.clearCooldown('minecraft')
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
    },
  },
  {
    id: 'views/scopes-are-apart',
    prevents: 'a child whose limit another child uses up, or who sees its log',
    async run(t) {
      const store = await t.open({ scope: 'ada' })
      await store.addUsage('minecraft', DAY, 1_000)
      await store.setCooldownUntil('minecraft', NOON)
      await store.saveSnapshot({ timestamp: NOON })
      await store.appendAudit({ type: 'service_started' })
      for (const scope of ['otto', 'Ada', 'ada ', 'ad', 'adaa', 'default']) {
        const other = store.view({ scope })
        assert.equal(await other.getUsage('minecraft', DAY), 0)
        assert.equal(await other.getCooldownUntil('minecraft'), undefined)
        assert.equal(await other.loadSnapshot(), undefined)
        assert.deepEqual(await other.listAudits(), [])
        assert.deepEqual([...(await other.getDayState(DAY))], [])
        assert.deepEqual(await other.listUsage({ from: DAY, to: '2026-11-24' }), [])
        await other.clearCooldown('minecraft')
        await other.saveSnapshot({ timestamp: new Date(0) })
      }
      assert.deepEqual(await store.getCooldownUntil('minecraft'), NOON)
      assert.deepEqual(await store.loadSnapshot(), { snapshot: { timestamp: NOON }, revision: 1 })
    },
  },
  {
    id: 'views/cannot-close',
    prevents: 'a request handler that closes the store of the whole server',
    async run(t) {
      const store = await t.open()
      const view = store.view({ scope: 'otto' })
      assert.equal('close' in view, false)
      assert.equal(Symbol.asyncDispose in view, false)
      assert.equal('close' in view.view({}), false)
    },
  },
  {
    id: 'views/invalid-names-are-refused',
    prevents: 'writes under a name that a database would change or cut',
    async run(t) {
      const store = await t.open()
      const names = ['', 'n'.repeat(257), 'a\0b', '\ud800', 7 as unknown as string]
      const invalid = names.flatMap((name): readonly ViewOptions[] => [{ node: name }, { scope: name }])
      await refusesEach(invalid.map((options) => [JSON.stringify(options), () => store.view(options)]))
    },
  },
]
