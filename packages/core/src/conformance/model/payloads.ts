import type { AuditEvent, OriginalRecord, SessionEndReason } from '../../audit.ts'
import { LIMITS } from '../../limits.ts'
import type { StateSnapshot } from '../../snapshot.ts'
import type { JsonValue } from '../../values.ts'
import { type Fields, legalCase, legalFields } from './fields.ts'
import { legalPeriod } from './periods.ts'
import type { Legal } from './values.ts'
import {
  anyObject,
  bytesOf,
  legalDay,
  legalDuration,
  legalFlag,
  legalId,
  legalInstant,
  legalInteger,
  legalList,
  legalObject,
  legalText,
  optional,
  refuse,
} from './values.ts'

const integer = legalInteger(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

const END_REASONS: Readonly<Record<string, Fields>> = {
  expired: {},
  user_stop: {},
  admin_stop: {},
  process_exited: { exitCode: optional(integer) },
  policy_stop: {},
  service_shutdown: {},
  launch_failed: { error: legalText },
  recovered: { node: legalId, lastReportedAt: legalInstant, problem: optional(legalText) },
}

/** How a session ended, as it will be read back. */
export const legalEndReason: Legal<SessionEndReason> = (value) => legalCase(END_REASONS)(value) as SessionEndReason

/** Why something was corrected: text that shows. */
export const legalReason: Legal<string> = (value) => (legalText(value).trim() === '' ? refuse() : legalText(value))

const DENIAL_REASONS: Readonly<Record<string, Fields>> = {
  quota_exhausted: { usedMs: legalDuration, quotaMs: legalDuration, period: optional(legalPeriod) },
  cooldown_active: { until: legalInstant },
  session_active: { entryId: legalId, node: legalId, label: optional(legalText) },
  other: { text: legalText },
}

const EVENTS: Readonly<Record<string, Fields>> = {
  service_started: {},
  service_stopped: {},
  policy_loaded: { entryCount: legalDuration },
  config_reloaded: { success: legalFlag },
  client_connected: { clientId: legalId, role: legalText, uid: optional(integer) },
  client_disconnected: { clientId: legalId },
  session_started: {
    sessionId: legalId,
    entryId: legalId,
    label: optional(legalText),
    deadline: optional(legalInstant),
  },
  warning_issued: { sessionId: legalId, thresholdMs: legalDuration },
  session_extended: { sessionId: legalId, extendedByMs: legalDuration, newDeadline: optional(legalInstant) },
  session_ended: { sessionId: legalId, entryId: legalId, reason: legalEndReason, durationMs: legalDuration },
  launch_denied: { entryId: legalId, reasons: legalList(legalCase(DENIAL_REASONS), 0, 64) },
  session_continued: { sessionId: legalId, entryId: legalId },
  session_time_added: { sessionId: legalId, entryId: legalId, addedMs: legalDuration, durationMs: legalDuration },
  clock_jumped: { sessionId: legalId, wallMs: integer, monotonicMs: legalDuration },
  usage_adjusted: {
    entryId: legalId,
    day: legalDay,
    byMs: integer,
    usedMs: legalDuration,
    by: legalId,
    why: legalReason,
  },
  time_granted: {
    entryId: legalId,
    day: legalDay,
    byMs: integer,
    grantedMs: legalDuration,
    by: legalId,
    why: legalReason,
  },
  cooldown_cleared: { entryId: legalId, until: optional(legalInstant), by: legalId, why: legalReason },
}

const SESSION: Fields = {
  sessionId: legalId,
  entryId: legalId,
  startedAt: legalInstant,
  deadline: optional(legalInstant),
  warningsIssuedMs: legalList(legalDuration, 0, 256),
}

const SNAPSHOT: Fields = { timestamp: legalInstant, activeSession: optional((value) => legalFields(SESSION, value)) }

/** The event as it will be read back. */
export const legalEvent: Legal<AuditEvent> = (value) => {
  const event = anyObject(value)
  return sized((event['type'] === 'other' ? legalOther(event) : legalCase(EVENTS)(event)) as AuditEvent)
}

/** The snapshot as it will be read back. */
export const legalSnapshot: Legal<StateSnapshot> = (value) =>
  sized(legalFields(SNAPSHOT, value) as unknown as StateSnapshot)

export const legalOriginal: Legal<OriginalRecord> = (value) => {
  const { id, timestamp, event } = legalObject(value, ['id', 'timestamp', 'event'])
  return { id: integer(id), timestamp: legalSourceText(timestamp), event: legalSourceText(event) }
}

function legalSourceText(value: unknown): string {
  const text = legalText(value)
  return text.includes('\0') || bytesOf(text) > LIMITS.PAYLOAD_BYTES_MAX ? refuse() : text
}

function legalOther({ type, name, data, ...rest }: Readonly<Record<string, unknown>>): object {
  if (Object.keys(rest).length > 0 || Object.hasOwn(EVENTS, legalId(name))) return refuse()
  return { type, name, data: legalJson(anyObject(data), 1) }
}

/** JSON that comes back as it went in: nothing that its text would lose or change. */
function legalJson(value: unknown, level: number): JsonValue {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return legalText(value)
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : refuse()
  if (typeof value !== 'object' || level > LIMITS.PAYLOAD_DEPTH_MAX || 'toJSON' in value) return refuse()
  if (Array.isArray(value)) return Array.from(value, (item) => legalJson(item, level + 1))
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return refuse()
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [legalText(key), legalJson(item, level + 1)]))
}

/** The limit counts the stored form: JSON with snake_case keys. An event's own data is stored as it is. */
function sized<T extends AuditEvent | StateSnapshot>(payload: T): T {
  const stored = 'type' in payload && payload.type === 'other' ? payload : snakeCased(payload)
  return bytesOf(JSON.stringify(stored)) <= LIMITS.PAYLOAD_BYTES_MAX ? payload : refuse()
}

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const snake = (key: string): string => key.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snake(key), snakeCased(item)]))
}
