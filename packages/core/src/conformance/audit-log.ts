import assert from 'node:assert/strict'
import type { AuditEvent, AuditRecord } from '../audit.ts'
import { collect, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const warning = (thresholdMs: number): AuditEvent => ({ type: 'warning_issued', sessionId: 's-1', thresholdMs })
const append = (thresholdMs: number) => ({ type: 'append_audit', event: warning(thresholdMs) }) as const
const idsOf = (records: readonly AuditRecord[]) => records.map(({ id }) => id)

/** What a careless caller may do with a record, whatever its type forbids. */
interface CarelessRecord {
  id: number
  timestamp: Date
  event: { entryId: string; deadline: Date; reasons: { text: string }[] }
}

export const auditLogCases: readonly CaseDefinition[] = [
  {
    id: 'audit/append/ids-without-gaps',
    prevents: 'a gap in the log that looks like a record taken out',
    async run(t) {
      const store = await t.open()
      const ids: number[] = []
      for (let thresholdMs = 1; thresholdMs <= 4; thresholdMs += 1)
        ids.push((await store.appendAudit(warning(thresholdMs))).id)
      await rejectsWith(store.appendAudit(warning(-1)), 'INVALID_ARGUMENT', 'not_applied')
      ids.push(...idsOf((await store.commit([append(5), append(6)])).audits))
      ids.push((await store.view({ scope: 'anna', node: 'pc-2' }).appendAudit(warning(7))).id)
      assert.deepEqual(ids, [1, 2, 3, 4, 5, 6, 7])
      const raw = await t.place.raw.audits()
      assert.deepEqual(
        raw.map(({ id }) => id),
        ids,
      )
    },
  },
  {
    id: 'audit/append/ids-in-the-order-of-the-calls',
    prevents: 'the end of a session being logged before its start',
    async run(t) {
      const store = await t.open()
      const thresholds = Array.from({ length: 40 }, (_, index) => index)
      const records = await Promise.all(thresholds.map((thresholdMs) => store.appendAudit(warning(thresholdMs))))
      assert.deepEqual(
        idsOf(records),
        thresholds.map((thresholdMs) => thresholdMs + 1),
      )
      const stored = await store.listAudits()
      assert.deepEqual(
        stored.map(({ event }) => event),
        thresholds.map(warning),
      )
    },
  },
  {
    id: 'audit/append/a-clock-that-steps-back-changes-no-order',
    prevents: 'records changing places, or being refused, when a time server corrects the clock',
    async run(t) {
      const store = await t.open()
      const times = [
        '2026-11-23T10:00:00.500Z',
        '2026-11-23T09:59:59.999Z',
        '1970-01-01T00:00:00.000Z',
        '2026-11-23T10:00:00.500Z',
      ]
      for (const time of times) {
        t.clock.set(time)
        await store.appendAudit(warning(1))
      }
      const found = (records: readonly AuditRecord[]) =>
        records.map(({ id, timestamp }) => [id, timestamp.toISOString()])
      const expected = times.map((time, index) => [index + 1, time])
      assert.deepEqual(found(await store.listAudits()), expected)
      assert.deepEqual(found(await store.getRecentAudits(10)), expected.toReversed())
    },
  },
  {
    id: 'audit/append/takes-the-time-from-the-clock',
    prevents: 'the log telling another time than the service had, or losing its milliseconds',
    async run(t) {
      const store = await t.open()
      const times = [
        '1970-01-01T00:00:00.000Z',
        '2026-11-23T10:00:00.001Z',
        '2026-11-23T10:00:00.999Z',
        '9999-12-31T23:59:59.999Z',
      ]
      for (const time of times) {
        t.clock.set(time)
        assert.equal((await store.appendAudit(warning(1))).timestamp.toISOString(), time)
      }
      const raw = await t.place.raw.audits()
      assert.deepEqual(
        raw.map(({ timestamp }) => timestamp),
        times,
      )
      const records = await store.listAudits()
      assert.deepEqual(
        records.map(({ timestamp }) => timestamp),
        times.map((time) => new Date(time)),
      )
    },
  },
  {
    id: 'audit/append/returns-what-is-read-later',
    prevents: 'a caller that keeps the returned hash as proof, and cannot find it in the log',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      const appended = [await store.appendAudit(warning(1)), ...(await store.commit([append(2), append(3)])).audits]
      assert.deepEqual(await store.listAudits(), appended)
      assert.deepEqual(await store.getRecentAudits(3), appended.toReversed())
    },
  },
  {
    id: 'audit/append/names-the-node-and-the-scope',
    prevents: 'a fleet where nobody can tell who did what where',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      await store.appendAudit(warning(1))
      await store.view({ node: 'pc-2' }).appendAudit(warning(2))
      await store.view({ scope: 'ben' }).appendAudit(warning(3))
      const expected = [
        { node: 'pc-1', scope: 'anna' },
        { node: 'pc-2', scope: 'anna' },
        { node: 'pc-1', scope: 'ben' },
      ]
      const records = await store.listAudits({ scope: 'all' })
      assert.deepEqual(
        records.map(({ node, scope }) => ({ node, scope })),
        expected,
      )
      const raw = await t.place.raw.audits()
      assert.deepEqual(
        raw.map(({ node, scope }) => ({ node, scope })),
        expected,
      )
    },
  },
  {
    id: 'audit/append/does-not-share-the-event-with-the-caller',
    prevents: 'a record changing before it is written, because the caller reuses an object',
    async run(t) {
      const store = await t.open()
      const deadline = new Date('2026-11-23T11:00:00.000Z')
      const event = { type: 'session_started' as const, sessionId: 's-1', entryId: 'minecraft', deadline }
      const reasons = [{ type: 'other' as const, text: 'homework first' }]
      const appending = [
        store.appendAudit(event),
        store.appendAudit({ type: 'launch_denied', entryId: 'minecraft', reasons }),
      ]
      event.entryId = 'roblox'
      deadline.setTime(0)
      reasons.push({ type: 'other', text: 'later' })
      await Promise.all(appending)
      const expected = [
        {
          type: 'session_started',
          sessionId: 's-1',
          entryId: 'minecraft',
          deadline: new Date('2026-11-23T11:00:00.000Z'),
        },
        { type: 'launch_denied', entryId: 'minecraft', reasons: [{ type: 'other', text: 'homework first' }] },
      ]
      const records = await store.listAudits()
      assert.deepEqual(
        records.map((record) => record.event),
        expected,
      )
    },
  },
  {
    id: 'audit/read/does-not-share-records-with-the-caller',
    prevents: 'a log that changes because a reader rearranged what it was given',
    async run(t) {
      const store = await t.open()
      const deadline = new Date('2026-11-23T11:00:00.000Z')
      const appended = await store.appendAudit({
        type: 'session_started',
        sessionId: 's-1',
        entryId: 'minecraft',
        deadline,
      })
      const expected = structuredClone(appended)
      const reads: (() => Promise<readonly AuditRecord[]>)[] = [
        async () => [appended],
        () => store.listAudits(),
        () => store.getRecentAudits(1),
        () => collect(store.readAudits()),
      ]
      for (const read of reads) {
        const records = (await read()) as unknown as CarelessRecord[]
        for (const record of records) {
          record.id = 7
          record.timestamp.setTime(0)
          record.event.entryId = 'roblox'
          record.event.deadline.setTime(0)
        }
        records.length = 0
        assert.deepEqual(await store.listAudits(), [expected])
      }
    },
  },
  {
    id: 'audit/stored/as-canonical-json-with-snake-case-keys',
    prevents: 'a text that other tools cannot read, or that two versions hash differently',
    async run(t) {
      const store = await t.open({ node: 'pc-1', scope: 'anna' })
      await store.appendAudit({
        type: 'session_ended',
        sessionId: 's-1',
        entryId: 'minecraft',
        reason: { type: 'process_exited', exitCode: 137 },
        durationMs: 600_001,
      })
      await store.appendAudit({
        type: 'other',
        name: 'sensor',
        data: { camelCase: 1e21, é: '😀\u0000\n', a: [0.1, null] },
      })
      const raw = await t.place.raw.audits()
      assert.deepEqual(
        raw.map(({ id, timestamp, scope, node, type, text }) => ({ id, timestamp, scope, node, type, text })),
        [
          {
            id: 1,
            timestamp: '2026-11-23T10:00:00.000Z',
            scope: 'anna',
            node: 'pc-1',
            type: 'session_ended',
            text:
              '{"duration_ms":600001,"entry_id":"minecraft","reason":{"exit_code":137,"type":"process_exited"},' +
              '"session_id":"s-1","type":"session_ended"}',
          },
          {
            id: 2,
            timestamp: '2026-11-23T10:00:00.000Z',
            scope: 'anna',
            node: 'pc-1',
            type: 'sensor',
            text: '{"data":{"a":[0.1,null],"camelCase":1e+21,"é":"😀\\u0000\\n"},"name":"sensor","type":"other"}',
          },
        ],
      )
    },
  },
  {
    id: 'audit/append/no-gap-after-a-refusal',
    prevents: 'a refused launch that looks as if a record had been removed',
    async run(t) {
      const store = await t.open()
      const spent = { type: 'usage_below', entryId: 'minecraft', day: '2026-11-23', limitMs: 0 } as const
      await store.commit([append(1)])
      assert.equal((await store.commit([append(2)], { if: [spent] })).applied, false)
      const { audits } = await store.commit([append(3)])
      assert.deepEqual(
        audits.map(({ id }) => id),
        [2],
      )
      assert.equal((await store.verifyAudits()).intact, true)
    },
  },
  {
    id: 'audit/read/a-spoiled-record-is-marked',
    prevents: 'one damaged record hiding the whole log, or being passed over',
    async run(t) {
      const store = await t.open()
      const [first, second, third] = (await store.commit([append(1), append(2), append(3)])).audits
      await t.place.raw.spoil({ table: 'audit', id: 2 })
      const records = await store.listAudits()
      assert.deepEqual([records[0], records[2]], [first, third])
      const { event, ...columns } = records[1] ?? assert.fail('the spoiled record is missing')
      const { event: _, ...expected } = second ?? assert.fail('three records were appended')
      assert.deepEqual(columns, expected)
      assert.equal(event.type, 'unreadable')
      assert.equal('text' in event && event.text, '{"type":"session_ended"}')
      assert.ok('problem' in event && event.problem !== '')
      assert.deepEqual(await store.getRecentAudits(3), records.toReversed())
    },
  },
]
