import assert from 'node:assert/strict'
import { collect } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { appendOddLog, ODD_TEXTS } from './odd-log.ts'

const TITLES = [
  ...['id', 'timestamp', 'scope', 'node', 'type', 'entry_id', 'session_id', 'event'],
  ...['original_id', 'original_timestamp', 'original_event', 'hash'],
]
/** Those that hold a number, which may be negative, or a digest. */
const NOT_TEXT = new Set(['id', 'original_id'])

/** RFC 4180, read by somebody else: rows of cells. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  for (let place = 0; place < text.length;) {
    const [cell, end] = text[place] === '"' ? quotedCell(text, place) : plainCell(text, place)
    row.push(cell)
    if (text[end] === ',') place = end + 1
    else {
      assert.equal(text.slice(end, end + 2), '\r\n', `a row ends at ${end}`)
      rows.push(row)
      row = []
      place = end + 2
    }
  }
  return rows
}

function quotedCell(text: string, start: number): readonly [cell: string, end: number] {
  for (let place = start + 1; ; place += 1) {
    assert.ok(place < text.length, 'a quoted cell does not end')
    if (text[place] !== '"') continue
    if (text[place + 1] === '"') place += 1
    else return [text.slice(start + 1, place).replaceAll('""', '"'), place + 1]
  }
}

function plainCell(text: string, start: number): readonly [cell: string, end: number] {
  const end = start + (text.slice(start).match(/[,\r\n"]/)?.index ?? text.length)
  return [text.slice(start, end), end]
}

/** What a spreadsheet would not take for text. */
const FORMULA = /^[=+\-@\t\r]/

interface CloudEvent {
  readonly [attribute: string]: unknown
  readonly id: string
  readonly source: string
  readonly type: string
}

/** What the specification forbids in an attribute: control characters, lone surrogates, noncharacters. */
const FORBIDDEN = /\p{Control}|\p{Surrogate}|[\ufdd0-\ufdef\ufffe\uffff]/u
/** A URI-reference: the characters of RFC 3986, and whole escapes. */
const URI_REFERENCE = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-F]{2})+$/
/** RFC 3339. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** The rules of CloudEvents 1.0.2 and of its JSON format, as far as a line can break them. */
function checkCloudEvent(event: CloudEvent): void {
  const { data, ...attributes } = event
  assert.equal(attributes['specversion'], '1.0')
  for (const name of ['id', 'source', 'type']) assert.ok(attributes[name], `${name} is required`)
  for (const [name, value] of Object.entries(attributes)) {
    assert.match(name, /^[a-z0-9]{1,20}$/)
    assert.ok(typeof value === 'string' && value !== '', `${name} is a text that is not empty`)
    assert.doesNotMatch(value, FORBIDDEN, `${name}: ${JSON.stringify(value)}`)
  }
  assert.match(event.source, URI_REFERENCE)
  if ('time' in attributes) assert.match(String(attributes['time']), TIME)
  assert.match(String(attributes['datacontenttype']), /^(?:application\/json|text\/plain)$/)
  if (attributes['datacontenttype'] === 'text/plain') assert.equal(typeof data, 'string')
  assert.notEqual(data, undefined)
}

export const auditExportFormatCases: readonly CaseDefinition[] = [
  {
    id: 'audit-export/csv/another-reader-finds-every-cell',
    prevents: 'a comma or a line break in a name that shifts the rest of the table',
    async run(t) {
      const store = await appendOddLog(t)
      const rows = parseCsv((await collect(store.exportAudits({ format: 'csv', scope: 'all' }))).join(''))
      const records = await collect(store.readAudits({ scope: 'all' }))
      assert.deepEqual(rows[0], TITLES)
      assert.equal(rows.length, 1 + records.length)
      const raw = await t.place.raw.audits()
      for (const [index, record] of records.entries()) {
        const cells = rows[index + 1] ?? []
        const stored = raw[index]
        const { id, timestamp, scope, node, hash, original } = record
        assert.equal(cells.length, TITLES.length)
        const due = [id, timestamp.toISOString(), scope, node, stored?.type, undefined, undefined, stored?.text]
        due.push(original?.id, original?.timestamp, original?.event, hash)
        for (const [column, value] of due.entries()) {
          const title = TITLES[column] ?? ''
          if (title === 'entry_id' || title === 'session_id') continue
          const text = String(value ?? '')
          const shown = !NOT_TEXT.has(title) && FORMULA.test(text) ? `'${text}` : text
          assert.equal(cells[column], shown, `${title} of record ${id}`)
        }
      }
      const untitled = await collect(store.exportAudits({ format: 'csv', scope: 'all', titles: false }))
      assert.deepEqual(parseCsv(untitled.join('')), rows.slice(1))
    },
  },
  {
    id: 'audit-export/csv/no-cell-is-a-formula',
    prevents: 'a child that names a game =HYPERLINK(…), and a parent who opens the table',
    async run(t) {
      const store = await appendOddLog(t)
      const rows = parseCsv((await collect(store.exportAudits({ format: 'csv', scope: 'all' }))).join(''))
      for (const row of rows) {
        for (const [column, cell] of row.entries()) {
          if (NOT_TEXT.has(TITLES[column] ?? '')) assert.match(cell, /^(?:-?\d+)?$|^(?:original_)?id$/)
          else assert.doesNotMatch(cell, FORMULA)
        }
      }
      const hostile = ODD_TEXTS.filter((text) => FORMULA.test(text))
      assert.ok(hostile.length > 5)
      for (const title of ['scope', 'node', 'type', 'entry_id', 'session_id']) {
        const cells = rows.map((row) => row[TITLES.indexOf(title)])
        for (const text of hostile) assert.ok(cells.includes(`'${text}`), `${title} ${JSON.stringify(text)}`)
      }
    },
  },
  {
    id: 'audit-export/cloudevents/each-line-keeps-the-rules',
    prevents: 'an event bus that refuses the whole log for the name of one game',
    async run(t) {
      const store = await appendOddLog(t)
      const lines = await collect(store.exportAudits({ format: 'cloudevents', scope: 'all' }))
      const records = await collect(store.readAudits({ scope: 'all' }))
      assert.equal(lines.length, records.length)
      const raw = await t.place.raw.audits()
      const names = new Set<string>()
      for (const [index, line] of lines.entries()) {
        assert.equal(line.indexOf('\n'), line.length - 1)
        const event = JSON.parse(line) as CloudEvent
        checkCloudEvent(event)
        names.add(JSON.stringify([event.source, event.id]))
        assert.deepEqual(event['data'], JSON.parse(raw[index]?.text ?? ''))
        assert.equal(event['time'], records[index]?.timestamp.toISOString())
        assert.equal(event['id'], records[index]?.hash)
      }
      assert.equal(names.size, records.length)
      const types = lines.map((line) => (JSON.parse(line) as CloudEvent).type)
      assert.ok(types.includes('shepherd.session_started') && types.includes('shepherd.erased'))
    },
  },
]
