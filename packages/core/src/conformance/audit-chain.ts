import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { AuditVerification, VerifyOptions } from '../audit-verification.ts'
import type { AuditHead, OriginalRecord } from '../audit.ts'
import type { Change } from '../change.ts'
import type { Store } from '../store.ts'
import { refusesEach } from './expect.ts'
import type { CaseDefinition, RawAudit } from './harness.ts'

const change: Change = { type: 'append_audit', event: { type: 'service_started' } }

async function append(store: Store, count: number): Promise<readonly AuditHead[]> {
  const heads: AuditHead[] = []
  for (let left = count; left > 0; left -= 256) {
    const { audits } = await store.commit(Array.from({ length: Math.min(left, 256) }, () => change))
    heads.push(...audits.map(({ id, hash }) => ({ id, hash })))
  }
  return heads
}

/** What was found, without the sentences about what cannot be. */
async function verified(store: Store, options?: VerifyOptions): Promise<Omit<AuditVerification, 'blindSpots'>> {
  const { blindSpots: _, ...found } = await store.verifyAudits(options)
  return found
}

/** The documented rule, written a second time: a store that follows another one cannot be checked by other tools. */
function expectedDigest({ timestamp, scope, node, type, text, salt }: RawAudit, original?: OriginalRecord): string {
  assert.match(String(salt), /^[\w-]{22}$/)
  const event = JSON.parse(text) as { type: string; entry_id?: string; session_id?: string }
  const { entry_id: entryId = null, session_id: sessionId = null } = event.type === 'other' ? {} : event
  const source = original === undefined ? null : [original.id, original.timestamp, original.event]
  const content = hashOf(JSON.stringify([salt, type, entryId, sessionId, text, source]))
  return hashOf(JSON.stringify([2, timestamp, scope, node, content]))
}

function hashOf(json: string): string {
  return createHash('sha256').update(json, 'utf8').digest('hex')
}

function expectedHash(previousHash: string, { id, digest }: RawAudit): string {
  const place = Buffer.alloc(8)
  place.writeBigUInt64BE(BigInt(id))
  const link = Buffer.concat([Buffer.from(previousHash, 'hex'), place, Buffer.from(digest, 'hex')])
  assert.equal(link.length, 72)
  return createHash('sha256').update(link).digest('hex')
}

const NOTHING_BEFORE = '00'.repeat(32)

export const auditChainCases: readonly CaseDefinition[] = [
  {
    id: 'audit-chain/hash/follows-the-documented-rule',
    prevents: 'a chain that only the program which wrote it can check',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      const original = { id: 9, timestamp: '2024-02-29T23:59:59.123456789Z', event: '{ "type":"service_started" }' }
      t.clock.set('2026-11-23T10:00:00.007Z')
      const heads = [
        ...(await append(store, 1)),
        await store.appendAudit({ type: 'session_started', sessionId: 's-"1', entryId: 'é😀', label: 'x\0' }),
        await store.view({ node: 'pc-2' }).appendAudit({ type: 'launch_denied', entryId: 'minecraft', reasons: [] }),
        await store.view({ scope: 'ben' }).appendAudit({ type: 'warning_issued', sessionId: 's-2', thresholdMs: 1 }),
        await store.appendAudit({ type: 'other', name: 'sensor', data: { entry_id: 'x', session_id: 'y' } }),
        ...(
          await store.commit([
            { type: 'import_audit', timestamp: new Date(0), event: { type: 'service_started' }, original },
            change,
          ])
        ).audits,
      ]
      const raw = await t.place.raw.audits()
      let previousHash = NOTHING_BEFORE
      for (const row of raw) {
        assert.equal(row.digest, expectedDigest(row, row.id === 6 ? original : undefined), `the digest of ${row.id}`)
        assert.equal(row.hash, expectedHash(previousHash, row), `the hash of ${row.id}`)
        previousHash = row.hash
      }
      assert.deepEqual(
        raw.map(({ id, hash }) => ({ id, hash })),
        heads.map(({ id, hash }) => ({ id, hash })),
      )
      assert.equal(raw.length, 7)
    },
  },
  {
    id: 'audit-chain/verify/an-empty-log-is-intact',
    prevents: 'a new store being reported as tampered with',
    async run(t) {
      const store = await t.open()
      assert.deepEqual(await verified(store), { intact: true, checked: 0, erased: 0, tail: 'unproven' })
    },
  },
  {
    id: 'audit-chain/verify/an-intact-log-and-its-head',
    prevents: 'a false alarm, or a head that cannot be used as proof later',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 3)
      assert.deepEqual(await verified(store), { intact: true, checked: 3, erased: 0, head: heads[2], tail: 'unproven' })
    },
  },
  {
    id: 'audit-chain/verify/every-scope-and-node',
    prevents: 'a record of another child being taken out of one shared log unseen',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      await append(store, 1)
      await append(store.view({ scope: 'ben', node: 'pc-2' }), 1)
      const [head] = await append(store, 1)
      for (const view of [store, store.view({ scope: 'ben' }), store.view({ scope: 'clara', node: 'pc-3' })]) {
        assert.deepEqual(await verified(view), { intact: true, checked: 3, erased: 0, head, tail: 'unproven' })
      }
      await t.place.raw.spoil({ table: 'audit', id: 2 })
      assert.equal((await store.verifyAudits()).firstBreak?.id, 2)
    },
  },
  {
    id: 'audit-chain/verify/more-than-one-page',
    prevents: 'a check that stops after the first thousand records',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 1_002)
      assert.deepEqual(await verified(store), {
        intact: true,
        checked: 1_002,
        erased: 0,
        head: heads.at(-1),
        tail: 'unproven',
      })
      await t.place.raw.spoil({ table: 'audit', id: 1_002 })
      const { intact, checked, head, firstBreak } = await store.verifyAudits()
      assert.deepEqual([intact, checked, head, firstBreak?.id], [false, 1_002, heads.at(-2), 1_002])
    },
  },
  {
    id: 'audit-chain/verify/names-the-record-that-was-changed',
    prevents: 'a changed record passing as the one that was written',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 4)
      await t.place.raw.spoil({ table: 'audit', id: 4 })
      await t.place.raw.spoil({ table: 'audit', id: 2 })
      const { firstBreak, ...rest } = await verified(store)
      assert.deepEqual(rest, { intact: false, checked: 2, erased: 0, head: heads[0], tail: 'unproven' })
      assert.deepEqual([firstBreak?.id, firstBreak?.problem], [2, 'content_changed'])
      assert.ok(firstBreak?.message)
    },
  },
  {
    id: 'audit-chain/verify/a-changed-first-record-leaves-no-head',
    prevents: 'a head being handed out for a log of which nothing is sound',
    async run(t) {
      const store = await t.open()
      await append(store, 2)
      await t.place.raw.spoil({ table: 'audit', id: 1 })
      const { firstBreak, ...rest } = await verified(store)
      assert.deepEqual(rest, { intact: false, checked: 1, erased: 0, tail: 'unproven' })
      assert.deepEqual([firstBreak?.id, firstBreak?.problem], [1, 'content_changed'])
    },
  },
  {
    id: 'audit-chain/verify/an-expected-head-in-its-place-is-proof',
    prevents: 'a head that was kept elsewhere and is not found again',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 3)
      for (const expectedHead of heads) {
        const expected = { intact: true, checked: 3, erased: 0, head: heads[2], tail: 'proven' }
        assert.deepEqual(await verified(store, { expectedHead }), expected, `head ${expectedHead.id}`)
      }
    },
  },
  {
    id: 'audit-chain/verify/an-expected-head-beyond-the-end-is-missing',
    prevents: 'the last records being cut off unseen',
    async run(t) {
      const store = await t.open()
      const elsewhere = { id: 3, hash: 'ab'.repeat(32) }
      const empty = await store.verifyAudits({ expectedHead: elsewhere })
      assert.deepEqual([empty.intact, empty.checked, empty.head, empty.tail], [false, 0, undefined, 'unproven'])
      assert.deepEqual([empty.firstBreak?.id, empty.firstBreak?.problem], [1, 'head_missing'])
      const [, head] = await append(store, 2)
      const cut = await store.verifyAudits({ expectedHead: elsewhere })
      assert.deepEqual([cut.intact, cut.checked, cut.head, cut.tail], [false, 2, head, 'unproven'])
      assert.deepEqual([cut.firstBreak?.id, cut.firstBreak?.problem], [3, 'head_missing'])
    },
  },
  {
    id: 'audit-chain/verify/an-expected-head-with-another-hash-differs',
    prevents: 'a whole log being written anew, sound in itself',
    async run(t) {
      const store = await t.open()
      const heads = await append(store, 3)
      for (const { id } of heads) {
        const found = await store.verifyAudits({ expectedHead: { id, hash: 'ab'.repeat(32) } })
        assert.deepEqual([found.intact, found.tail], [false, 'unproven'], `head ${id}`)
        assert.deepEqual([found.firstBreak?.id, found.firstBreak?.problem], [id, 'head_differs'], `head ${id}`)
        assert.deepEqual(found.head, heads[id - 2], `head ${id}`)
      }
    },
  },
  {
    id: 'audit-chain/verify/a-log-that-grows-keeps-its-old-heads',
    prevents: 'a proof that fails because another process has written since',
    async run(t) {
      const store = await t.open()
      await append(store, 2)
      const { head } = await store.verifyAudits()
      const other = await t.open({ node: 'pc-2' })
      const heads = await append(other, 2)
      const found = await verified(store, { expectedHead: head })
      assert.deepEqual(found, { intact: true, checked: 4, erased: 0, head: heads[1], tail: 'proven' })
    },
  },
  {
    id: 'audit-chain/verify/malformed-heads-are-refused',
    prevents: 'a mistyped head being reported as tampering, or as proof',
    async run(t) {
      const store = await t.open()
      await append(store, 1)
      const hash = 'ab'.repeat(32)
      const heads: readonly unknown[] = [
        { id: 0, hash },
        { id: -1, hash },
        { id: 1.5, hash },
        { id: '1', hash },
        { id: 2 ** 53, hash },
        { id: null, hash },
        { id: 1, hash: '' },
        { id: 1, hash: hash.slice(1) },
        { id: 1, hash: `${hash}00` },
        { id: 1, hash: `g${hash.slice(1)}` },
        { id: 1, hash: `${hash}\n` },
        { id: 1, hash: null },
        { hash },
        { id: 1 },
        7,
        'head',
      ]
      await refusesEach(
        heads.map((head) => [JSON.stringify(head), () => store.verifyAudits({ expectedHead: head as never })]),
      )
    },
  },
  {
    id: 'audit-chain/verify/a-proven-head-stays-proven-when-a-later-record-is-broken',
    prevents: 'doubt about records that are proven, because of one that came after them',
    async run(t) {
      const store = await t.open()
      const records = []
      for (let count = 0; count < 3; count += 1) records.push(await store.appendAudit({ type: 'service_started' }))
      await t.place.raw.spoil({ table: 'audit', id: 3 })
      const { id = 0, hash = '' } = records[1] ?? {}
      const { intact, tail, firstBreak } = await store.verifyAudits({ expectedHead: { id, hash } })
      assert.deepEqual([intact, tail, firstBreak?.id], [false, 'proven', 3])
    },
  },
]
