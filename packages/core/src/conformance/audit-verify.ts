import assert from 'node:assert/strict'
import type { AuditVerification, VerifyOptions, VerifyProgress } from '../audit-verification.ts'
import type { AuditHead } from '../audit.ts'
import type { Change } from '../change.ts'
import type { Store } from '../store.ts'
import { refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const CHANGE: Change = { type: 'append_audit', event: { type: 'service_started' } }
const ANOTHER_HASH = 'ab'.repeat(32)

async function append(store: Store, count: number): Promise<readonly AuditHead[]> {
  const heads: AuditHead[] = []
  for (let left = count; left > 0; left -= 256) {
    const { audits } = await store.commit(Array.from({ length: Math.min(left, 256) }, () => CHANGE))
    heads.push(...audits.map(({ id, hash }) => ({ id, hash })))
  }
  return heads
}

/** What was found, without sentences for people. */
async function verified(store: Store, options?: VerifyOptions) {
  const { firstBreak, blindSpots: _, ...found } = await store.verifyAudits(options)
  return firstBreak === undefined ? found : { ...found, firstBreak: [firstBreak.id, firstBreak.problem] }
}

/** What a verification of a sound log finds. */
function sound(checked: number, head: AuditHead | undefined, tail: AuditVerification['tail']) {
  return { intact: true, checked, erased: 0, ...(head && { head }), tail }
}

export const auditVerifyCases: readonly CaseDefinition[] = [
  {
    id: 'audit-verify/from/goes-on-from-a-head-and-proves-it',
    prevents: 'a nightly verification that takes longer every night, or forgets what it goes on from',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 5)
      for (const from of heads) {
        // The record of the head itself is looked at.
        const expected = sound(6 - from.id, heads[4], 'proven')
        assert.deepEqual(await verified(store, { from }), expected, `from ${from.id}`)
        assert.deepEqual(await verified(store, { from, expectedHead: heads[4] }), expected, `from ${from.id} to 5`)
      }
      const grown = await append(await t.open({ node: 'pc-2' }), 2)
      assert.deepEqual(await verified(store, { from: heads[4] }), sound(3, grown[1], 'proven'))
    },
  },
  {
    id: 'audit-verify/from/reads-what-comes-behind-and-nothing-before',
    prevents: 'a break behind the head that goes unseen, or a verification that begins at the beginning every time',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 5)
      await t.place.raw.spoil({ table: 'audit', id: 2 })
      assert.deepEqual(await verified(store, { from: heads[2] }), sound(3, heads[4], 'proven'))
      const broken = { intact: false, erased: 0, firstBreak: [2, 'content_changed'] }
      assert.deepEqual(await verified(store, { from: heads[1] }), { ...broken, checked: 1, tail: 'unproven' })
      const behind = { ...broken, checked: 2, head: heads[0], tail: 'proven' }
      assert.deepEqual(await verified(store, { from: heads[0] }), behind)
    },
  },
  {
    id: 'audit-verify/from/looks-at-the-record-of-the-head-itself',
    prevents: 'a record that is rewritten because it is the one that every verification goes on from',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 4)
      await t.place.raw.spoil({ table: 'audit', id: 3 })
      const due = { intact: false, checked: 1, erased: 0, firstBreak: [3, 'content_changed'], tail: 'unproven' }
      assert.deepEqual(await verified(store, { from: heads[2] }), due)
    },
  },
  {
    id: 'audit-verify/part/begins-where-it-begins-and-says-so',
    prevents: 'an archive that cannot be verified where it was imported, as the rest of its log is elsewhere',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 6)
      const elsewhere = await t.openElsewhere()
      await elsewhere.importAudits(store.exportAudits({ format: 'jsonl', scope: 'all', after: 3 }))
      const whole = await elsewhere.verifyAudits({ expectedHead: heads[5] })
      assert.deepEqual([whole.intact, whole.firstBreak?.problem], [false, 'cut_unrecorded'])
      // A head that is known does not explain why the log begins there.
      for (const known of [{ expectedHead: heads[2] }, { from: heads[2] }]) {
        assert.equal((await elsewhere.verifyAudits(known)).firstBreak?.problem, 'cut_unrecorded')
      }
      const part = await elsewhere.verifyAudits({ part: true, expectedHead: heads[5] })
      assert.deepEqual([part.intact, part.checked, part.tail], [true, 3, 'proven'])
      assert.ok(part.blindSpots.some((spot) => spot.includes('begins')))
    },
  },
  {
    id: 'audit-verify/from/a-head-with-another-hash-differs',
    prevents: 'a log that was written anew, and is verified from the middle of it',
    async run(t) {
      const store = await t.open()
      await append(store, 3)
      for (const id of [1, 2, 3]) {
        const found = await verified(store, { from: { id, hash: ANOTHER_HASH } })
        const due = { intact: false, checked: 1, erased: 0, firstBreak: [id, 'head_differs'], tail: 'unproven' }
        assert.deepEqual(found, due, `from ${id}`)
      }
    },
  },
  {
    id: 'audit-verify/from/beyond-the-end-is-missing',
    prevents: 'a log whose tail was cut off, in which there is nothing to verify and so nothing wrong',
    async run(t) {
      const store = await t.open()
      const missing = { intact: false, checked: 0, erased: 0, tail: 'unproven' }
      const from = { id: 3, hash: ANOTHER_HASH }
      assert.deepEqual(await verified(store, { from }), { ...missing, firstBreak: [1, 'head_missing'] })
      const [, head] = await append(store, 2)
      assert.deepEqual(await verified(store, { from }), { ...missing, firstBreak: [3, 'head_missing'] })
      const both = await verified(store, { from: head, expectedHead: from })
      assert.deepEqual([both.intact, both.checked, both.tail], [false, 1, 'proven'])
    },
  },
  {
    id: 'audit-verify/from/an-expected-head-before-it-is-named-as-not-looked-at',
    prevents: 'a head that does not fit, and is passed over in silence',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 3)
      const expectedHead = { id: 1, hash: ANOTHER_HASH }
      const { blindSpots } = await store.verifyAudits({ from: heads[2], expectedHead })
      assert.ok(
        blindSpots.some((spot) => /head of record 1 is among them/.test(spot)),
        blindSpots.join(' '),
      )
    },
  },
  {
    id: 'audit-verify/progress/tells-how-far-it-is-and-from-where-to-go-on',
    prevents: 'an hour of work that is lost with the power, or a bar that never moves',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 2_002)
      const seen: VerifyProgress[] = []
      const onProgress = (progress: VerifyProgress) => void seen.push(progress)
      assert.deepEqual(await verified(store, { onProgress }), sound(2_002, heads[2_001], 'unproven'))
      assert.ok(seen.length > 0, 'it was never called')
      let checkedBefore = 0
      for (const { checked, total, head } of seen) {
        assert.deepEqual([total, head], [2_002, heads[checked - 1]])
        assert.ok(checked > checkedBefore && checked - checkedBefore <= 1_000)
        checkedBefore = checked
        const due = sound(2_003 - checked, heads[2_001], 'proven')
        assert.deepEqual(await verified(store, { from: head }), due, `from ${head.id}`)
      }
      // What is left of it, from a head on.
      const [first] = seen.splice(0)
      await verified(store, { onProgress, from: first?.head })
      const { checked = 0, total, head } = seen[0] ?? {}
      assert.deepEqual([total, head], [2_003 - (first?.checked ?? 0), heads[(first?.checked ?? 0) + checked - 2]])
    },
  },
  {
    id: 'audit-verify/signal/stops-it-without-a-result',
    prevents: 'a verification that was stopped halfway and calls the log intact',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 2_002)
      const error = await rejectsWith(store.verifyAudits({ signal: AbortSignal.abort() }), 'ABORTED', 'not_applied')
      assert.equal(error.operation, 'verifyAudits')
      const controller = new AbortController()
      const { signal } = controller
      const seen: VerifyProgress[] = []
      const onProgress = (progress: VerifyProgress) => {
        seen.push(progress)
        controller.abort()
      }
      await rejectsWith(store.verifyAudits({ signal, onProgress }), 'ABORTED')
      assert.equal(seen.length, 1)
      const { head, checked = 0 } = seen[0] ?? {}
      assert.deepEqual(await verified(store, { from: head }), sound(2_003 - checked, heads[2_001], 'proven'))
      const untouched = await verified(store, { signal: new AbortController().signal })
      assert.deepEqual(untouched, sound(2_002, heads[2_001], 'unproven'))
    },
  },
  {
    id: 'audit-verify/signal/stops-it-quietly-when-the-database-fails-as-well',
    prevents: 'a process that ends with a rejection which nobody was there to handle',
    async run(t) {
      const { store, faults } = await t.openWithFaults()
      await append(store, 1_001)
      const controller = new AbortController()
      const onProgress = () => {
        controller.abort()
        faults.failNext('read', 'UNAVAILABLE')
      }
      await rejectsWith(store.verifyAudits({ signal: controller.signal, onProgress }), 'ABORTED')
    },
  },
  {
    id: 'audit-verify/head/is-the-end-of-the-whole-log',
    prevents: 'a head of one child’s records, kept elsewhere as the proof of all',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      const views = [store, store.view({ scope: 'ben' }), store.view({ scope: 'clara', node: 'pc-2' })]
      const headsSeen = () => Promise.all(views.map((view) => view.auditHead()))
      assert.deepEqual(await headsSeen(), [undefined, undefined, undefined])
      for (const view of views) {
        const { id, hash } = await view.appendAudit({ type: 'service_started' })
        const head = { id, hash }
        assert.deepEqual(await headsSeen(), [head, head, head])
        assert.deepEqual(await verified(store, { expectedHead: await store.auditHead() }), sound(id, head, 'proven'))
        assert.deepEqual(await verified(store, { from: await store.auditHead() }), sound(1, head, 'proven'))
      }
      const other = await t.open({ node: 'pc-3' })
      const [head] = await append(other, 1)
      assert.deepEqual(await store.auditHead(), head)
    },
  },
  {
    id: 'audit-verify/blind-spots/are-named-unless-the-whole-is-proven',
    prevents: 'a report that promises more than a log alone can show',
    async run(t) {
      const store = await t.open()
      const spotsOf = async (options?: VerifyOptions) => (await store.verifyAudits(options)).blindSpots
      assert.equal((await spotsOf()).length, 1)
      const heads = await append(store, 3)
      const unproven = await spotsOf()
      assert.equal(unproven.length, 1)
      assert.match(unproven[0] ?? '', /written anew.*tail.*keep its head elsewhere/)
      assert.deepEqual(await spotsOf({ expectedHead: heads[2] }), [])
      const behind = await spotsOf({ from: heads[1] })
      assert.equal(behind.length, 1)
      assert.match(behind[0] ?? '', /before 2 were not read/)
      assert.equal((await spotsOf({ expectedHead: { id: 9, hash: ANOTHER_HASH } })).length, 1)
    },
  },
  {
    id: 'audit-verify/arguments/malformed-ones-are-refused',
    prevents: 'a mistyped option that is passed over, and a log that seems to be proven',
    async run(t) {
      const store = await t.open()
      const [head] = await append(store, 1)
      const options: readonly unknown[] = [
        { from: { id: 0, hash: ANOTHER_HASH } },
        { from: { id: 1.5, hash: ANOTHER_HASH } },
        { from: { id: '1', hash: ANOTHER_HASH } },
        { from: { id: 1, hash: ANOTHER_HASH.slice(1) } },
        { from: { id: 1, hash: ANOTHER_HASH.toUpperCase() } },
        { from: { id: 1 } },
        { from: 1 },
        { from: null },
        { expectedHead: null },
        { signal: 'stop' },
        { signal: new AbortController() },
        { signal: null },
        { onProgress: 'yes' },
        { onProgress: null },
        { onProgress: {} },
        { expectHead: head },
        { head },
        { after: 1 },
        null,
        [],
        'all',
      ]
      await refusesEach(options.map((each) => [JSON.stringify(each), () => store.verifyAudits(each as never)]))
    },
  },
]
