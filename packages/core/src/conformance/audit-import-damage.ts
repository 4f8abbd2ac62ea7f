import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { isStoreError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { appendDay, withDirectory } from './aged-log.ts'
import { pick } from './audit-expect.ts'
import { piecesOf } from './audit-import-log.ts'
import { collect, rejectsWith } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { appendOddLog } from './odd-log.ts'

const DAY = '2026-11-23'
const ALL = { format: 'jsonl', scope: 'all' } as const

/** Asserts that each text, known by its name, is refused, and that nothing of it was taken up. */
async function refusesTexts(store: Store, texts: Iterable<readonly [what: string, text: string]>): Promise<void> {
  const wrong: string[] = []
  for (const [what, text] of texts) {
    const answer = await store.importAudits(piecesOf(text)).then(
      ({ imported }) => `imported ${imported}`,
      (error: unknown) => (isStoreError(error, 'MALFORMED', 'INVALID_ARGUMENT') ? error.outcome : String(error)),
    )
    if (answer !== 'not_applied') wrong.push(`${what}: ${answer}`)
    assert.equal(await store.auditHead(), undefined, what)
  }
  assert.deepEqual(wrong, [])
}

/** The line with other fields in place of its own. */
function withFields(line: string, fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ ...(JSON.parse(line) as object), ...fields })}\n`
}

export const auditImportDamageCases: readonly CaseDefinition[] = [
  {
    id: 'audit-import/damage/a-changed-byte-anywhere',
    prevents: 'a forged export that is taken for the log',
    async run(t) {
      const source = await t.open({ scope: 'anna' })
      await appendDay(t, source, DAY, 2)
      await source.appendAudit({ type: 'session_started', sessionId: 's-1', entryId: 'é', label: 'a "b"' })
      const original = { id: 7, timestamp: 'then', event: '{ "a": 1 }' }
      const event = { type: 'service_stopped' } as const
      await source.commit([{ type: 'import_audit', timestamp: new Date(0), event, original }])
      await source.view({ scope: 'ben' }).appendAudit(event)
      await source.forgetScope('ben', { by: 'Ada', why: 'Asked for.' })
      const text = (await collect(source.exportAudits(ALL))).join('')
      const bytes = Buffer.from(text)
      const changed = Array.from({ length: 96 }, (_, index): readonly [string, string] => {
        // The last byte is the end of the last line, which may be missing.
        const place = Math.floor(((bytes.length - 1) * (index + 0.5)) / 96)
        const damaged = Buffer.from(bytes)
        const other = pick(['0', '1', 'a', 'f', '"', ' ', '}', ',', '\\', '\n', 'Z', '\u0001'], index, 0x9e_37_79_b1)
        damaged[place] = other.charCodeAt(0)
        if (damaged[place] === bytes[place]) damaged[place] = 'b'.charCodeAt(0)
        return [
          `byte ${place}, ${JSON.stringify(damaged.toString('latin1', place - 12, place + 12))}`,
          damaged.toString(),
        ]
      })
      const store = await t.openElsewhere()
      await refusesTexts(store, changed)
      await store.importAudits(piecesOf(text))
      assert.deepEqual(await store.auditHead(), await source.auditHead())
    },
  },
  {
    id: 'audit-import/damage/lines-removed-swapped-inserted-and-repeated',
    prevents: 'a log from which an evening was taken out',
    async run(t) {
      const source = await t.open()
      await appendDay(t, source, DAY, 12)
      const lines = await collect(source.exportAudits(ALL))
      const texts: (readonly [string, string])[] = []
      for (const index of lines.keys()) {
        const [before, line = '', after] = [lines.slice(0, index), lines[index], lines.slice(index + 1)]
        const joined = (...middle: readonly string[]) => [...before, ...middle, ...after].join('')
        if (index < lines.length - 1) texts.push([`without line ${index}`, joined()])
        texts.push([`line ${index} twice`, joined(line, line)])
        texts.push([`half of line ${index}`, [...before, line.slice(0, line.length >> 1)].join('')])
        texts.push([`line ${index} with another id`, joined(withFields(line, { id: 99 }))])
        texts.push([
          `line ${index} with another event`,
          joined(withFields(line, { event: { type: 'service_stopped' } })),
        ])
        texts.push([`line ${index} with one of no chain`, joined(line, withFields(line, { id: index + 2 }))])
        const next = after[0]
        if (next !== undefined) {
          texts.push([`line ${index} swapped`, [...before, next, line, ...after.slice(1)].join('')])
        }
      }
      await refusesTexts(await t.openElsewhere(), texts)
    },
  },
  {
    id: 'audit-import/damage/what-was-never-written',
    prevents: 'a file from anywhere that brings the store down, or something else than records into it',
    async run(t) {
      const source = await t.open()
      await source.appendAudit({ type: 'other', name: 'lamp', data: { on: true } })
      const [line = ''] = await collect(source.exportAudits(ALL))
      const own = '"__proto__":{"scope":"x"},'
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
      const texts: (readonly [string, string])[] = [
        ['garbage', 'garbage'],
        ['a number', '7'],
        ['a list', '[]'],
        ['nothing', 'null'],
        ['an empty object', '{}'],
        ['two records in a line', `${line.trimEnd()}${line}`],
        ['a prototype', `{${own}${line.slice(1)}`],
        ['a prototype in the event', line.replace('"event":{', `"event":{${own}`)],
        ['a prototype of it all', `{"__proto__":${line.trimEnd()}}`],
        ['depth', line.replace('"on":true', `"on":${deep}`)],
        ['a line that is too long', line.replace('"on":true', `"on":"${'x'.repeat(LIMITS.AUDIT_LINE_LENGTH_MAX)}"`)],
        ['an event that is too long', line.replace('"on":true', `"on":"${'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX)}"`)],
        ['a line without an end', 'x'.repeat(2 * LIMITS.AUDIT_LINE_LENGTH_MAX)],
        ['another field', withFields(line, { more: 1 })],
      ]
      const wrong: Readonly<Record<string, readonly unknown[]>> = {
        id: [0, -1, 0.5, 1e300, 2 ** 53, '1', null, true, {}, []],
        timestamp: ['2026-02-30T00:00:00.000Z', 'now', 7, {}],
        scope: ['', 'a\0', '\ud83d', 7, null, 'x'.repeat(257)],
        node: ['', 7, null],
        event: ['x', 7, null, [], { type: 7 }, {}],
        event_text: ['x', 7, null, 'a\0'],
        original: ['x', 7, null, {}, { id: 1, timestamp: 'x', event: 7 }, { id: 0.5, timestamp: 'x', event: 'x' }],
        salt: [7, null, 'x'],
        content_digest: [7, null, 'x', 'ab'.repeat(32)],
        digest: [7, null, 'x', 'ab'.repeat(32), 'AB'.repeat(32)],
        hash: [7, null, 'x', 'ab'.repeat(32)],
        previous_hash: [7, null, 'x', 'ab'.repeat(32)],
      }
      for (const [field, values] of Object.entries(wrong)) {
        for (const value of values) {
          texts.push([`${field} ${JSON.stringify(value).slice(0, 40)}`, withFields(line, { [field]: value })])
        }
        if (field !== 'event_text' && field !== 'original' && field !== 'content_digest' && field !== 'previous_hash') {
          texts.push([`no ${field}`, withFields(line, { [field]: undefined })])
        }
      }
      await refusesTexts(await t.openElsewhere(), texts)
    },
  },
  {
    id: 'audit-import/damage/whole-batches-before-it-are-kept',
    prevents: 'an import of an hour that is lost for its last line',
    async run(t) {
      const source = await t.open()
      await appendDay(t, source, DAY, 600)
      const lines = await collect(source.exportAudits(ALL))
      const damaged = lines.with(299, withFields(lines[299] ?? '', { scope: 'x' }))
      const store = await t.openElsewhere()
      const error = await rejectsWith(store.importAudits(piecesOf(damaged.join(''))), 'MALFORMED')
      assert.match(error.message, /line 300 /)
      assert.equal((await store.auditHead())?.id, 250)
      const other = piecesOf(lines.with(299, '{}\n').join(''))
      assert.match((await rejectsWith(store.importAudits(other), 'INVALID_ARGUMENT')).message, /line 300 /)
      assert.equal((await store.verifyAudits()).intact, true)
      const { imported, present } = await store.importAudits(piecesOf(lines.join('')))
      assert.deepEqual([imported, present], [350, 250])
      assert.deepEqual(await store.auditHead(), await source.auditHead())
    },
  },
  {
    id: 'audit-import/damage/a-compressed-file',
    prevents: 'half an archive that is taken for the whole one',
    run: (t) =>
      withDirectory(async (directory) => {
        const source = await appendOddLog(t)
        const sound = gzipSync((await collect(source.exportAudits(ALL))).join(''))
        const store = await t.openElsewhere()
        await mkdir(directory)
        const file = join(directory, 'log.jsonl.gz')
        const cut = [1, 9, 20, sound.length >> 1, sound.length - 9, sound.length - 1].map((end) =>
          sound.subarray(0, end),
        )
        const flipped = Array.from({ length: 24 }, (_, index) => {
          const bytes = Buffer.from(sound)
          // Behind the head, of which some bytes say nothing.
          const place = 10 + Math.floor(((bytes.length - 10) * (index + 0.5)) / 24)
          bytes[place] = (bytes[place] ?? 0) ^ (1 << (index % 8))
          return bytes
        })
        for (const [index, bytes] of [...cut, ...flipped].entries()) {
          await writeFile(file, bytes)
          const answer = await store.importAudits(file).then(
            () => 'imported',
            (error: unknown) => (isStoreError(error, 'MALFORMED', 'INVALID_ARGUMENT') ? 'refused' : String(error)),
          )
          assert.equal(answer, 'refused', `damage ${index}`)
        }
        await rejectsWith(store.importAudits(piecesOf(sound)), 'INVALID_ARGUMENT', 'not_applied')
        assert.equal(await store.auditHead(), undefined)
      }),
  },
  {
    id: 'audit-import/damage/another-log',
    prevents: 'the log of one household that goes on as that of another',
    async run(t) {
      const store = await t.open()
      await appendDay(t, store, DAY, 3)
      const other = await t.openElsewhere()
      await appendDay(t, other, DAY, 5)
      const before = await t.place.raw.audits()
      const whole = await rejectsWith(store.importAudits(other.exportAudits(ALL)), 'INVALID_ARGUMENT', 'not_applied')
      assert.match(whole.message, /two logs/)
      const behind = other.exportAudits({ ...ALL, after: 3 })
      await rejectsWith(store.importAudits(behind), 'INVALID_ARGUMENT', 'not_applied')
      const gap = other.exportAudits({ ...ALL, after: 4 })
      await rejectsWith(store.importAudits(gap), 'INVALID_ARGUMENT', 'not_applied')
      assert.deepEqual(await t.place.raw.audits(), before)
    },
  },
]
