import assert from 'node:assert/strict'
import type { AuditEvent } from '../audit.ts'
import { compareText } from '../values.ts'
import { entryState, usedUp } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { HOSTILE_IDS } from './hostile-ids.ts'

/** Each id with a number of its own, as rows that come back ordered by the id. */
const NUMBERED = HOSTILE_IDS.map((id, index) => [id, index + 1] as const)
const ORDERED = NUMBERED.toSorted(([a], [b]) => compareText(a, b))
const DAY = '2026-11-23'
const after = (seconds: number) => new Date(Date.UTC(2026, 10, 23) + seconds * 1_000)

/** Does it with every id at once: called in their order. */
async function forEachId(act: (numbered: readonly [id: string, number: number]) => Promise<void>): Promise<void> {
  await Promise.all(NUMBERED.map(act))
}

/** So many items at a time as one commit takes. */
function batches<T>(items: readonly T[]): readonly (readonly T[])[] {
  const size = 256
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

export const idCases: readonly CaseDefinition[] = [
  {
    id: 'ids/suite/hostile-ids-differ',
    prevents: 'a suite that claims more than it looks at',
    async run() {
      assert.equal(new Set(HOSTILE_IDS).size, HOSTILE_IDS.length)
      for (const id of HOSTILE_IDS) assert.ok(Buffer.byteLength(id) <= 256, id)
      assert.equal(HOSTILE_IDS.filter((id) => Buffer.byteLength(id) === 256).length, 6)
    },
  },
  {
    id: 'ids/entry/usage-stays-apart',
    prevents: 'two games sharing one quota, because the database takes their ids for the same',
    async run(t) {
      const store = await t.open()
      const changes = NUMBERED.map(
        ([entryId, durationMs]) => ({ type: 'add_usage', entryId, day: DAY, durationMs }) as const,
      )
      for (const batch of batches(changes)) {
        const { usage } = await store.commit(batch)
        assert.deepEqual(
          usage.map(({ entryId, usedMs }) => [entryId, usedMs]),
          batch.map(({ entryId, durationMs }) => [entryId, durationMs]),
        )
      }
      await forEachId(async ([entryId, durationMs]) => {
        assert.equal(await store.getUsage(entryId, DAY), durationMs, entryId)
        const query = { from: DAY, to: '2026-11-24', by: ['entry'], entryId } as const
        assert.deepEqual(await store.listUsage(query), [{ entryId, durationMs, unreadable: 0 }])
      })
      const totals = await store.listUsage({ from: DAY, to: '2026-11-24', by: ['entry'] })
      assert.deepEqual(
        totals.map(({ entryId, durationMs }) => [entryId, durationMs]),
        ORDERED,
      )
      const raw = await t.place.raw.usage()
      assert.deepEqual(
        raw.map(({ entryId, durationMs }) => [entryId, durationMs]).toSorted(([, a], [, b]) => Number(a) - Number(b)),
        NUMBERED,
      )
    },
  },
  {
    id: 'ids/entry/cooldowns-stay-apart',
    prevents: "one game's cooldown blocking another, because the database takes their ids for the same",
    async run(t) {
      const store = await t.open()
      const changes = NUMBERED.map(
        ([entryId, number]) => ({ type: 'set_cooldown', entryId, until: after(number) }) as const,
      )
      for (const batch of batches(changes)) await store.commit(batch)
      await forEachId(async ([entryId, number]) => {
        assert.deepEqual(await store.getCooldownUntil(entryId), after(number), entryId)
      })
      await forEachId(async ([entryId, number]) => {
        if (number % 2 === 0) await store.clearCooldown(entryId)
      })
      await forEachId(async ([entryId, number]) => {
        assert.deepEqual(await store.getCooldownUntil(entryId), number % 2 === 0 ? undefined : after(number), entryId)
      })
    },
  },
  {
    id: 'ids/entry/day-states-stay-apart',
    prevents: 'a day whose entries are merged, renamed or lost',
    async run(t) {
      const store = await t.open()
      const changes = NUMBERED.map(([entryId, number]) =>
        number % 2 === 0
          ? ({ type: 'add_usage', entryId, day: DAY, durationMs: number } as const)
          : ({ type: 'set_cooldown', entryId, until: after(number) } as const),
      )
      for (const batch of batches(changes)) await store.commit(batch)
      const expected = ORDERED.map(([entryId, number]) =>
        number % 2 === 0
          ? entryState(entryId, { usedMs: number })
          : entryState(entryId, { cooldownUntil: after(number) }),
      )
      const state = await store.getDayState(DAY)
      assert.deepEqual([...state], expected)
      for (const each of expected) assert.deepEqual(state.entry(each.entryId), each)
    },
  },
  {
    id: 'ids/entry/conditions-stay-apart',
    prevents: "a launch that is allowed or denied by another game's usage",
    async run(t) {
      const store = await t.open()
      const changes = NUMBERED.map(
        ([entryId, durationMs]) => ({ type: 'add_usage', entryId, day: DAY, durationMs }) as const,
      )
      for (const batch of batches(changes)) await store.commit(batch)
      const found: unknown[] = []
      for (let index = 0; index < NUMBERED.length; index += 32) {
        const conditions = NUMBERED.slice(index, index + 32).map(
          ([entryId]) => ({ type: 'usage_below', entryId, day: DAY, limitMs: 0 }) as const,
        )
        const result = await store.commit([{ type: 'clear_cooldown', entryId: 'a' }], { if: conditions })
        found.push(...(result.applied ? [] : result.failed))
      }
      assert.deepEqual(
        found,
        NUMBERED.map(([entryId, usedMs]) => usedUp({ entryId, day: DAY, limitMs: 0, usedMs })),
      )
    },
  },
  {
    id: 'ids/event/every-id-comes-back',
    prevents: 'a log that names another session, game or client than the one it was',
    async run(t) {
      const store = await t.open()
      const events = HOSTILE_IDS.flatMap((id): readonly AuditEvent[] => [
        { type: 'session_started', sessionId: id, entryId: id },
        { type: 'client_disconnected', clientId: id },
        { type: 'other', name: id, data: { id } },
      ])
      const changes = events.map((event) => ({ type: 'append_audit', event }) as const)
      for (const batch of batches(changes)) await store.commit(batch)
      const records = await store.listAudits({ limit: 1_000 })
      assert.deepEqual(
        records.map(({ event }) => event),
        events,
      )
    },
  },
  {
    id: 'ids/session/comes-back-from-the-snapshot',
    prevents: 'a service that cannot find the session that it is to recover',
    async run(t) {
      const store = await t.open()
      await forEachId(async ([id, number]) => {
        const view = store.view({ node: `pc-${number}` })
        const activeSession = { sessionId: id, entryId: id, startedAt: after(1), warningsIssuedMs: [] }
        await view.saveSnapshot({ timestamp: after(2), activeSession })
        assert.deepEqual((await view.loadSnapshot())?.snapshot.activeSession, activeSession)
      })
    },
  },
  {
    id: 'ids/node/usage-snapshots-and-records-stay-apart',
    prevents: 'two machines of a fleet taken for one',
    async run(t) {
      const store = await t.open()
      await forEachId(async ([node, number]) => {
        const view = store.view({ node })
        assert.equal(view.node, node)
        await view.commit([
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: number },
          { type: 'save_snapshot', snapshot: { timestamp: after(number) } },
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount: number } },
        ])
      })
      const range = { from: DAY, to: '2026-11-24' } as const
      const totals = await store.listUsage({ ...range, by: ['node'] })
      assert.deepEqual(
        totals.map(({ node, durationMs }) => [node, durationMs]),
        ORDERED,
      )
      await forEachId(async ([node, number]) => {
        assert.deepEqual(await store.listUsage({ ...range, node }), [{ durationMs: number, unreadable: 0 }], node)
        assert.deepEqual(await store.view({ node }).loadSnapshot(), {
          snapshot: { timestamp: after(number) },
          revision: 1,
        })
        const records = await store.listAudits({ node })
        assert.deepEqual(
          records.map((record) => [record.node, record.event]),
          [[node, { type: 'policy_loaded', entryCount: number }]],
        )
      })
    },
  },
  {
    id: 'ids/scope/everything-stays-apart',
    prevents: "one child reading, or using up, what is another child's",
    async run(t) {
      const store = await t.open()
      await forEachId(async ([scope, number]) => {
        const view = store.view({ scope })
        assert.equal(view.scope, scope)
        await view.commit([
          { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: number },
          { type: 'set_cooldown', entryId: 'minecraft', until: after(number) },
          { type: 'save_snapshot', snapshot: { timestamp: after(number) } },
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount: number } },
        ])
      })
      const totals = await store.listUsage({ from: DAY, to: '2026-11-24', by: ['scope'], scope: 'all' })
      assert.deepEqual(
        totals.map(({ scope, durationMs }) => [scope, durationMs]),
        ORDERED,
      )
      await forEachId(async ([scope, number]) => {
        const view = store.view({ scope })
        assert.equal(await view.getUsage('minecraft', DAY), number, scope)
        assert.deepEqual(await view.getCooldownUntil('minecraft'), after(number), scope)
        assert.deepEqual(await view.loadSnapshot(), { snapshot: { timestamp: after(number) }, revision: 1 })
        const records = await view.getRecentAudits(2)
        assert.deepEqual(
          records.map((record) => [record.scope, record.event]),
          [[scope, { type: 'policy_loaded', entryCount: number }]],
        )
      })
    },
  },
  {
    id: 'ids/operation/stay-apart-and-are-known-again',
    prevents: 'a write that is dropped as a repetition of another one, or booked twice',
    async run(t) {
      const store = await t.open()
      const write = (operationId: string, number: number) =>
        store.appendAudit({ type: 'policy_loaded', entryCount: number }, { operationId })
      await forEachId(async ([operationId, number]) => {
        assert.equal((await write(operationId, number)).id, number, operationId)
      })
      await forEachId(async ([operationId, number]) => {
        assert.equal((await write(operationId, number)).id, number, operationId)
      })
      assert.equal((await t.place.raw.audits()).length, NUMBERED.length)
    },
  },
  {
    id: 'ids/open/any-node-and-scope',
    prevents: 'a machine whose name keeps it from opening its store',
    async run(t) {
      const first = await t.open({ node: 'pc-1', scope: 'anna' })
      await first.addUsage('minecraft', DAY, 1)
      for (const id of ["';--", '__proto__', ' a ', 'x'.repeat(256), '😀'.repeat(64)]) {
        const store = await t.open({ node: id, scope: id })
        assert.deepEqual([store.node, store.scope], [id, id])
        await store.addUsage('minecraft', DAY, 20)
        assert.equal(await store.getUsage('minecraft', DAY), 20)
        await store.close()
      }
      assert.equal(await first.getUsage('minecraft', DAY), 1)
    },
  },
]
