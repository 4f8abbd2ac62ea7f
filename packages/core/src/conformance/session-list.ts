import assert from 'node:assert/strict'
import { LIMITS } from '../limits.ts'
import type { SessionRecord } from '../session.ts'
import type { Store } from '../store.ts'
import { refusesEach } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'
import { MINUTE_MS, OF_SESSION, report, sent, started, USER_STOP } from './session-expect.ts'

const idsOf = (sessions: readonly SessionRecord[]) => sessions.map(({ sessionId }) => sessionId)

/** Six sessions of two children on two machines, a minute apart, of which two are open. */
async function household(t: CaseContext): Promise<Store> {
  const store = await t.open({ node: 'pc-1', scope: 'anna' })
  for (const [sessionId, entryId, scope, node, isEnded] of [
    ['a-1', 'minecraft', 'anna', 'pc-1', true],
    ['b-1', 'minecraft', 'ben', 'pc-1', true],
    ['a-2', 'tuxmath', 'anna', 'pc-2', true],
    ['a-3', 'minecraft', 'anna', 'pc-2', false],
    ['a-4', 'minecraft', 'anna', 'pc-1', true],
    ['b-2', 'tuxmath', 'ben', 'pc-2', false],
  ] as const) {
    const session = await started(store.view({ scope, node }), { sessionId, entryId })
    t.clock.advance(MINUTE_MS)
    if (isEnded) await session.end({ reason: USER_STOP })
  }
  return store
}

export const sessionListCases: readonly CaseDefinition[] = [
  {
    id: 'session/list/the-last-to-start-first',
    prevents: 'a list in which the session that matters is on the last page',
    async run(t) {
      const store = await household(t)
      assert.deepEqual(idsOf(await store.listSessions()), ['a-4', 'a-3', 'a-2', 'a-1'])
      assert.deepEqual(await store.listSessions(), await (await t.open({ scope: 'anna' })).listSessions({}))
      assert.deepEqual(idsOf(await store.view({ scope: 'ben' }).listSessions()), ['b-2', 'b-1'])
      assert.deepEqual(await store.view({ scope: 'nobody' }).listSessions(), [])
    },
  },
  {
    id: 'session/list/of-the-whole-fleet',
    prevents: 'a machine that died with a session open, of which nobody knows',
    async run(t) {
      const store = await household(t)
      const all = ['b-2', 'a-4', 'a-3', 'a-2', 'b-1', 'a-1']
      assert.deepEqual(idsOf(await store.listSessions({ scope: 'all' })), all)
      const open = await store.listSessions({ scope: 'all', open: true })
      assert.deepEqual(
        open.map(({ scope, node, sessionId, startedAt }) => [scope, node, sessionId, startedAt.toISOString()]),
        [
          ['ben', 'pc-2', 'b-2', '2026-11-23T10:05:00.000Z'],
          ['anna', 'pc-2', 'a-3', '2026-11-23T10:03:00.000Z'],
        ],
      )
    },
  },
  {
    id: 'session/list/filters-go-together',
    prevents: 'a list that shows more than was asked for, or leaves out what was',
    async run(t) {
      const store = await household(t)
      for (const [query, expected] of [
        [{ open: true }, ['a-3']],
        [{ entryId: 'minecraft' }, ['a-4', 'a-3', 'a-1']],
        [{ node: 'pc-1' }, ['a-4', 'a-1']],
        [{ sessionId: 'a-2' }, ['a-2']],
        [{ sessionId: 'b-1' }, []],
        [{ sessionId: 'b-1', scope: 'all' }, ['b-1']],
        [{ entryId: 'minecraft', scope: 'all' }, ['a-4', 'a-3', 'b-1', 'a-1']],
        [{ entryId: 'minecraft', node: 'pc-1', scope: 'all' }, ['a-4', 'b-1', 'a-1']],
        [{ entryId: 'tuxmath', open: true, scope: 'all' }, ['b-2']],
        [{ entryId: 'tuxmath', open: true }, []],
        [{ node: 'pc-2', open: true, scope: 'all', limit: 1 }, ['b-2']],
        [{ entryId: 'Minecraft' }, []],
        [{ node: undefined, entryId: undefined, open: undefined, scope: undefined }, ['a-4', 'a-3', 'a-2', 'a-1']],
      ] as const) {
        assert.deepEqual(idsOf(await store.listSessions(query)), expected, JSON.stringify(query))
      }
    },
  },
  {
    id: 'session/list/page-by-page',
    prevents: 'a session that is on two pages, or on none',
    async run(t) {
      const store = await t.open()
      const expected: string[] = []
      // Of one instant: the scope and the id decide, by their bytes.
      for (const scope of ['a', 'B', 'é']) {
        for (const sessionId of ['1', '10', '2', 'é', '\ufffd', '😀']) {
          const view = store.view({ scope, node: sessionId })
          await (await started(view, { sessionId })).end({ reason: USER_STOP })
        }
      }
      for (const scope of ['é', 'a', 'B']) {
        for (const sessionId of ['😀', '\ufffd', 'é', '2', '10', '1']) expected.push(`${scope} ${sessionId}`)
      }
      const seen: string[] = []
      let after: SessionRecord | undefined
      for (;;) {
        const page = await store.listSessions({ scope: 'all', limit: 4, after })
        seen.push(...page.map(({ scope, sessionId }) => `${scope} ${sessionId}`))
        if (page.length < 4) break
        after = page.at(-1)
      }
      assert.deepEqual(seen, expected)
    },
  },
  {
    id: 'session/list/a-page-begins-behind-the-given-place',
    prevents: 'a list that begins anew when the session at its edge is gone from the filter',
    async run(t) {
      const store = await household(t)
      const [first] = await store.listSessions()
      assert.ok(first)
      assert.deepEqual(idsOf(await store.listSessions({ after: first })), ['a-3', 'a-2', 'a-1'])
      assert.deepEqual(idsOf(await store.listSessions({ after: first, open: true })), ['a-3'])
      const { startedAt, scope, sessionId } = first
      for (const [place, expected] of [
        [{ startedAt, scope, sessionId: 'a-9' }, ['a-4', 'a-3', 'a-2', 'a-1']],
        [{ startedAt, scope: 'aaa', sessionId }, ['a-3', 'a-2', 'a-1']],
        [{ startedAt: new Date(startedAt.getTime() - 1), scope, sessionId }, ['a-3', 'a-2', 'a-1']],
        [{ startedAt: new Date(0), scope, sessionId }, []],
      ] as const) {
        assert.deepEqual(idsOf(await store.listSessions({ after: place })), expected, JSON.stringify(place))
      }
    },
  },
  {
    id: 'session/list/as-many-as-were-asked-for',
    prevents: 'a page that is cut without a word, or one that holds all there is',
    async run(t) {
      const store = await t.open()
      const count = LIMITS.SESSION_PAGE_LIMIT_DEFAULT + 2
      await Promise.all(
        Array.from({ length: count }, (_, n) => started(store.view({ node: `pc-${n}` }), { sessionId: `s-${n}` })),
      )
      assert.equal((await store.listSessions()).length, LIMITS.SESSION_PAGE_LIMIT_DEFAULT)
      assert.equal((await store.listSessions({ limit: LIMITS.SESSION_PAGE_LIMIT_MAX })).length, count)
      assert.equal((await store.listSessions({ limit: 1 })).length, 1)
    },
  },
  {
    id: 'session/list/what-is-no-query-is-refused',
    prevents: 'a mistyped filter that is no filter at all',
    async run(t) {
      const store = await t.open()
      const queries: readonly unknown[] = [
        ...[false, 'true', 1, null].map((open) => ({ open })),
        ...['anna', '', null, 7].map((scope) => ({ scope })),
        ...[0, -1, 0.5, LIMITS.SESSION_PAGE_LIMIT_MAX + 1, '1', null, Number.NaN].map((limit) => ({ limit })),
        ...['entryId', 'node', 'sessionId'].flatMap((field) => ['', null, 7, 'a\0'].map((id) => ({ [field]: id }))),
        ...[null, 7, {}, 's-1', { scope: 'a', sessionId: 's-1' }].map((after) => ({ after })),
        { after: { startedAt: '2026-11-23', scope: 'a', sessionId: 's-1' } },
        { after: { startedAt: new Date(0), scope: '', sessionId: 's-1' } },
        { after: { startedAt: new Date(0), scope: 'a' } },
      ]
      await refusesEach(queries.map((query) => [JSON.stringify(query), () => store.listSessions(query as never)]))
    },
  },
  {
    id: 'session/list/does-not-share-its-dates',
    prevents: 'a session that moves because a reader changed the Date it was given',
    async run(t) {
      const store = await t.open()
      const session = await started(store, { deadline: new Date('2026-11-23T12:00:00.000Z') })
      const sound = await store.listSessions()
      for (const { startedAt, deadline, lastReportedAt } of [session.record, ...(await store.listSessions())]) {
        startedAt.setTime(0)
        deadline?.setTime(0)
        lastReportedAt.setTime(0)
      }
      assert.deepEqual(await store.listSessions(), sound)
    },
  },
]

export const nodeListCases: readonly CaseDefinition[] = [
  {
    id: 'node/list/who-reported-on-sessions-and-when',
    prevents: 'a machine that is silent for a week, and nobody knows',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      assert.deepEqual(await store.listNodes(), [])
      await store.addUsage('minecraft', '2026-11-23', 1)
      await store.appendAudit({ type: 'service_started' })
      assert.deepEqual(await store.listNodes(), [])
      const heard = new Map<string, number>()
      for (const node of ['pc-9', 'pc-10', 'Pc', 'é', '😀', '\ufffd']) {
        t.clock.advance(MINUTE_MS)
        const session = await started(store.view({ node, scope: node }), { sessionId: node })
        if (node === 'pc-10') continue
        t.clock.advance(1_000)
        if (node === 'é') await session.end({ reason: USER_STOP })
        else await session.checkpoint()
        heard.set(node, t.clock.now().getTime())
      }
      const nodes = await store.listNodes()
      assert.deepEqual(
        nodes.map(({ node }) => node),
        ['Pc', 'pc-10', 'pc-9', 'é', '\ufffd', '😀'],
      )
      assert.deepEqual(nodes, await store.view({ scope: 'nobody' }).listNodes())
      for (const { node, lastSeenAt, clockSkewMs = 0 } of nodes) {
        const atMs = heard.get(node) ?? Date.UTC(2026, 10, 23, 10, 2, 1)
        // By the clock of the database, or by the node's own, from which that one tells its distance.
        assert.ok(Math.abs(lastSeenAt.getTime() + clockSkewMs - atMs) < MINUTE_MS / 2, `${node}: ${clockSkewMs}`)
      }
    },
  },
  {
    id: 'node/list/only-its-own-reports-make-a-node-seen',
    prevents: 'a dead machine that seems to live, because a server sends on what it had told before',
    async run(t) {
      const store = await t.open({ node: 'pc-1' })
      await started(store)
      const before = await store.listNodes()
      t.clock.advance(3_600_000)
      const server = store.view({ node: 'server' })
      await sent(server, report(1, { '11-23': 1_000 }))
      await sent(server, { type: 'recover_session', ...OF_SESSION })
      assert.deepEqual(await store.listNodes(), before)
    },
  },
]
