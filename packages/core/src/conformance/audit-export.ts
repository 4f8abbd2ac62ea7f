import assert from 'node:assert/strict'
import type { AuditQuery } from '../audit.ts'
import type { ExportAuditsOptions } from '../export-audits.ts'
import type { Store } from '../store.ts'
import { appendDay, withFailingRead } from './aged-log.ts'
import { appendTold, idsAsked, idsOf, someEvent } from './audit-expect.ts'
import { collect, refusesEach, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { appendOddLog } from './odd-log.ts'

const DAY = '2026-11-23'
const ALL = { format: 'jsonl', scope: 'all' } as const

async function idsExported(
  store: Store,
  options: Omit<ExportAuditsOptions, 'format'> = {},
): Promise<readonly number[]> {
  const lines = await collect(store.exportAudits({ ...options, format: 'jsonl' }))
  return idsOf(lines.map((line) => JSON.parse(line) as { readonly id: number }))
}

export const auditExportCases: readonly CaseDefinition[] = [
  {
    id: 'audit-export/jsonl/comes-back-as-the-same-log',
    prevents: 'an export that looks like the log, and proves nothing',
    async run(t) {
      const store = await appendOddLog(t)
      const other = await t.openElsewhere({ scope: 'anna' })
      const { imported, present, head } = await other.importAudits(store.exportAudits(ALL))
      const rows = await t.place.raw.audits()
      assert.deepEqual([imported, present, head?.hash], [rows.length, 0, rows.at(-1)?.hash])
      const records = await collect(store.readAudits({ scope: 'all' }))
      assert.deepEqual(await collect(other.readAudits({ scope: 'all' })), records)
      const types = records.map(({ event }) => event.type)
      for (const type of ['erased', 'unreadable', 'scope_forgotten', 'other'] as const) assert.ok(types.includes(type))
      assert.deepEqual(await collect(other.exportAudits(ALL)), await collect(store.exportAudits(ALL)))
      const { intact, checked, erased } = await other.verifyAudits({ expectedHead: await store.auditHead() })
      assert.deepEqual([intact, checked, erased], [true, rows.length, 1])
      // It is found by the same columns.
      for (const query of [{ types: ['x'] }, { entryId: 'e' }, { sessionId: '=1+1' }, { entryId: 'minecraft' }]) {
        const [due, found] = [await store.listAudits(query), await other.listAudits(query)]
        assert.deepEqual(found, due, JSON.stringify(query))
      }
      const next = await other.appendAudit({ type: 'service_started' })
      assert.equal(next.id, rows.length + 1)
      assert.equal((await other.verifyAudits()).intact, true)
    },
  },
  {
    id: 'audit-export/jsonl/one-whole-record-a-line',
    prevents: 'an export of which one line is two, or half of one',
    async run(t) {
      const store = await appendOddLog(t)
      const lines = await collect(store.exportAudits(ALL))
      const records = await collect(store.readAudits({ scope: 'all' }))
      assert.equal(lines.length, records.length)
      for (const [index, line] of lines.entries()) {
        assert.equal(line.indexOf('\n'), line.length - 1)
        const { id, hash, scope, node, timestamp } = JSON.parse(line) as Record<string, unknown>
        const record = records[index]
        const due = [record?.id, record?.hash, record?.scope, record?.node, record?.timestamp.toISOString()]
        assert.deepEqual([id, hash, scope, node, timestamp], due)
      }
    },
  },
  {
    id: 'audit-export/after/goes-on-behind-a-record',
    prevents: 'an export that is cut off and has to be begun again, or that goes on with a gap',
    async run(t) {
      const store = await t.open()
      await appendDay(t, store, DAY, 1_200)
      const whole = await collect(store.exportAudits(ALL))
      assert.equal(whole.length, 1_200)
      for (const after of [1, 2, 999, 1_000, 1_001, 1_199, 1_200]) {
        const rest = await collect(store.exportAudits({ ...ALL, after }))
        assert.equal(rest.length, 1_200 - after)
        const other = await t.openElsewhere()
        const { imported } = await other.importAudits(textOf(whole.slice(0, after)))
        assert.equal(imported, after)
        await other.importAudits(textOf(rest))
        assert.deepEqual(await other.auditHead(), await store.auditHead())
      }
    },
  },
  {
    id: 'audit-export/filter/tells-what-was-asked-for',
    prevents: "one child's records in another child's export",
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const at = t.clock.now()
      const told = Array.from({ length: 60 }, (_, index) => ({
        at: index % 3 === 0 ? new Date(at.getTime() - 60_000 * index) : at,
        scope: index % 4 === 0 ? 'ben' : 'anna',
        node: index % 5 === 0 ? 'pc-2' : 'pc-1',
        event: someEvent(index),
      }))
      await appendTold(t, store, told)
      const queries: readonly Omit<AuditQuery, 'order' | 'limit'>[] = [
        {},
        { scope: 'all' },
        { node: 'pc-2' },
        { types: ['service_started', 'lamp'] },
        { entryId: 'minecraft' },
        { sessionId: 's-1', scope: 'all' },
        { from: new Date(at.getTime() - 30 * 60_000), to: at },
        { after: 7, before: 30 },
        { types: ['session_ended'], entryId: 'tuxmath', after: 3 },
      ]
      for (const query of queries) {
        const due = idsAsked(told, 'anna', query)
        assert.ok(due.length > 0, JSON.stringify(query))
        assert.deepEqual(await idsExported(store, query), due, JSON.stringify(query))
      }
      // What leaves records out proves nothing, and is not taken up.
      const other = await t.openElsewhere()
      for (const query of [{}, { types: ['lamp'] }]) {
        const call = other.importAudits(store.exportAudits({ ...query, format: 'jsonl' }))
        const code = await call.then(
          () => 'accepted',
          () => 'refused',
        )
        assert.equal(code, 'refused')
      }
      assert.equal(await other.auditHead(), undefined)
    },
  },
  {
    id: 'audit-export/refused/what-is-no-option',
    prevents: 'a mistyped option that exports everything, or nothing',
    async run(t) {
      const store = await t.open()
      await store.appendAudit({ type: 'service_started' })
      const options: readonly unknown[] = [
        ...[undefined, {}, { format: 'xml' }, { format: 'JSONL' }, { ...ALL, order: 'desc' }, { ...ALL, limit: 10 }],
        ...[
          { ...ALL, follow: true },
          { ...ALL, titles: 'no' },
          { ...ALL, signal: 7 },
          { ...ALL, after: -1 },
        ],
        ...[
          { ...ALL, types: [] },
          { ...ALL, scope: 'anna' },
        ],
      ]
      await refusesEach(
        options.map((each) => [JSON.stringify(each), () => collect(store.exportAudits(each as ExportAuditsOptions))]),
      )
    },
  },
  {
    id: 'audit-export/stopped/ends-with-an-error-behind-a-whole-record',
    prevents: 'an export that stops halfway and looks complete',
    async run(t) {
      const store = await t.open()
      await appendDay(t, store, DAY, 1_200)
      for (const format of ['jsonl', 'csv', 'cloudevents'] as const) {
        const controller = new AbortController()
        const lines: string[] = []
        const exporting = async () => {
          for await (const line of store.exportAudits({ format, titles: false, signal: controller.signal })) {
            lines.push(line)
            controller.abort()
          }
        }
        await rejectsWith(exporting(), 'ABORTED')
        assert.ok(lines.length < 1_200 && lines.every((line) => line.endsWith('\n')), `${lines.length}`)

        lines.length = 0
        await withFailingRead(t, { nth: 2 }, async (faulty) => {
          const failing = async () => {
            for await (const line of faulty.exportAudits({ format, titles: false })) lines.push(line)
          }
          await rejectsWith(failing(), 'UNAVAILABLE', 'not_applied')
        })
        assert.equal(lines.length, 1_000)
      }
    },
  },
]

async function* textOf(lines: readonly string[]): AsyncIterable<string> {
  yield lines.join('')
}
