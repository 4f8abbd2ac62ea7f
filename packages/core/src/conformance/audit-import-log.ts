import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ImportAuditsOptions } from '../import-audits.ts'
import type { Store } from '../store.ts'
import { appendDay, archivesIn, withDirectory, withFailingWrite } from './aged-log.ts'
import { collect, refusesEach, rejectsWith } from './expect.ts'
import type { CaseContext, CaseDefinition } from './harness.ts'
import { appendOddLog } from './odd-log.ts'
import { unawaited } from './unawaited.ts'

const DAY = '2026-11-23'
const ALL = { format: 'jsonl', scope: 'all' } as const
/** What is taken up in one commit. */
const BATCH = 250

/** A text in pieces of that size, which know nothing of lines and characters. */
export async function* piecesOf(text: string | Uint8Array, size = 1_000): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

/** The export of a log of so many records, line by line, and the log. */
async function exported(t: CaseContext, count: number): Promise<{ readonly store: Store; readonly lines: string[] }> {
  const store = await t.openElsewhere()
  await appendDay(t, store, DAY, count)
  return { store, lines: await collect(store.exportAudits(ALL)) }
}

export const auditImportLogCases: readonly CaseDefinition[] = [
  {
    id: 'audit-import/pieces/of-any-size',
    prevents: 'an import that depends on how a file happens to be read',
    async run(t) {
      const source = await appendOddLog(t)
      const text = (await collect(source.exportAudits(ALL))).join('')
      for (const size of [1, 7, 1_000_000]) {
        const store = await t.openElsewhere()
        await store.importAudits(piecesOf(text, size))
        assert.deepEqual(await store.auditHead(), await source.auditHead())
      }
      // Without the last line's end, and with empty lines.
      const store = await t.openElsewhere()
      await store.importAudits(piecesOf(`\n${text.trimEnd().replaceAll('\n', '\n\n')}`))
      assert.deepEqual(await store.auditHead(), await source.auditHead())
      await withDirectory(async (directory) => {
        await mkdir(directory)
        const files = [join(directory, 'log.jsonl'), join(directory, 'log.jsonl.gz')] as const
        await writeFile(files[0], text)
        await writeFile(files[1], gzipSync(text))
        for (const file of files) {
          const other = await t.openElsewhere()
          await other.importAudits(file)
          assert.deepEqual(await other.auditHead(), await source.auditHead())
        }
      })
    },
  },
  {
    id: 'audit-import/again/what-is-there-is-compared-and-left-alone',
    prevents: 'an import that is repeated and doubles the log',
    async run(t) {
      const { store: source, lines } = await exported(t, 600)
      const store = await t.open()
      const text = lines.join('')
      assert.deepEqual(await store.importAudits(piecesOf(text)), {
        ...{ imported: 600, present: 0, beforeStart: 0 },
        head: await source.auditHead(),
      })
      const rows = await t.place.raw.audits()
      const again = await store.importAudits(piecesOf(text))
      assert.deepEqual([again.imported, again.present], [0, 600])
      assert.deepEqual(await t.place.raw.audits(), rows)
      // Some of it, from the middle: nothing is to be done. And then what was appended at the source meanwhile.
      assert.equal((await store.importAudits(piecesOf(lines.slice(0, 100).join('')))).imported, 0)
      await appendDay(t, source, DAY, 3)
      const more = await store.importAudits(source.exportAudits({ ...ALL, after: 590 }))
      assert.deepEqual([more.imported, more.present], [3, 10])
      assert.deepEqual(await store.auditHead(), await source.auditHead())
      assert.deepEqual(await store.importAudits(piecesOf('')), { imported: 0, present: 0, beforeStart: 0 })
    },
  },
  {
    id: 'audit-import/stopped/the-same-call-goes-on',
    prevents: 'an import of an hour that has to be begun again on an empty store',
    async run(t) {
      const { store: source, lines } = await exported(t, 600)
      const store = await t.open()
      const results: number[] = []
      for (let stops = 0; ; stops += 1) {
        assert.ok(stops < 10, 'it never comes to its end')
        const controller = new AbortController()
        const before = (await store.auditHead())?.id ?? 0
        const onProgress: ImportAuditsOptions['onProgress'] = ({ imported }) => {
          if (imported > 0) controller.abort()
        }
        const call = store.importAudits(piecesOf(lines.join('')), { signal: controller.signal, onProgress })
        const result = await call.catch(() => undefined)
        if (result === undefined) await rejectsWith(call, 'ABORTED')
        results.push(((await store.auditHead())?.id ?? 0) - before)
        if (result !== undefined) break
      }
      assert.deepEqual(results, [BATCH, BATCH, 100])
      assert.deepEqual(await store.auditHead(), await source.auditHead())
    },
  },
  {
    id: 'audit-import/stopped/while-it-waits-for-its-source',
    prevents: 'a program that cannot be stopped while it reads from a pipe into which nothing is written',
    async run(t) {
      const { lines } = await exported(t, 300)
      const store = await t.open()
      const controller = new AbortController()
      const silence = Promise.withResolvers<undefined>()
      let isClosed = false
      async function* source() {
        try {
          yield lines.join('')
          queueMicrotask(() => controller.abort())
          await silence.promise
        } finally {
          isClosed = true
        }
      }
      await rejectsWith(store.importAudits(source(), { signal: controller.signal }), 'ABORTED', 'not_applied')
      assert.equal((await store.auditHead())?.id, BATCH)
      assert.equal(isClosed, false)
      silence.resolve(undefined)
      while (!isClosed) await Promise.resolve()
      assert.equal((await store.importAudits(piecesOf(lines.join('')))).imported, 50)
    },
  },
  {
    id: 'audit-import/stopped/by-a-bar-that-throws-as-is-other-long-work',
    prevents: 'a defect of a progress bar that is looked for in the database',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open({ scope: 'anna' })
        await appendDay(t, store, '2026-09-01', 1_001)
        const lines = await collect(store.exportAudits(ALL))
        const elsewhere = await t.openElsewhere()
        const onProgress = () => {
          throw new TypeError('the bar is too long')
        }
        const calls: readonly (() => Promise<unknown>)[] = [
          () => store.verifyAudits({ onProgress }),
          () => store.applyRetention({ keepDays: 30, archiveTo, onProgress }),
          () => store.forgetScope('anna', { by: 'Ada', why: 'She moved away.', onProgress }),
          () => elsewhere.importAudits(piecesOf(lines.join('')), { onProgress }),
        ]
        for (const call of calls) {
          const { message, cause } = await rejectsWith(call(), 'INVALID_ARGUMENT')
          assert.match(message, /onProgress threw \(the bar is too long\)/)
          assert.ok(cause instanceof TypeError)
        }
        assert.equal((await elsewhere.auditHead())?.id, BATCH)
        assert.equal((await elsewhere.importAudits(piecesOf(lines.join('')))).imported, 1_001 - BATCH)
      }),
  },
  {
    id: 'audit-import/faults/of-any-write-and-the-same-call-completes',
    prevents: 'a lost connection after which a record is there twice, or the import says that it is another log',
    async run(t) {
      const { store: source, lines } = await exported(t, 600)
      const store = await t.open()
      const heads: (number | undefined)[] = []
      for (const applied of [false, true]) {
        await withFailingWrite(t, { nth: 1, applied }, async (faulty) => {
          await rejectsWith(faulty.importAudits(piecesOf(lines.join(''))), 'UNAVAILABLE')
        })
        heads.push((await store.auditHead())?.id)
      }
      assert.deepEqual(heads, [undefined, BATCH])
      const { imported, present } = await store.importAudits(piecesOf(lines.join('')))
      assert.deepEqual([imported, present], [600 - BATCH, BATCH])
      assert.deepEqual(await store.auditHead(), await source.auditHead())
    },
  },
  {
    id: 'audit-import/faults/two-at-once-double-nothing',
    prevents: 'two imports that meet, and a log in which every record stands twice',
    async run(t) {
      const { store: source, lines } = await exported(t, 600)
      const stores = [await t.open(), await t.open({ node: 'pc-2' })]
      const calls = unawaited(...stores.map((store) => store.importAudits(piecesOf(lines.join('')))))
      for (const call of calls) {
        const isRefused = await call.then(
          () => false,
          () => true,
        )
        if (isRefused) await rejectsWith(call, 'BUSY', 'not_applied')
      }
      const rows = await t.place.raw.audits()
      assert.deepEqual(
        rows.map(({ id, digest }) => [id, digest]),
        lines.slice(0, rows.length).map((line) => {
          const { id, digest } = JSON.parse(line) as { readonly id: number; readonly digest: string }
          return [id, digest]
        }),
      )
      await stores[0]?.importAudits(piecesOf(lines.join('')))
      assert.deepEqual(await stores[1]?.auditHead(), await source.auditHead())
    },
  },
  {
    id: 'audit-import/behind/later-appends-chain-on',
    prevents: 'a store that took up a log and cannot go on with it',
    async run(t) {
      const source = await appendOddLog(t)
      const head = await source.auditHead()
      const store = await t.openElsewhere({ scope: 'anna' })
      await store.importAudits(source.exportAudits(ALL))
      const { id } = await store.appendAudit({ type: 'service_started' }, { operationId: 'op-1' })
      assert.equal(id, (head?.id ?? 0) + 1)
      assert.equal((await store.appendAudit({ type: 'service_started' }, { operationId: 'op-1' })).id, id)
      const { intact, tail, checked } = await store.verifyAudits({ expectedHead: head })
      assert.deepEqual([intact, tail, checked], [true, 'proven', id])
      // From then on they are two logs.
      await source.appendAudit({ type: 'service_stopped' })
      const error = await rejectsWith(store.importAudits(source.exportAudits(ALL)), 'INVALID_ARGUMENT', 'not_applied')
      assert.match(error.message, /two logs/)
      assert.equal((await store.auditHead())?.id, id)
    },
  },
  {
    id: 'audit-import/begin/in-the-middle-of-another-log',
    prevents: 'the archive of one year that cannot be looked at without those of all years before',
    run: (t) =>
      withDirectory(async (archiveTo) => {
        const store = await t.open()
        await appendDay(t, store, '2026-09-01', 3)
        t.clock.set('2026-11-01T10:00:00.000Z')
        await store.applyRetention({ keepDays: 30, archiveTo })
        await appendDay(t, store, DAY, 2)
        t.clock.set('2027-11-01T10:00:00.000Z')
        await store.applyRetention({ keepDays: 30, archiveTo })
        const [, second] = await archivesIn(archiveTo)
        assert.ok(second !== undefined)
        const other = await t.openElsewhere()
        const { imported } = await other.importAudits(join(archiveTo, second.file))
        assert.deepEqual([imported, await other.auditHead()], [second.records.length, second.records.at(-1)])
        assert.equal((await other.verifyAudits()).intact, true)
        const lines = await collect(store.exportAudits(ALL))
        await other.importAudits(piecesOf(lines.join('')))
        assert.deepEqual(await other.auditHead(), await store.auditHead())
      }),
  },
  {
    id: 'audit-import/refused/what-is-no-source',
    prevents: 'an import of nothing that says that all went well',
    run: (t) =>
      withDirectory(async (directory) => {
        const store = await t.open()
        const sources: readonly unknown[] = [undefined, null, '', 'a\0b', 7, {}, [], [1]]
        await refusesEach([
          ...sources.map((source) => [JSON.stringify(source), () => store.importAudits(source as string)] as const),
          ['an option', () => store.importAudits(piecesOf(''), { sginal: undefined } as ImportAuditsOptions)],
          ['a signal', () => store.importAudits(piecesOf(''), { signal: 7 } as unknown as ImportAuditsOptions)],
          ['numbers', () => store.importAudits(numbers() as unknown as AsyncIterable<string>)],
          ['one that throws', () => store.importAudits(broken())],
        ])
        await rejectsWith(store.importAudits(join(directory, 'missing')), 'NOT_FOUND', 'not_applied')
        await mkdir(directory)
        await rejectsWith(store.importAudits(directory), 'NOT_FOUND', 'not_applied')
        const file = join(directory, 'log.jsonl.gz')
        await writeFile(file, 'no gzip')
        await rejectsWith(store.importAudits(file), 'MALFORMED', 'not_applied')
        assert.equal((await readFile(file, 'utf8')).length, 7)
        assert.equal(await store.auditHead(), undefined)
      }),
  },
]

async function* broken(): AsyncIterable<string> {
  yield '\n'
  throw new Error('the pipe broke')
}

async function* numbers(): AsyncIterable<number> {
  yield 7
}
