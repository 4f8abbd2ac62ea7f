import canonicalize from 'canonicalize'
import type { AuditEvent, DenialReason, KnownEvent, OtherEvent, SessionEndReason, UnreadableEvent } from './audit.ts'
import { invalidArgument, messageOf } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { SessionSnapshot, StateSnapshot } from './snapshot.ts'
import type { JsonObject, JsonValue } from './values.ts'
import { checkDuration, checkId, checkInstant, checkInteger, describe, parseInstant } from './values.ts'

/**
 * The form of events and snapshots in the database: canonical JSON (RFC 8785) with snake_case keys, instants as
 * ISO 8601 in UTC, an absent field left out. One table of fields drives writing, checking and reading.
 */
interface Codec<T> {
  /** @throws StoreError `INVALID_ARGUMENT`, naming `path`. */
  encode(value: unknown, path: string): JsonValue
  /** @throws Error when `json` is not what `encode` makes. */
  decode(json: JsonValue | undefined, path: string): T
  /** Whether the field may be left out. */
  readonly optional?: true
}

type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> }
/** The fields of each case of a union, by its `type`. */
type Cases<U extends { readonly type: string }> = {
  readonly [T in U['type']]: Fields<Omit<Extract<U, { readonly type: T }>, 'type'>>
}

const id: Codec<string> = { encode: checkId, decode: (json, path) => checkId(json, path) }
const text: Codec<string> = { encode: checkText, decode: checkText }
const duration: Codec<number> = { encode: checkDuration, decode: checkDuration }
const integer: Codec<number> = { encode: checkSafeInteger, decode: checkSafeInteger }
const count: Codec<number> = { encode: checkDurationLike, decode: checkDurationLike }
const flag: Codec<boolean> = { encode: checkFlag, decode: checkFlag }
const instant: Codec<Date> = {
  encode: (value, path) => checkInstant(value, path).toISOString(),
  decode: (json, path) => checkInstant(parseInstant(json), path),
}

function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    optional: true,
    encode: (value, path) => codec.encode(value, path),
    decode: (json, path) => (json === undefined ? undefined : codec.decode(json, path)),
  }
}

function list<T>(item: Codec<T>, maxLength: number): Codec<readonly T[]> {
  const check = (value: unknown, path: string): readonly unknown[] => {
    if (Array.isArray(value) && value.length <= maxLength) return Array.from<unknown>(value)
    throw invalidArgument(`${path} must be an array of at most ${maxLength} items, not ${describe(value)}`)
  }
  return {
    encode: (value, path) => check(value, path).map((element, index) => item.encode(element, `${path}[${index}]`)),
    decode: (json, path) =>
      check(json, path).map((element, index) => item.decode(element as JsonValue, `${path}[${index}]`)),
  }
}

function record<T>(fields: Fields<T>): Codec<T> {
  return {
    encode(value, path) {
      if (typeof value !== 'object' || value === null) {
        throw invalidArgument(`${path} must be an object, not ${describe(value)}`)
      }
      return encodeFields(fields, value, path, [])
    },
    decode: (json, path) => decodeFields(fields, checkObject(json, path), path),
  }
}

function cases<U extends { readonly type: string }>(table: Cases<U>): Codec<U> {
  return {
    encode(value, path) {
      const { type, fields } = caseOf(table, value, path)
      return { type, ...encodeFields(fields, value as object, path, ['type']) }
    },
    decode(json, path) {
      const { type, fields } = caseOf(table, json, path)
      return { type, ...(decodeFields(fields, checkObject(json, path), path) as object) } as unknown as U
    },
  }
}

function caseOf(table: object, value: unknown, path: string): { type: string; fields: Fields<unknown> } {
  const type: unknown = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(table, type)) {
    throw invalidArgument(`${path}.type must be one of ${Object.keys(table).join(', ')}, not ${describe(type)}`)
  }
  return { type, fields: (table as Record<string, Fields<unknown>>)[type] as Fields<unknown> }
}

const endReason = cases<SessionEndReason>({
  expired: {},
  user_stop: {},
  admin_stop: {},
  process_exited: { exitCode: optional(integer) },
  policy_stop: {},
  service_shutdown: {},
  launch_failed: { error: text },
})

const denialReason = cases<DenialReason>({
  quota_exhausted: { usedMs: duration, quotaMs: duration },
  cooldown_active: { until: instant },
  other: { text },
})

const EVENT_FIELDS: Cases<KnownEvent> = {
  service_started: {},
  service_stopped: {},
  policy_loaded: { entryCount: count },
  config_reloaded: { success: flag },
  client_connected: { clientId: id, role: text, uid: optional(integer) },
  client_disconnected: { clientId: id },
  session_started: { sessionId: id, entryId: id, label: optional(text), deadline: optional(instant) },
  warning_issued: { sessionId: id, thresholdMs: duration },
  session_extended: { sessionId: id, extendedByMs: duration, newDeadline: optional(instant) },
  session_ended: { sessionId: id, entryId: id, reason: endReason, durationMs: duration },
  launch_denied: { entryId: id, reasons: list(denialReason, 64) },
}
const knownEvent = cases<KnownEvent>(EVENT_FIELDS)

const snapshotCodec: Codec<StateSnapshot> = record<StateSnapshot>({
  timestamp: instant,
  activeSession: optional(
    record<SessionSnapshot>({
      sessionId: id,
      entryId: id,
      startedAt: instant,
      deadline: optional(instant),
      warningsIssuedMs: list(duration, 256),
    }),
  ),
})

/** What the log keeps of an event: its text, and the columns that it is found by. */
export interface EncodedEvent {
  readonly type: string
  readonly entryId?: string
  readonly sessionId?: string
  readonly text: string
}

/** @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function encodeEvent(event: AuditEvent): EncodedEvent {
  if (typeof event === 'object' && event !== null && event.type === 'other') return encodeOther(event)
  const json = knownEvent.encode(event, 'event') as JsonObject & { readonly type: string }
  // From what was checked, not from the caller's object: its getters may have changed their minds.
  const { type, entry_id: entryId, session_id: sessionId } = json
  return {
    type,
    ...(typeof entryId === 'string' ? { entryId } : {}),
    ...(typeof sessionId === 'string' ? { sessionId } : {}),
    text: canonicalText(json, 'event'),
  }
}

function encodeOther(event: OtherEvent): EncodedEvent {
  const { name: givenName, data: givenData } = event
  const name = checkId(givenName, 'event.name')
  if (Object.hasOwn(EVENT_FIELDS, name)) {
    throw invalidArgument(
      `event.name ${describe(name)} is an event type of its own; use { type: ${describe(name)}, … }`,
    )
  }
  const stray = Object.keys(event).find((key) => key !== 'type' && key !== 'name' && key !== 'data')
  if (stray !== undefined) throw invalidArgument(`event has no field ${describe(stray)}; put it into data`)
  const data = checkedJson(checkObject(givenData, 'event.data'), 'event.data', 1, { bytes: LIMITS.PAYLOAD_BYTES_MAX })
  return { type: name, text: canonicalText({ type: 'other', name, data }, 'event') }
}

/** Never throws: what cannot be understood comes back marked. */
export function decodeEvent(text: string): AuditEvent | UnreadableEvent {
  try {
    const json = checkObject(JSON.parse(text), 'event')
    const { type, ...data } = json
    if (typeof type !== 'string') throw new Error('event.type is missing')
    if (Object.hasOwn(EVENT_FIELDS, type)) return knownEvent.decode(json, 'event')
    if (type !== 'other') return { type: 'other', name: type, data }
    return { type, name: checkId(json['name'], 'event.name'), data: checkObject(json['data'], 'event.data') }
  } catch (error) {
    return { type: 'unreadable', text, problem: messageOf(error) }
  }
}

/** @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function encodeSnapshot(snapshot: StateSnapshot): string {
  return canonicalText(snapshotCodec.encode(snapshot, 'snapshot'), 'snapshot')
}

/** @throws Error when `text` is not a snapshot. */
export function decodeSnapshot(text: string): StateSnapshot {
  return snapshotCodec.decode(JSON.parse(text) as JsonValue, 'snapshot')
}

/** JSON in the one form of RFC 8785, within the limit of a payload. */
function canonicalText(json: JsonValue, what: string): string {
  const text = canonicalJson(json)
  const bytes = Buffer.byteLength(text)
  if (bytes > LIMITS.PAYLOAD_BYTES_MAX) {
    throw invalidArgument(`${what} takes ${bytes} bytes as JSON; the limit is ${LIMITS.PAYLOAD_BYTES_MAX}`)
  }
  return text
}

export function canonicalJson(json: JsonValue): string {
  const text = canonicalize(json)
  if (text === undefined) throw invalidArgument('this value has no JSON form')
  return text
}

function encodeFields<T>(fields: Fields<T>, value: object, path: string, known: readonly string[]): JsonObject {
  const stray = Object.keys(value).find((key) => !known.includes(key) && !Object.hasOwn(fields, key))
  if (stray !== undefined) throw invalidArgument(`${path} has no field ${describe(stray)}`)
  const json: Record<string, JsonValue> = {}
  for (const [key, codec] of Object.entries<Codec<unknown>>(fields)) {
    const field: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
    if (field === undefined && codec.optional) continue
    json[snakeCase(key)] = codec.encode(field, `${path}.${key}`)
  }
  return json
}

/** Keys that `fields` does not name are left alone: a newer version may have written them. */
function decodeFields<T>(fields: Fields<T>, json: JsonObject, path: string): T {
  const value: Record<string, unknown> = {}
  for (const [key, codec] of Object.entries<Codec<unknown>>(fields)) {
    const name = snakeCase(key)
    const field = codec.decode(Object.hasOwn(json, name) ? json[name] : undefined, `${path}.${name}`)
    if (field !== undefined) value[key] = field
  }
  return value as T
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function checkObject(value: unknown, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw invalidArgument(`${path} must be an object, not ${describe(value)}`)
}

function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidArgument(`${path} must be a string, not ${describe(value)}`)
  if (value.isWellFormed()) return value
  throw invalidArgument(`${path} contains a lone surrogate, which is not Unicode text: ${describe(value)}`)
}

function checkFlag(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalidArgument(`${path} must be true or false, not ${describe(value)}`)
}

function checkSafeInteger(value: unknown, path: string): number {
  return checkInteger(value, path, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
}

function checkDurationLike(value: unknown, path: string): number {
  return checkInteger(value, path, 0, Number.MAX_SAFE_INTEGER)
}

/**
 * A copy of `value`, of which each part is looked at once. Plain JSON only: what would come back changed (undefined,
 * dates, NaN, −0, class instances) is refused. So is what takes more bytes than are `left`: objects that share parts are
 * small in memory alone.
 */
function checkedJson(value: unknown, path: string, depth: number, left: { bytes: number }): JsonValue {
  left.bytes -= typeof value === 'string' ? value.length : 1
  if (left.bytes < 0) throw invalidArgument(`event takes more than ${LIMITS.PAYLOAD_BYTES_MAX} bytes as JSON`)
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return checkText(value, path)
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    throw invalidArgument(`${path} must be a finite number other than -0, not ${describe(value)}`)
  }
  if (typeof value !== 'object') throw invalidArgument(`${path} must be JSON, not ${describe(value)}`)
  if (depth > LIMITS.PAYLOAD_DEPTH_MAX)
    throw invalidArgument(`${path} is nested deeper than ${LIMITS.PAYLOAD_DEPTH_MAX}`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    throw invalidArgument(`${path} must be a plain object, not an instance of a class`)
  }
  if ('toJSON' in value) throw invalidArgument(`${path} has a toJSON, which would change it`)
  const keys = Object.keys(value)
  if (Array.isArray(value) && (keys.length !== value.length || keys.some((key, index) => key !== String(index)))) {
    throw invalidArgument(`${path} must be a plain array, without holes`)
  }
  const entries = Object.entries(value).map(([key, item]) => {
    left.bytes -= Array.isArray(value) ? 0 : checkText(key, `a key of ${path}`).length
    return [key, checkedJson(item, `${path}.${key}`, depth + 1, left)] as const
  })
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}
