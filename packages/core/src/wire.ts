import canonicalize from 'canonicalize'
import type {
  AuditEvent,
  DenialReason,
  KnownEvent,
  LogEvent,
  OtherEvent,
  SessionEndReason,
  UnreadableEvent,
} from './audit.ts'
import {
  type Cases,
  cases,
  checkObject,
  checkText,
  type Codec,
  count,
  day,
  duration,
  flag,
  id,
  instant,
  integer,
  list,
  optional,
  period,
  reason,
  record,
  text,
} from './codec.ts'
import { invalidArgument, messageOf } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { DayPlayed } from './session.ts'
import type { SessionSnapshot, StateSnapshot } from './snapshot.ts'
import type { DurationMs, JsonObject, JsonValue, RunId } from './values.ts'
import { checkId, describe } from './values.ts'

const endReason = cases<SessionEndReason>({
  expired: {},
  user_stop: {},
  admin_stop: {},
  process_exited: { exitCode: optional(integer) },
  policy_stop: {},
  service_shutdown: {},
  launch_failed: { error: text },
  recovered: { node: id, lastReportedAt: instant, problem: optional(text) },
})

const denialReason = cases<DenialReason>({
  quota_exhausted: { usedMs: duration, quotaMs: duration, period: optional(period) },
  cooldown_active: { until: instant },
  session_active: { entryId: id, node: id, label: optional(text) },
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
  session_continued: { sessionId: id, entryId: id },
  session_time_added: { sessionId: id, entryId: id, addedMs: duration, durationMs: duration },
  clock_jumped: { sessionId: id, wallMs: integer, monotonicMs: duration },
  usage_adjusted: { entryId: id, day, byMs: integer, usedMs: duration, by: id, why: reason },
  time_granted: { entryId: id, day, byMs: integer, grantedMs: duration, by: id, why: reason },
  cooldown_cleared: { entryId: id, until: optional(instant), by: id, why: reason },
}
const knownEvent = cases<KnownEvent>(EVENT_FIELDS)

const LOG_EVENT_FIELDS: Cases<LogEvent> = {
  records_archived: { firstId: count, throughId: count, hash: text, archive: text, sha256: text },
  scope_forgotten: { throughId: count, unsaltedDigest: optional(text), by: id, why: reason },
}
const logEvent = cases<LogEvent>(LOG_EVENT_FIELDS)

/** What no event of another service can be called. */
const EVENT_TYPES: readonly string[] = [...Object.keys(EVENT_FIELDS), ...Object.keys(LOG_EVENT_FIELDS)]

const snapshotCodec: Codec<StateSnapshot> = record<StateSnapshot>({
  timestamp: instant,
  activeSession: optional(
    record<SessionSnapshot>({
      sessionId: id,
      entryId: id,
      startedAt: instant,
      deadline: optional(instant),
      warningsIssuedMs: list(duration, LIMITS.SESSION_WARNINGS_MAX),
    }),
  ),
})

/**
 * How much of a session is played, by what its runs have counted and what services have told. Run after run it is what
 * was played before and what the run has counted, but not less than what it was told to be in all: so what a run before
 * reports late counts only where it goes beyond what was told since, in whatever order the two come.
 */
export interface SessionAccount {
  /** The runs that have owned the session, in their order. What another one reports is taken for the first one's. */
  readonly runs: readonly RunAccount[]
  /** What is booked, as `latestDays` tells it. */
  readonly days: readonly DayPlayed[]
}

export interface RunAccount {
  /** Absent when it stands for several, the oldest ones. */
  readonly run?: RunId | undefined
  /** What it has counted, over all days. */
  readonly countedMs: DurationMs
  /** For how long the session was active, in all, until some moment at which this run owned it: the most that was told. */
  readonly activeMs: DurationMs
}

/** What is kept of a session beside its columns. */
export interface SessionDetail {
  readonly label?: string | undefined
  readonly warningsIssuedMs: readonly DurationMs[]
  readonly endReason?: SessionEndReason | undefined
  /** What was played before the session came here, and is booked when it ends. */
  readonly unbooked?: readonly DayPlayed[] | undefined
  /** Absent while nothing is booked. */
  readonly account?: SessionAccount | undefined
}

const dayPlayed: Codec<DayPlayed> = record<DayPlayed>({ day, playedMs: duration })

const sessionDetail: Codec<SessionDetail> = record<SessionDetail>({
  label: optional(text),
  warningsIssuedMs: list(duration, LIMITS.SESSION_WARNINGS_MAX),
  endReason: optional(endReason),
  unbooked: optional(list(dayPlayed, LIMITS.SESSION_REPORT_DAYS_MAX)),
  account: optional(
    record<SessionAccount>({
      runs: list(record({ run: optional(id), countedMs: duration, activeMs: duration }), LIMITS.SESSION_RUNS_MAX),
      days: list(dayPlayed, LIMITS.SESSION_DAYS_MAX),
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
    text: withinBytes(JSON.stringify(json), 'event'),
  }
}

/** What the store itself appends. */
export function encodeLogEvent(event: LogEvent): EncodedEvent {
  return { type: event.type, text: withinBytes(JSON.stringify(logEvent.encode(event, 'event')), 'event') }
}

function encodeOther(event: OtherEvent): EncodedEvent {
  const { name: givenName, data: givenData } = event
  const name = checkId(givenName, 'event.name')
  if (name === 'erased' || EVENT_TYPES.includes(name)) {
    throw invalidArgument(
      `event.name ${describe(name)} is an event type of its own; use { type: ${describe(name)}, … } if it is one of yours`,
    )
  }
  const stray = Object.keys(event).find((key) => key !== 'type' && key !== 'name' && key !== 'data')
  if (stray !== undefined) throw invalidArgument(`event has no field ${describe(stray)}; put it into data`)
  const data = checkedJson(checkObject(givenData, 'event.data'), 'event.data', 1, { bytes: LIMITS.PAYLOAD_BYTES_MAX })
  return { type: name, text: withinBytes(canonicalJson({ type: 'other', name, data }), 'event') }
}

/** Never throws: what cannot be understood comes back marked. */
export function decodeEvent(text: string): AuditEvent | LogEvent | UnreadableEvent {
  try {
    const json = checkObject(JSON.parse(text), 'event')
    const { type } = json
    if (typeof type !== 'string') throw new Error('event.type is missing')
    if (Object.hasOwn(EVENT_FIELDS, type)) return knownEvent.decode(json, 'event')
    if (Object.hasOwn(LOG_EVENT_FIELDS, type)) return logEvent.decode(json, 'event')
    if (type !== 'other') return newerEvent(type, json)
    return { type, name: checkId(json['name'], 'event.name'), data: checkObject(json['data'], 'event.data') }
  } catch (error) {
    return { type: 'unreadable', text, problem: messageOf(error) }
  }
}

/** One that only a newer version knows. */
function newerEvent(name: string, { type: _, ...data }: JsonObject): AuditEvent {
  return { type: 'other', name, data }
}

/** @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function encodeSnapshot(snapshot: StateSnapshot): string {
  return withinBytes(JSON.stringify(snapshotCodec.encode(snapshot, 'snapshot')), 'snapshot')
}

/** @throws Error when `text` is not a snapshot. */
export function decodeSnapshot(text: string): StateSnapshot {
  return snapshotCodec.decode(JSON.parse(text) as JsonValue, 'snapshot')
}

/** @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function encodeSessionDetail(detail: SessionDetail): string {
  // Wider than an event, so that one whose end fits into the log can be ended.
  return withinBytes(
    JSON.stringify(sessionDetail.encode(detail, 'session')),
    'session',
    LIMITS.SESSION_DETAIL_BYTES_MAX,
  )
}

/** @throws Error when `text` is not what `encodeSessionDetail` makes. */
export function decodeSessionDetail(json: string): SessionDetail {
  return sessionDetail.decode(JSON.parse(json) as JsonValue, 'session')
}

/** @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function checkEndReason(value: unknown): SessionEndReason {
  const encoded = endReason.encode(value, 'reason')
  withinBytes(JSON.stringify(encoded), 'reason')
  return endReason.decode(encoded, 'reason')
}

function withinBytes(text: string, what: string, maxBytes: number = LIMITS.PAYLOAD_BYTES_MAX): string {
  // A code unit takes 1 to 3 bytes, so most texts need no count.
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return text
  throw invalidArgument(`${what} takes ${bytes} bytes as JSON; the limit is ${maxBytes}`)
}

/** JSON in the one form of RFC 8785. What a codec has encoded is in it already. */
export function canonicalJson(json: JsonValue): string {
  const text = canonicalize(json)
  if (text === undefined) throw invalidArgument('this value has no JSON form')
  return text
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
