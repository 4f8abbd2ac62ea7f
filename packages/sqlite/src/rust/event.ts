import type {
  AuditEvent,
  DenialReason,
  JsonObject,
  JsonValue,
  KnownEvent,
  SessionEndReason,
} from '@shepherd-store/core'
import { canonicalSessionId, parseDuration, parseSeconds, parseTime, show, UnreadableRow } from './forms.ts'
import { parseJson, parseObject } from './json.ts'

/** What the log said of a session before the row at hand. */
export interface StartedSession {
  readonly sessionId: string
  readonly entryId: string
  readonly startedAt: Date
}

/** Where a row stands: what its event may have left to the rows before it. */
export interface EventContext {
  readonly timestamp: Date
  session(sessionId: string): StartedSession | undefined
}

/**
 * An event of the crate's schema: `{"type":"snake_case",…}`.
 * @throws UnreadableRow when `text` is not JSON of this form, or a known type lacks what it must have.
 */
export function parseCrateEvent(text: string, context: EventContext): AuditEvent {
  const { type, ...fields } = parseObject(parseJson(text, 'event_json'), 'event_json')
  if (typeof type !== 'string') throw new UnreadableRow(`event_json has no type: ${show(text)}`)
  return eventOf(type, fields, context)
}

/**
 * An event of the README's schema. The column `event_type` says what happened, in either spelling (`PolicyLoaded`,
 * `policy_loaded`); `event_data` holds the fields: an object, with or without the type in it or around it
 * (`{"PolicyLoaded":{…}}`), or `null` or the type's name alone when there are none.
 * @throws UnreadableRow also when the data names another known type than the column.
 */
export function parseReadmeEvent(type: string, data: string, context: EventContext): AuditEvent {
  let json = parseJson(data, 'event_data')
  if (json === null || json === type) json = {}
  let fields = parseObject(json, 'event_data')
  const [key, ...others] = Object.keys(fields)
  if (key !== undefined && others.length === 0 && knownType(key) !== undefined && knownType(key) === knownType(type)) {
    fields = parseObject(fields[key] ?? {}, `event_data.${key}`)
  }
  const { type: inner, ...rest } = fields
  if (
    inner === type ||
    (typeof inner === 'string' && knownType(inner) !== undefined && knownType(inner) === knownType(type))
  ) {
    return eventOf(type, rest, context)
  }
  if (typeof inner === 'string' && knownType(inner) !== undefined) {
    throw new UnreadableRow(`event_type says ${show(type)}, event_data says ${show(inner)}`)
  }
  return eventOf(type, fields, context)
}

function eventOf(name: string, fields: JsonObject, context: EventContext): AuditEvent {
  const type = knownType(name)
  return type === undefined ? { type: 'other', name, data: fields } : READERS[type](fields, context)
}

/** The type that a name means: in snake_case, in the crate's names of variants, or before 2025-12-29. */
function knownType(name: string): CrateEvent['type'] | undefined {
  const snake = snakeCase(name)
  const current = snake.replace(/^daemon_(?=started$|stopped$)/, 'service_')
  return isKeyOf(READERS, current) ? current : undefined
}

/** What the crate writes. Events of other types are this store's own. */
type CrateEvent = Exclude<
  KnownEvent,
  {
    readonly type:
      | ('session_continued' | 'session_time_added' | 'clock_jumped')
      | ('usage_adjusted' | 'time_granted' | 'cooldown_cleared')
  }
>

type Reader<T> = (fields: JsonObject, context: EventContext) => T

/** What each type is made of. Keys that are not named here are ignored, as the crate does. */
const READERS: { readonly [T in CrateEvent['type']]: Reader<Extract<CrateEvent, { type: T }>> } = {
  service_started: () => ({ type: 'service_started' }),
  service_stopped: () => ({ type: 'service_stopped' }),
  policy_loaded: (fields) => ({ type: 'policy_loaded', entryCount: integer(fields, 'entry_count') }),
  config_reloaded: (fields) => ({ type: 'config_reloaded', success: flag(fields, 'success') }),
  client_connected: (fields) => ({
    type: 'client_connected',
    clientId: text(fields, 'client_id'),
    role: text(fields, 'role'),
    uid: optional(fields, 'uid', integer),
  }),
  client_disconnected: (fields) => ({ type: 'client_disconnected', clientId: text(fields, 'client_id') }),
  session_started: (fields) => ({
    type: 'session_started',
    sessionId: sessionId(fields),
    entryId: text(fields, 'entry_id'),
    label: optional(fields, 'label', text),
    deadline: optional(fields, 'deadline', time),
  }),
  warning_issued: (fields) => ({
    type: 'warning_issued',
    sessionId: sessionId(fields),
    thresholdMs: seconds(fields, present(fields, 'threshold_seconds') ? 'threshold_seconds' : 'threshold_secs'),
  }),
  session_extended: (fields) => ({
    type: 'session_extended',
    sessionId: sessionId(fields),
    extendedByMs: duration(fields, 'extended_by'),
    newDeadline: optional(fields, 'new_deadline', time),
  }),
  session_ended: (fields, context) => {
    const id = sessionId(fields)
    const started = context.session(id)
    return {
      type: 'session_ended',
      sessionId: id,
      entryId: present(fields, 'entry_id') || started === undefined ? text(fields, 'entry_id') : started.entryId,
      reason: endReason(field(fields, 'reason')),
      durationMs:
        present(fields, 'duration') || started === undefined
          ? duration(fields, 'duration')
          : sinceStart(started, context),
    }
  },
  launch_denied: (fields) => ({
    type: 'launch_denied',
    entryId: text(fields, 'entry_id'),
    reasons: list(fields, 'reasons').map(denialReason),
  }),
}

/**
 * The README's `SessionEnded { session_id, reason }` has no duration: the time between its row and the one of its start
 * stands in.
 */
function sinceStart({ startedAt }: StartedSession, { timestamp }: EventContext): number {
  const ms = timestamp.getTime() - startedAt.getTime()
  if (ms >= 0) return ms
  throw new UnreadableRow('duration is missing, and the session ended before it started')
}

/** Those of the crate, which recovers nothing. */
const END_REASONS: {
  readonly [T in Exclude<SessionEndReason['type'], 'recovered'>]: (fields: JsonObject) => SessionEndReason
} = {
  expired: () => ({ type: 'expired' }),
  user_stop: () => ({ type: 'user_stop' }),
  admin_stop: () => ({ type: 'admin_stop' }),
  process_exited: (fields) => ({ type: 'process_exited', exitCode: optional(fields, 'exit_code', integer) }),
  policy_stop: () => ({ type: 'policy_stop' }),
  service_shutdown: () => ({ type: 'service_shutdown' }),
  launch_failed: (fields) => ({ type: 'launch_failed', error: text(fields, 'error') }),
}

/** A nested object, or its name alone when it has no fields. */
function endReason(json: JsonValue | undefined): SessionEndReason {
  const fields = typeof json === 'string' ? { type: json } : parseObject(json ?? null, 'reason')
  const type = snakeCase(text(fields, 'type'))
  if (isKeyOf(END_REASONS, type)) return END_REASONS[type](fields)
  throw new UnreadableRow(`reason has an unknown type: ${show(type)}`)
}

/** The crate writes Rust's debug text, whose form no one promises: it is kept as it is. */
function denialReason(json: JsonValue): DenialReason {
  return { type: 'other', text: typeof json === 'string' ? json : JSON.stringify(json) }
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
}

function isKeyOf<T extends object>(table: T, name: PropertyKey): name is keyof T {
  return Object.hasOwn(table, name)
}

function field(fields: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

function present(fields: JsonObject, key: string): boolean {
  return (field(fields, key) ?? null) !== null
}

/** `null` and a missing key both mean none. */
function optional<T>(fields: JsonObject, key: string, read: (fields: JsonObject, key: string) => T): T | undefined {
  return present(fields, key) ? read(fields, key) : undefined
}

function text(fields: JsonObject, key: string): string {
  const value = field(fields, key)
  if (typeof value === 'string') return value
  throw new UnreadableRow(`${key} is not text: ${show(value)}`)
}

function integer(fields: JsonObject, key: string): number {
  const value = field(fields, key)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value + 0
  throw new UnreadableRow(`${key} is not a whole number: ${show(value)}`)
}

function flag(fields: JsonObject, key: string): boolean {
  const value = field(fields, key)
  if (typeof value === 'boolean') return value
  throw new UnreadableRow(`${key} is neither true nor false: ${show(value)}`)
}

function list(fields: JsonObject, key: string): readonly JsonValue[] {
  const value = field(fields, key)
  if (Array.isArray(value)) return value as readonly JsonValue[]
  throw new UnreadableRow(`${key} is not a list: ${show(value)}`)
}

function time(fields: JsonObject, key: string): Date {
  return parseTime(field(fields, key), key)
}

function duration(fields: JsonObject, key: string): number {
  return parseDuration(field(fields, key), key)
}

function seconds(fields: JsonObject, key: string): number {
  return parseSeconds(field(fields, key), key)
}

function sessionId(fields: JsonObject): string {
  return canonicalSessionId(text(fields, 'session_id'))
}
