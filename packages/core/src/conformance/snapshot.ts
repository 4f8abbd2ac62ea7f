import assert from 'node:assert/strict'
import type { SessionSnapshot, StateSnapshot } from '../snapshot.ts'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const timestamp = new Date('2026-11-23T10:00:00.123Z')
const activeSession: SessionSnapshot = {
  sessionId: 's-1',
  entryId: 'minecraft',
  startedAt: new Date('2026-11-23T09:30:00.001Z'),
  deadline: new Date('2026-11-23T10:30:00.999Z'),
  warningsIssuedMs: [300_000, 60_000],
}
const { deadline: _, ...unlimitedSession } = activeSession
const full: StateSnapshot = { timestamp, activeSession }

/** What a careless caller may do with a snapshot, whatever its type forbids. */
function rearrange({ timestamp: time, activeSession: session }: StateSnapshot): void {
  time.setTime(0)
  session?.deadline?.setTime(0)
  const warnings = session?.warningsIssuedMs as number[] | undefined
  warnings?.push(1)
}

export const snapshotCases: readonly CaseDefinition[] = [
  {
    id: 'snapshot/load/absent-is-undefined',
    prevents: 'a first start that takes itself for a recovery',
    async run(t) {
      const store = await t.open()
      assert.equal(await store.loadSnapshot(), undefined)
    },
  },
  {
    id: 'snapshot/save/comes-back-equal',
    prevents: 'a service that finds another state after a crash than it had',
    async run(t) {
      const store = await t.open()
      const snapshots: readonly StateSnapshot[] = [
        { timestamp },
        full,
        { timestamp, activeSession: unlimitedSession },
        { timestamp, activeSession: { ...activeSession, warningsIssuedMs: [] } },
        {
          timestamp,
          activeSession: { ...activeSession, warningsIssuedMs: [60_000, 60_000, 0, Number.MAX_SAFE_INTEGER, 1] },
        },
        {
          timestamp: new Date(0),
          activeSession: { ...activeSession, startedAt: new Date('9999-12-31T23:59:59.999Z') },
        },
      ]
      for (const [index, snapshot] of snapshots.entries()) {
        await store.saveSnapshot(snapshot)
        assert.deepEqual(await store.loadSnapshot(), { snapshot, revision: index + 1 })
      }
    },
  },
  {
    id: 'snapshot/save/an-undefined-field-is-absent',
    prevents: 'an unlimited session that is recovered with a deadline that is null',
    async run(t) {
      const store = await t.open()
      await store.saveSnapshot({ timestamp, activeSession: undefined })
      assert.deepEqual(await store.loadSnapshot(), { snapshot: { timestamp }, revision: 1 })
      await store.saveSnapshot({ timestamp, activeSession: { ...unlimitedSession, deadline: undefined } })
      assert.deepEqual(await store.loadSnapshot(), {
        snapshot: { timestamp, activeSession: unlimitedSession },
        revision: 2,
      })
    },
  },
  {
    id: 'snapshot/save/replaces-the-whole',
    prevents: 'a session that ended being recovered from what was left of it',
    async run(t) {
      const store = await t.open()
      await store.saveSnapshot(full)
      await store.saveSnapshot({ timestamp: new Date(0) })
      assert.deepEqual((await store.loadSnapshot())?.snapshot, { timestamp: new Date(0) })
    },
  },
  {
    id: 'snapshot/save/each-one-is-a-revision',
    prevents: 'a service that believes nobody else has saved since it looked',
    async run(t) {
      const store = await t.open()
      await store.saveSnapshot(full)
      await store.saveSnapshot(full)
      assert.equal((await store.loadSnapshot())?.revision, 2)
      await store.commit([
        { type: 'save_snapshot', snapshot: { timestamp } },
        { type: 'save_snapshot', snapshot: full },
      ])
      assert.deepEqual(await store.loadSnapshot(), { snapshot: full, revision: 4 })
      await Promise.all([store.saveSnapshot(full), store.saveSnapshot(full), store.saveSnapshot({ timestamp })])
      assert.deepEqual(await store.loadSnapshot(), { snapshot: { timestamp }, revision: 7 })
      await rejectsWith(store.saveSnapshot({ timestamp: new Date(Number.NaN) }), 'INVALID_ARGUMENT', 'not_applied')
      assert.equal((await store.loadSnapshot())?.revision, 7)
    },
  },
  {
    id: 'snapshot/save/belongs-to-its-node-and-scope',
    prevents: "a machine recovering another machine's session, or another child's",
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.saveSnapshot(full)
      const elsewhere = store.view({ node: 'pc-2' })
      const brother = store.view({ scope: 'ben' })
      assert.equal(await elsewhere.loadSnapshot(), undefined)
      assert.equal(await brother.loadSnapshot(), undefined)
      await elsewhere.saveSnapshot({ timestamp: new Date(2) })
      await elsewhere.saveSnapshot({ timestamp: new Date(3) })
      await brother.saveSnapshot({ timestamp: new Date(4) })
      assert.deepEqual(await store.loadSnapshot(), { snapshot: full, revision: 1 })
      assert.deepEqual(await elsewhere.loadSnapshot(), { snapshot: { timestamp: new Date(3) }, revision: 2 })
      assert.deepEqual(await brother.loadSnapshot(), { snapshot: { timestamp: new Date(4) }, revision: 1 })
      const again = await t.open({ scope: 'anna', node: 'pc-1' })
      assert.deepEqual(await again.loadSnapshot(), { snapshot: full, revision: 1 })
    },
  },
  {
    id: 'snapshot/save/warnings-up-to-the-limit',
    prevents: 'the last of many warnings being forgotten, and given again',
    async run(t) {
      const store = await t.open()
      const warningsIssuedMs = Array.from({ length: 256 }, (__, index) => Number.MAX_SAFE_INTEGER - index)
      const snapshot = { timestamp, activeSession: { ...activeSession, warningsIssuedMs } }
      await store.saveSnapshot(snapshot)
      const longer = { ...activeSession, warningsIssuedMs: [...warningsIssuedMs, 1] }
      await rejectsWith(store.saveSnapshot({ timestamp, activeSession: longer }), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await store.loadSnapshot(), { snapshot, revision: 1 })
    },
  },
  {
    id: 'snapshot/save/malformed-snapshots-are-refused',
    prevents: 'a snapshot that is accepted and cannot be read after the crash',
    async run(t) {
      const store = await t.open()
      const session = (fields: object) => ({ timestamp, activeSession: { ...activeSession, ...fields } })
      const snapshots: readonly (readonly [what: string, snapshot: unknown])[] = [
        ['null', null],
        ['undefined', undefined],
        ['a text', '{}'],
        ['an array', [timestamp]],
        ['no timestamp', {}],
        ['a text for an instant', { timestamp: timestamp.toISOString() }],
        ['a number for an instant', { timestamp: timestamp.getTime() }],
        ['an Invalid Date', { timestamp: new Date(Number.NaN) }],
        ['an instant before 1970', { timestamp: new Date(-1) }],
        ['null for a session', { timestamp, activeSession: null }],
        ['an array for a session', { timestamp, activeSession: [] }],
        ['no session id', session({ sessionId: undefined })],
        ['an empty session id', session({ sessionId: '' })],
        ['no entry', session({ entryId: undefined })],
        ['no start', session({ startedAt: undefined })],
        ['null for a deadline', session({ deadline: null })],
        ['a deadline after 9999', session({ deadline: new Date(253_402_300_800_000) })],
        ['no warnings', session({ warningsIssuedMs: undefined })],
        ['a number for warnings', session({ warningsIssuedMs: 60_000 })],
        ['a Set of warnings', session({ warningsIssuedMs: new Set([60_000]) })],
        ['null among the warnings', session({ warningsIssuedMs: [null] })],
        ['a negative warning', session({ warningsIssuedMs: [-1] })],
        ['a hole among the warnings', session({ warningsIssuedMs: Object.assign(Array(2), { 1: 60_000 }) })],
        ['an unknown field', { timestamp, node: 'pc-1' }],
        ['an unknown field that is undefined', { timestamp, extra: undefined }],
        ['a field spelled as it is stored', { timestamp, active_session: activeSession }],
        ['an unknown field of the session', session({ label: 'Minecraft' })],
        ['__proto__', Object.defineProperty({ timestamp }, '__proto__', { value: {}, enumerable: true })],
      ]
      await refusesEach(snapshots.map(([what, snapshot]) => [what, () => store.saveSnapshot(snapshot as never)]))
      await storesNothing(t, store)
    },
  },
  {
    id: 'snapshot/save/does-not-share-anything-with-the-caller',
    prevents: 'a saved state that changes while the service goes on working with it',
    async run(t) {
      const store = await t.open()
      const own = structuredClone(full)
      const saving = store.saveSnapshot(own)
      rearrange(own)
      await saving
      const read = (await store.loadSnapshot())?.snapshot
      assert.deepEqual(read, full)
      rearrange(read)
      assert.deepEqual((await store.loadSnapshot())?.snapshot, full)
    },
  },
  {
    id: 'snapshot/load/a-spoiled-one-is-malformed',
    prevents: 'a damaged snapshot being taken for a clean start, so that a session is lost',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.saveSnapshot(full)
      await store.view({ node: 'pc-2' }).saveSnapshot(full)
      await t.place.raw.spoil({ table: 'snapshot', scope: 'anna', node: 'pc-1' })
      await rejectsWith(store.loadSnapshot(), 'MALFORMED', 'not_applied')
      assert.deepEqual((await store.view({ node: 'pc-2' }).loadSnapshot())?.snapshot, full)
    },
  },
  {
    id: 'snapshot/save/replaces-a-spoiled-one',
    prevents: 'a service that never starts again, because a damaged snapshot cannot be replaced',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      await store.saveSnapshot(full)
      await t.place.raw.spoil({ table: 'snapshot', scope: 'anna', node: 'pc-1' })
      await rejectsWith(store.loadSnapshot(), 'MALFORMED')
      await store.saveSnapshot({ timestamp })
      assert.deepEqual(await store.loadSnapshot(), { snapshot: { timestamp }, revision: 2 })
    },
  },
]
