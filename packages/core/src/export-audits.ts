import { stringify } from 'csv-stringify/sync'
import { auditLine } from './audit-line.ts'
import { auditRequest, checkSignal } from './audit-requests.ts'
import type { AuditQuery } from './audit.ts'
import { GENESIS_HASH } from './chain.ts'
import type { AuditRequest } from './driver.ts'
import type { AuditRow } from './effects.ts'
import type { Engine } from './engine.ts'
import { invalidArgument } from './errors.ts'
import { logEnds, rowsOf } from './log-work.ts'
import type { StopSignal } from './stop-signal.ts'
import type { JsonValue, Scope } from './values.ts'
import { checkBoolean, checkFields, describe } from './values.ts'

/**
 * What an export asks for. To go on with one that was cut off, ask for what is `after` its last whole record.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface ExportAuditsOptions extends Omit<AuditQuery, 'order' | 'limit'> {
  /**
   * - `jsonl`: one record a line, with all that proves it. Of all scopes and without a filter it can be imported.
   * - `csv`: for a spreadsheet, with a line of titles. Text that one would take for a formula begins with an apostrophe.
   * - `cloudevents`: one CloudEvent 1.0 a line, in its JSON form.
   */
  readonly format: 'jsonl' | 'csv' | 'cloudevents'
  /** Whether a CSV begins with its titles. Default true. */
  readonly titles?: boolean | undefined
  /** Stops it: it rejects with `ABORTED` behind a whole record. */
  readonly signal?: StopSignal | undefined
}

export interface ExportRequest {
  readonly request: Omit<AuditRequest, 'order' | 'limit'>
  readonly format: ExportAuditsOptions['format']
  readonly titles: boolean
  readonly signal: StopSignal | undefined
}

/** @throws StoreError `INVALID_ARGUMENT` */
export function exportRequest(options: ExportAuditsOptions, scope: Scope): ExportRequest {
  const query = ['after', 'before', 'from', 'to', 'types', 'entryId', 'sessionId', 'node', 'scope'] as const
  const {
    format,
    titles = true,
    signal,
    ...asked
  } = checkFields(options, [...query, 'format', 'titles', 'signal'], 'options')
  if (format !== 'jsonl' && format !== 'csv' && format !== 'cloudevents') {
    throw invalidArgument(`format must be jsonl, csv or cloudevents, not ${describe(format)}`)
  }
  const { order: _, limit: __, ...request } = auditRequest(asked, scope)
  return { request, format, titles: checkBoolean(titles, 'titles'), signal: checkSignal(signal) }
}

/** The text of the export, line by line, in the order of the log. */
export async function* exportLines(engine: Engine, asked: ExportRequest): AsyncGenerator<string> {
  const { request, format, titles, signal } = asked
  if (format === 'csv' && titles) yield csvLine(CSV_TITLES)
  let isFirst = true
  for await (const row of rowsOf(engine, request, { signal, gaps: 'refused', goOn: 'go on after it' })) {
    switch (format) {
      case 'jsonl':
        yield `${auditLine(row, isFirst ? await hashBefore(engine, row) : undefined)}\n`
        break
      case 'csv':
        yield csvLine(csvFields(row))
        break
      case 'cloudevents':
        yield `${JSON.stringify(cloudEvent(row))}\n`
        break
    }
    isFirst = false
  }
}

/** So that what begins in the middle of the log can be taken up, and proven. */
async function hashBefore(engine: Engine, { id }: AuditRow): Promise<string | undefined> {
  if (id === 1) return GENESIS_HASH
  const { start } = await logEnds(engine)
  if (start.id === id - 1) return start.hash
  const { audits } = await engine.read({ audits: { after: id - 2, before: id, order: 'asc', limit: 1 } })
  return audits[0]?.hash
}

const CSV_TITLES = [
  ...['id', 'timestamp', 'scope', 'node', 'type', 'entry_id', 'session_id', 'event'],
  ...['original_id', 'original_timestamp', 'original_event', 'hash'],
]

function csvFields(row: AuditRow): readonly (string | number | undefined)[] {
  const { id, scope, node, type, entryId, sessionId, text, original, hash } = row
  return [
    ...[id, instantText(row), scope, node, type, entryId, sessionId, text],
    ...[original?.id, original?.timestamp, original?.event, hash],
  ]
}

/** RFC 4180. https://www.rfc-editor.org/rfc/rfc4180 One half of a line's end is an end to many readers: it is quoted too. */
function csvLine(fields: readonly (string | number | undefined)[]): string {
  return stringify([[...fields]], { escape_formulas: true, record_delimiter: 'windows', quoted_match: /[\r\n]/ })
}

function cloudEvent(row: AuditRow): Readonly<Record<string, JsonValue | undefined>> {
  const { id, scope, node, type, entryId, sessionId, text, hash } = row
  const data = jsonOf(text)
  return {
    specversion: '1.0',
    // With the source it names this event, whatever other store has the same scope and node.
    id: hash,
    source: `/shepherd/scopes/${encodeURIComponent(scope)}/nodes/${encodeURIComponent(node)}`,
    type: `shepherd.${attribute(type)}`,
    time: instantText(row),
    ...(entryId === undefined ? {} : { subject: attribute(entryId) }),
    datacontenttype: data === undefined ? 'text/plain' : 'application/json',
    data: data === undefined ? text : data,
    // Extension attributes: lower case, and text.
    sequence: String(id).padStart(16, '0'),
    ...(sessionId === undefined ? {} : { sessionid: attribute(sessionId) }),
  }
}

/** What an attribute must not hold is still in the data. */
function attribute(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Noncharacter_Code_Point}/gu, '\ufffd')
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function instantText({ timestamp }: AuditRow): string | undefined {
  return Number.isNaN(timestamp.getTime()) ? undefined : timestamp.toISOString()
}
