import fc from 'fast-check'
import type { AuditEvent } from '../../audit.ts'
import { LIMITS } from '../../limits.ts'
import type { JsonObject } from '../../values.ts'
import { day, duration, id, instant, integer, mostly, optionalInstant, period } from './values.ts'

const text = mostly(
  fc.constantFrom('', 'child', 'NUL\0inside', '\u{1f600}', '\u2028', '\u0007"\\', 'e\u0301'),
  fc.constantFrom<unknown>('\ud83d', 5, null),
)
export const optionalText = fc.option(text, { nil: undefined })
/** Who corrects, and why. */
export const correction = {
  by: mostly(fc.constantFrom('Mum', 'dad@home', 'x'.repeat(LIMITS.ID_BYTES_MAX)), id),
  why: mostly(
    fc.constantFrom('homework is done', ' it rained', 'NUL\0inside', '\u{1f600}'),
    fc.constantFrom<unknown>('', ' \n', '\ud83d', 'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX), 5, undefined),
  ),
}
const optionalInteger = fc.option(integer, { nil: undefined })

export const endReason = mostly(
  fc.oneof(
    fc.constantFrom({ type: 'expired' }, { type: 'user_stop' }, { type: 'admin_stop' }, { type: 'policy_stop' }),
    fc.record({ type: fc.constant('process_exited'), exitCode: optionalInteger }),
    fc.record({ type: fc.constant('launch_failed'), error: text }),
    fc.record({ type: fc.constant('recovered'), node: id, lastReportedAt: instant, problem: optionalText }),
  ),
  fc.constantFrom<unknown>(
    { type: 'bored' },
    { type: 'launch_failed' },
    { type: 'expired', stray: 1 },
    'expired',
    null,
  ),
)

const denialReason = mostly(
  fc.oneof(
    fc.record({ type: fc.constant('quota_exhausted'), usedMs: duration, quotaMs: duration, period }),
    fc.record({ type: fc.constant('cooldown_active'), until: instant }),
    fc.record({ type: fc.constant('session_active'), entryId: id, node: id, label: optionalText }),
    fc.record({ type: fc.constant('other'), text }),
  ),
  fc.constantFrom<unknown>({ type: 'quota_exhausted' }, {}, null),
)
const denialReasons = mostly(
  fc.array(denialReason, { maxLength: 3 }),
  fc.constantFrom<unknown>(Array(65).fill({ type: 'other', text: '' }), { length: 0 }, null),
)

const knownEvent = fc.oneof(
  fc.constantFrom({ type: 'service_started' }, { type: 'service_stopped' }),
  fc.record({ type: fc.constant('policy_loaded'), entryCount: duration }),
  fc.record({
    type: fc.constant('config_reloaded'),
    success: mostly(fc.boolean(), fc.constantFrom<unknown>(0, 'yes', null)),
  }),
  fc.record({ type: fc.constant('client_connected'), clientId: id, role: text, uid: optionalInteger }),
  fc.record({ type: fc.constant('client_disconnected'), clientId: id }),
  fc.record({
    type: fc.constant('session_started'),
    sessionId: id,
    entryId: id,
    label: optionalText,
    deadline: optionalInstant,
  }),
  fc.record({ type: fc.constant('warning_issued'), sessionId: id, thresholdMs: duration }),
  fc.record({
    type: fc.constant('session_extended'),
    sessionId: id,
    extendedByMs: duration,
    newDeadline: optionalInstant,
  }),
  fc.record({
    type: fc.constant('session_ended'),
    sessionId: id,
    entryId: id,
    reason: endReason,
    durationMs: duration,
  }),
  fc.record({ type: fc.constant('launch_denied'), entryId: id, reasons: denialReasons }),
  fc.record({ type: fc.constant('session_continued'), sessionId: id, entryId: id }),
  fc.record({
    type: fc.constant('session_time_added'),
    sessionId: id,
    entryId: id,
    addedMs: duration,
    durationMs: duration,
  }),
  fc.record({ type: fc.constant('clock_jumped'), sessionId: id, wallMs: integer, monotonicMs: duration }),
  fc.record({ type: fc.constant('usage_adjusted'), entryId: id, day, byMs: integer, usedMs: duration, ...correction }),
  fc.record({ type: fc.constant('time_granted'), entryId: id, day, byMs: integer, grantedMs: duration, ...correction }),
  fc.record({ type: fc.constant('cooldown_cleared'), entryId: id, until: optionalInstant, ...correction }),
)

const HOSTILE_KEYS = ['a', 'aB', 'a_b', 'B', '', '__proto__', 'constructor', 'type', '\u{1f600}', '\uffff']
const json = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'json' },
    fc.constantFrom(null, true, 0, 1e21, 5e-324, 0.1, 'text', 'NUL\0', '\u{1f600}'),
    fc.array(tie('value'), { maxLength: 3, depthIdentifier: 'json' }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom(...HOSTILE_KEYS), tie('value'), {
    maxKeys: 3,
    depthIdentifier: 'json',
  }) as fc.Arbitrary<JsonObject>,
}))

/** What has no JSON text that says the same. */
const NOT_JSON: readonly unknown[] = [
  [{ a: undefined }, { a: Number.NaN }, { a: -0 }, { a: Number.POSITIVE_INFINITY }, { a: '\ud83d' }, { '\ud83d': 1 }],
  [{ toJSON: 1 }, { a: new Map() }, { a: () => 1 }, { a: 1n }, { a: Symbol('a') }, new Date(0), null, 5],
].flat()
const eventName = mostly(
  fc.constantFrom('tick', 'Tick', 'other', 'unreadable', '__proto__', 'constructor'),
  fc.constantFrom<unknown>('', 'session_ended', 'clock_jumped', 'a\0b', 5, undefined),
)

const otherEvent = fc.record({
  type: fc.constant('other'),
  name: eventName,
  data: mostly(json.object, fc.constantFrom(...NOT_JSON)),
})

/** At a limit, and one beyond it. */
const edgeEvent = fc.constantFrom<unknown>(
  eventOfBytes(LIMITS.PAYLOAD_BYTES_MAX),
  eventOfBytes(LIMITS.PAYLOAD_BYTES_MAX + 1),
  eventOfLevels(LIMITS.PAYLOAD_DEPTH_MAX),
  eventOfLevels(LIMITS.PAYLOAD_DEPTH_MAX + 1),
)
const NO_EVENTS: readonly unknown[] = [
  [{ type: 'session_ended' }, { type: 'service_started', stray: 1 }, { type: 'unreadable', text: '', problem: '' }],
  [{ type: '__proto__' }, { type: 'other', name: 'tick', data: {}, stray: 1 }, {}, 5, null, 'service_started'],
].flat()

export const event: fc.Arbitrary<unknown> = mostly(
  fc.oneof(
    { weight: 20, arbitrary: knownEvent },
    { weight: 8, arbitrary: otherEvent },
    { weight: 1, arbitrary: edgeEvent },
  ),
  fc.constantFrom(...NO_EVENTS),
)

export const original = mostly(
  fc.record({ id: integer, timestamp: originalText(), event: originalText() }),
  fc.constantFrom<unknown>({ id: 1, timestamp: '2026' }, undefined, null),
)

function originalText(): fc.Arbitrary<unknown> {
  return mostly(
    fc.constantFrom(
      '',
      '2026-11-23T10:00:00.123456789+00:00',
      ' {"type":"ServiceStarted" }\n',
      'x'.repeat(LIMITS.PAYLOAD_BYTES_MAX),
    ),
    fc.constantFrom<unknown>('x'.repeat(LIMITS.PAYLOAD_BYTES_MAX + 1), 'a\0b', '\ud83d', 5),
  )
}

const thresholds = mostly(
  fc.array(duration, { maxLength: 3 }),
  fc.constantFrom<unknown>(Array(257).fill(1), undefined, null),
)
const session = mostly(
  fc.record({
    sessionId: id,
    entryId: id,
    startedAt: instant,
    deadline: optionalInstant,
    warningsIssuedMs: thresholds,
  }),
  fc.constantFrom<unknown>({}, null, []),
)
export const snapshot = mostly(
  fc.record({ timestamp: instant, activeSession: fc.option(session, { nil: undefined }) }),
  fc.constantFrom<unknown>({}, { timestamp: new Date(0), stray: 1 }, undefined, null),
)

function eventOfBytes(bytes: number): AuditEvent {
  const empty = { type: 'other', name: 'tick', data: { text: '' } } as const
  return { ...empty, data: { text: 'x'.repeat(bytes - JSON.stringify(empty).length) } }
}

function eventOfLevels(levels: number): AuditEvent {
  let data: JsonObject = {}
  for (let level = 1; level < levels; level += 1) data = { a: data }
  return { type: 'other', name: 'tick', data }
}
