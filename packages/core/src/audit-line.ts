import { TextDecoder } from 'node:util'
import { checkObject, checkText } from './codec.ts'
import type { AuditRow } from './effects.ts'
import { invalidArgument, messageOf } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { JsonObject, JsonValue } from './values.ts'
import { checkId, checkInstant, checkInteger, describe, parseInstant } from './values.ts'
import { canonicalJson } from './wire.ts'

/**
 * A record as one line of JSON: all of it, so that another log can take it up and prove it. `previousHash` stands on the
 * first line of a text, as what comes before is not in it.
 */
export function auditLine(row: AuditRow, previousHash?: string): string {
  const { id, timestamp, scope, node, text, original, salt, contentDigest, digest, hash } = row
  const json = canonicalObject(text)
  const plain = json !== undefined && isFoundBy(row, json)
  return JSON.stringify({
    id,
    timestamp: Number.isNaN(timestamp.getTime()) ? null : timestamp.toISOString(),
    scope,
    node,
    // As an object where that comes back as the same text, and tells by what the record is found.
    ...(plain
      ? { event: json }
      : { event_text: text, type: row.type, entry_id: row.entryId, session_id: row.sessionId }),
    original,
    salt,
    content_digest: contentDigest,
    digest,
    hash,
    previous_hash: previousHash,
  })
}

export interface AuditLine {
  readonly row: AuditRow
  readonly previousHash: string | undefined
}

/** Behind it there is room for as many records again. */
const ID_MAX = 2 ** 52

/** @throws StoreError `INVALID_ARGUMENT` when the line is not what `auditLine` makes. What it tells is not proven yet. */
export function parseAuditLine(line: string, what: string): AuditLine {
  try {
    const json = checkObject(JSON.parse(line), 'the line')
    const stray = Object.keys(json).find((name) => !FIELDS.has(name))
    if (stray !== undefined) throw invalidArgument(`it has a field ${describe(stray)}, which no record has`)
    const field = (name: string): JsonValue | undefined => (Object.hasOwn(json, name) ? json[name] : undefined)
    const textOf = (name: string): string => checkText(field(name), name)
    const optionalText = <K extends string>(key: K, name: string) =>
      field(name) === undefined ? {} : ({ [key]: textOf(name) } as Record<K, string>)
    const event = field('event')
    const double = event !== undefined && ['event_text', 'type', 'entry_id', 'session_id'].some((name) => name in json)
    if (double) throw invalidArgument('what it is found by is told twice')
    const found =
      event === undefined
        ? {
            ...{ text: checkStored(textOf('event_text'), 'event_text'), type: checkId(field('type'), 'type') },
            ...optionalText('entryId', 'entry_id'),
            ...optionalText('sessionId', 'session_id'),
          }
        : { text: checkStored(canonicalJson(event), 'event'), ...foundBy(checkObject(event, 'event')) }
    const original = field('original')
    return {
      row: {
        id: checkInteger(field('id'), 'id', 1, ID_MAX),
        timestamp: checkInstant(parseInstant(field('timestamp')), 'timestamp'),
        scope: checkId(field('scope'), 'scope'),
        node: checkId(field('node'), 'node'),
        ...found,
        ...(original === undefined ? {} : { original: originalOf(checkObject(original, 'original')) }),
        ...optionalText('salt', 'salt'),
        ...optionalText('contentDigest', 'content_digest'),
        digest: checkHash(field('digest'), 'digest'),
        hash: checkHash(field('hash'), 'hash'),
      },
      previousHash:
        field('previous_hash') === undefined ? undefined : checkHash(field('previous_hash'), 'previous_hash'),
    }
  } catch (error) {
    throw invalidArgument(`${what} is no record of a log: ${messageOf(error)}`)
  }
}

const FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'timestamp', 'scope', 'node', 'event', 'event_text', 'type', 'entry_id', 'session_id'],
  ...['original', 'salt', 'content_digest', 'digest', 'hash', 'previous_hash'],
])

/** The columns that a record is found by, as they follow from its event. */
function foundBy(event: JsonObject): Pick<AuditRow, 'type' | 'entryId' | 'sessionId'> {
  const { type, name, entry_id: entryId, session_id: sessionId } = event
  if (type === 'other') return { type: checkId(name, 'event.name') }
  return {
    type: checkId(type, 'event.type'),
    ...(typeof entryId === 'string' ? { entryId } : {}),
    ...(typeof sessionId === 'string' ? { sessionId } : {}),
  }
}

function isFoundBy(row: AuditRow, event: JsonObject): boolean {
  try {
    const { type, entryId, sessionId } = foundBy(event)
    return row.type === type && row.entryId === entryId && row.sessionId === sessionId
  } catch {
    return false
  }
}

function canonicalObject(text: string): JsonObject | undefined {
  try {
    const json = checkObject(JSON.parse(text), 'event')
    return canonicalJson(json) === text ? json : undefined
  } catch {
    return undefined
  }
}

function originalOf({ id, timestamp, event }: JsonObject): NonNullable<AuditRow['original']> {
  return {
    id: checkInteger(id, 'original.id', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    timestamp: checkStored(checkText(timestamp, 'original.timestamp'), 'original.timestamp'),
    event: checkStored(checkText(event, 'original.event'), 'original.event'),
  }
}

/** No record that was ever appended is longer. */
function checkStored(text: string, what: string): string {
  if (text.includes('\0')) throw invalidArgument(`${what} contains NUL`)
  if (Buffer.byteLength(text) <= LIMITS.PAYLOAD_BYTES_MAX) return text
  throw invalidArgument(`${what} takes more than ${LIMITS.PAYLOAD_BYTES_MAX} bytes`)
}

function checkHash(value: unknown, what: string): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value
  throw invalidArgument(`${what} must be 64 hexadecimal digits`)
}

/** The lines of a text that comes in pieces, without their ends. @throws StoreError `INVALID_ARGUMENT` */
export async function* linesOf(pieces: AsyncIterable<string | Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const piece of pieces) {
    const [end = '', ...begun] = (typeof piece === 'string' ? piece : decoded(decoder, piece)).split('\n')
    rest = checkLength(rest + end)
    for (const next of begun) {
      yield rest
      rest = checkLength(next)
    }
  }
  rest += decoded(decoder)
  if (rest !== '') yield rest
}

function checkLength(line: string): string {
  if (line.length <= LIMITS.AUDIT_LINE_LENGTH_MAX) return line
  throw invalidArgument('a line is longer than any record: this is no log')
}

function decoded(decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
  } catch {
    throw invalidArgument('this is no UTF-8 text, and so no log; one that is compressed must be unpacked first')
  }
}
