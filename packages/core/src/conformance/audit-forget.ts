import assert from 'node:assert/strict'
import type { AuditEvent, AuditRecord } from '../audit.ts'
import type { ForgetOptions } from '../forget-scope.ts'
import type { Store } from '../store.ts'
import { idsOf } from './audit-expect.ts'
import { contentsOf } from './contents.ts'
import { commitEveryKind } from './every-kind.ts'
import { collect, refusesEach, rejectsWith } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const DECISION = { by: 'Ada', why: 'She moved away.' }

/** Two children with one of everything that can be kept of a child, and a record of each behind it. */
async function twoChildren(t: CaseContext): Promise<{ readonly anna: Store; readonly ben: Store }> {
  const anna = await t.open({ scope: 'anna', node: 'pc-1' })
  const ben = anna.view({ scope: 'ben' })
  for (const store of [anna, ben]) {
    await commitEveryKind(store)
    await store.grantTime('minecraft', DAY, 1_000, { ...DECISION, operationId: 'op-1' })
    await store.appendAudit({ type: 'other', name: 'lamp', data: { on: true } })
  }
  return { anna, ben }
}

/** What is left of a record that was erased. */
function erased({ id, timestamp, node, scope, hash }: AuditRecord): AuditRecord {
  return { id, timestamp, node, scope, event: { type: 'erased' }, hash }
}

export const auditForgetCases: readonly CaseDefinition[] = [
  {
    id: 'audit-forget/rows/all-of-the-scope-and-no-others',
    prevents: 'a child that is forgotten but for its playing time, or its brother who is forgotten with it',
    async run(t) {
      const { anna, ben } = await twoChildren(t)
      const before = await contentsOf(t.place, ben)
      await anna.forgetScope('anna', DECISION)

      assert.deepEqual(await anna.listUsage({ from: '2026-01-01', to: '2027-01-01' }), [])
      assert.deepEqual([...(await anna.getDayState(DAY))], [])
      assert.deepEqual(await anna.listSessions(), [])
      assert.equal(await anna.loadSnapshot(), undefined)
      for (const entryId of ['minecraft', 'tuxmath', 'chess']) {
        assert.deepEqual([await anna.getUsage(entryId, DAY), await anna.getCooldownUntil(entryId)], [0, undefined])
      }
      const { usage, sessions } = t.place.raw
      assert.deepEqual([...new Set((await usage()).map(({ scope }) => scope))], ['ben'])
      assert.deepEqual([...new Set((await sessions()).map(({ scope }) => scope))], ['ben'])

      const after = await contentsOf(t.place, ben)
      const isBens = ({ scope }: { readonly scope: string }) => scope === 'ben'
      const bens = ({ audits, usage: rows, sessions: held, ...rest }: typeof after) => ({
        ...rest,
        ...{ audits: audits.filter(isBens), usage: rows.filter(isBens), sessions: held.filter(isBens) },
      })
      assert.deepEqual(bens(after), bens(before))
    },
  },
  {
    id: 'audit-forget/rows/operation-ids-and-what-runs-reported-go-too',
    prevents: 'a trace of what was played, and when, in a table that nobody looks at',
    async run(t) {
      const { anna, ben } = await twoChildren(t)
      await anna.forgetScope('anna', DECISION)
      // The id is free for any write, and the session is one that nothing is known of.
      await anna.addUsage('tuxmath', DAY, 7, { operationId: 'op-1' })
      assert.equal(await anna.getUsage('tuxmath', DAY), 7)
      await rejectsWith(ben.addUsage('tuxmath', DAY, 7, { operationId: 'op-1' }), 'OPERATION_MISMATCH')
      const session = { sessionId: 's-1', entryId: 'minecraft', run: 'r-1' } as const
      await anna.commit([{ type: 'start_session', ...session }], { if: [{ type: 'no_open_session' }] })
      await anna.commit([{ type: 'report_session', ...session, report: 1, played: [{ day: DAY, playedMs: 5 }] }])
      assert.equal(await anna.getUsage('minecraft', DAY), 5)
      assert.deepEqual(
        (await anna.listSessions()).map(({ durationMs }) => durationMs),
        [5],
      )
    },
  },
  {
    id: 'audit-forget/log/tells-that-something-was-and-not-what',
    prevents: 'a log that still tells what was to be forgotten, or that has holes',
    async run(t) {
      const { anna, ben } = await twoChildren(t)
      t.clock.set('2026-11-24T10:00:00.000Z')
      const before = await collect(anna.readAudits({ scope: 'all' }))
      const head = await anna.auditHead()
      const told = before.filter(({ scope }) => scope === 'anna')
      const forgotten = await ben.forgetScope('anna', DECISION)
      assert.deepEqual(forgotten, { erased: told.length, throughId: before.length })

      const after = await collect(anna.readAudits({ scope: 'all' }))
      assert.deepEqual(
        after.slice(0, -1),
        before.map((record) => (record.scope === 'anna' ? erased(record) : record)),
      )
      const record = after.at(-1)
      const event = { type: 'scope_forgotten', throughId: before.length, ...DECISION }
      assert.deepEqual(
        [record?.id, record?.timestamp, record?.scope, record?.node, record?.event],
        [before.length + 1, t.clock.now(), 'anna', 'pc-1', event],
      )
      for (const { scope, type, text, salt } of (await t.place.raw.audits()).slice(0, -1)) {
        if (scope === 'anna') assert.deepEqual([type, text, salt], ['erased', '{"type":"erased"}', null])
        else assert.notEqual(type, 'erased')
      }
      const verified = await anna.verifyAudits({ expectedHead: head })
      assert.deepEqual([verified.intact, verified.checked, verified.tail], [true, after.length, 'proven'])
      assert.equal(verified.erased, told.length)
      assert.ok(verified.blindSpots.some((spot) => spot.includes('erased')))
    },
  },
  {
    id: 'audit-forget/log/nothing-erased-is-found-by-what-it-told',
    prevents: 'a filter that answers what the record does not tell any more',
    async run(t) {
      const { anna } = await twoChildren(t)
      const queries = [
        { types: ['session_started'] },
        { types: ['lamp'] },
        { entryId: 'minecraft' },
        { sessionId: 's-1' },
        { types: ['session_started', 'session_ended'], entryId: 'minecraft' },
      ]
      const found = []
      for (const query of queries) found.push(...(await anna.listAudits(query)))
      assert.ok(found.length >= queries.length)
      await anna.forgetScope('anna', DECISION)
      for (const query of queries) {
        assert.deepEqual(await anna.listAudits(query), [], JSON.stringify(query))
        const ofAll = await anna.listAudits({ ...query, scope: 'all' })
        assert.deepEqual([...new Set(ofAll.map(({ scope }) => scope))], ['ben'], JSON.stringify(query))
      }
      const ids = idsOf((await t.place.raw.audits()).filter(({ type }) => type === 'erased'))
      assert.deepEqual(idsOf(await anna.listAudits({ types: ['erased'] })), ids)
    },
  },
  {
    id: 'audit-forget/refused/while-a-session-is-open',
    prevents: 'a game that is being played and is booked on nobody',
    async run(t) {
      const { anna } = await twoChildren(t)
      const session = { sessionId: 's-2', entryId: 'minecraft', run: 'r-1' } as const
      const tablet = anna.view({ node: 'pc-2' })
      await tablet.commit([{ type: 'start_session', ...session }], { if: [{ type: 'no_open_session' }] })
      const before = await contentsOf(t.place, anna)
      const error = await rejectsWith(anna.forgetScope('anna', DECISION), 'INVALID_ARGUMENT', 'not_applied')
      assert.match(error.message, /"s-2".*"anna".*"pc-2"/)
      assert.deepEqual(await contentsOf(t.place, anna), before)
      // Another child's session is in nobody's way.
      await anna.forgetScope('ben', DECISION)
      await tablet.commit([{ type: 'recover_session', sessionId: 's-2', entryId: 'minecraft' }])
      await anna.forgetScope('anna', DECISION)
    },
  },
  {
    id: 'audit-forget/refused/a-name-that-is-misspelt',
    prevents:
      'a child that is believed to be forgotten, as somebody whom nobody knows was, or who cannot be, as its traces are few',
    async run(t) {
      const { anna } = await twoChildren(t)
      const forget = (scope: string) => anna.forgetScope(scope, { ...DECISION, mustBeKnown: true })
      await rejectsWith(forget('anna '), 'NOT_FOUND', 'not_applied')
      // Whatever is kept of a scope is enough, on whichever day and node it is.
      const traces: readonly ((store: Store) => Promise<unknown>)[] = [
        (store) => store.addUsage('minecraft', '2020-01-01', 1),
        (store) => store.setCooldownUntil('minecraft', t.clock.now()),
        (store) => store.saveSnapshot({ timestamp: t.clock.now() }),
        (store) => store.appendAudit({ type: 'service_started' }),
        (store) => store.grantTime('minecraft', '2020-01-01', 1_000, DECISION),
      ]
      for (const [index, leave] of traces.entries()) {
        const scope = `trace-${index}`
        await leave(anna.view({ scope, node: 'tablet' }))
        await forget(scope)
        assert.equal((await anna.verifyAudits()).intact, true)
      }
    },
  },
  {
    id: 'audit-forget/refused/without-who-and-why',
    prevents: 'a child that was forgotten, and nobody can say by whom',
    async run(t) {
      const { anna } = await twoChildren(t)
      const before = await contentsOf(t.place, anna)
      const options: readonly unknown[] = [
        undefined,
        {},
        { by: 'Ada' },
        { why: 'x' },
        { by: '', why: 'x' },
        { by: 'Ada', why: ' \n' },
        { ...DECISION, signal: 7 },
        { ...DECISION, onProgress: 7 },
        { ...DECISION, mustBeKnown: 'yes' },
        { ...DECISION, dryRun: true },
      ]
      await refusesEach([
        ...options.map(
          (each) => [JSON.stringify(each), () => anna.forgetScope('anna', each as ForgetOptions)] as const,
        ),
        ...['', 'a\0', '\ud83d', 7].map(
          (scope) => [`scope ${String(scope)}`, () => anna.forgetScope(scope as string, DECISION)] as const,
        ),
      ])
      assert.deepEqual(await contentsOf(t.place, anna), before)
    },
  },
  {
    id: 'audit-forget/forged/nobody-else-appends-what-only-the-store-tells',
    prevents: 'a record by which an erasure, or a missing beginning, is explained that nobody decided',
    async run(t) {
      const store = await t.open()
      const hash = 'ab'.repeat(32)
      const known = [
        { type: 'scope_forgotten', throughId: 1, ...DECISION },
        { type: 'records_archived', firstId: 1, throughId: 1, hash, archive: 'a', sha256: hash },
        { type: 'erased' },
        { type: 'unreadable', text: '', problem: '' },
      ] as readonly unknown[] as readonly AuditEvent[]
      const named = ['scope_forgotten', 'records_archived', 'erased'].map((name): AuditEvent => ({
        type: 'other',
        name,
        data: {},
      }))
      const timestamp = t.clock.now()
      const original = { id: 1, timestamp: 'x', event: '{}' }
      await refusesEach(
        [...known, ...named].flatMap((event) => [
          [`append ${JSON.stringify(event)}`, () => store.appendAudit(event)],
          [`commit ${JSON.stringify(event)}`, () => store.commit([{ type: 'append_audit', event }])],
          [
            `import ${JSON.stringify(event)}`,
            () => store.commit([{ type: 'import_audit', timestamp, event, original }]),
          ],
        ]),
      )
      assert.deepEqual(await t.place.raw.audits(), [])
    },
  },
]
