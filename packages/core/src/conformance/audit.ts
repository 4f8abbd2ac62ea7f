import assert from 'node:assert/strict'
import type { AuditEvent, DenialReason, SessionEndReason } from '../audit.ts'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'
import { DENIAL_REASONS, END_REASONS, KNOWN_EVENTS } from './known-events.ts'

const DAY = '2026-11-23'
const UNTIL = new Date('2026-11-23T10:10:00.123Z')
const CORRECTION = { by: 'Ada', why: 'Homework is done.' } as const

const ended = (reason: SessionEndReason): AuditEvent => ({
  type: 'session_ended',
  sessionId: 's-1',
  entryId: 'minecraft',
  reason,
  durationMs: 600_000,
})
const denied = (reasons: readonly DenialReason[]): AuditEvent => ({
  type: 'launch_denied',
  entryId: 'minecraft',
  reasons,
})
const adjusted = (part: object): unknown => {
  return { type: 'usage_adjusted', entryId: 'minecraft', day: DAY, byMs: 1, usedMs: 1, ...CORRECTION, ...part }
}
const started = (label: string): AuditEvent => ({
  type: 'session_started',
  sessionId: 's-1',
  entryId: 'minecraft',
  label,
})

/** Appends the events, and asserts that they come back equal: at once, and when the log is read. */
function comesBackEqual(events: readonly AuditEvent[]): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open()
    for (const event of events) assert.deepEqual((await store.appendAudit(event)).event, event)
    const records = await store.listAudits()
    assert.deepEqual(
      records.map(({ event }) => event),
      events,
    )
  }
}

/** Asserts that each event is refused, and that nothing is written. */
function isRefused(events: readonly (readonly [what: string, event: unknown])[]): CaseDefinition['run'] {
  return async (t) => {
    const store = await t.open()
    await refusesEach(events.map(([what, event]) => [what, () => store.appendAudit(event as never)]))
    await storesNothing(t, store)
  }
}

export const auditCases: readonly CaseDefinition[] = [
  {
    id: 'audit/append/every-event-type-comes-back-equal',
    prevents: 'a parent reading another story than the one that happened',
    run: comesBackEqual(Object.values(KNOWN_EVENTS).flat()),
  },
  {
    id: 'audit/append/every-end-reason-comes-back-equal',
    prevents: 'a crash of the game being told as the child having stopped',
    run: comesBackEqual(Object.values(END_REASONS).flat().map(ended)),
  },
  {
    id: 'audit/append/every-denial-reason-comes-back-equal',
    prevents: 'a child being told the wrong reason for a refusal',
    run: comesBackEqual(
      Object.values(DENIAL_REASONS)
        .flat()
        .map((reason) => denied([reason])),
    ),
  },
  {
    id: 'audit/append/an-undefined-field-is-absent',
    prevents: 'an unlimited session being stored with a deadline that is null',
    async run(t) {
      const store = await t.open()
      const event = { type: 'session_started', sessionId: 's-1', entryId: 'minecraft' } as const
      await store.appendAudit({ ...event, label: undefined, deadline: undefined })
      await store.appendAudit(ended({ type: 'process_exited', exitCode: undefined }))
      const records = await store.listAudits()
      assert.deepEqual(
        records.map((record) => record.event),
        [event, ended({ type: 'process_exited' })],
      )
    },
  },
  {
    id: 'audit/append/text-keeps-every-character',
    prevents: 'a label that is cut at a NUL, emptied into nothing, or respelled',
    run: comesBackEqual(
      [
        ['', ' ', 'null', '\0', 'a\0b', '\u0001\u001f\u007f', '"\\/\b\f\n\r\t', '\u2028\u2029', '\ufeffBOM', '\ufffd'],
        [
          '😀 👩\u200d👩\u200d👧',
          'e\u0301 \u00e9',
          'שלום مرحبا',
          "'; DROP TABLE audit_log; --",
          '%s \\u0000 $1',
          '\uffff',
        ],
      ]
        .flat()
        .map(started),
    ),
  },
  {
    id: 'audit/append/reasons-up-to-the-limit',
    prevents: 'the last of many reasons being cut off',
    run: comesBackEqual([
      denied(Array.from({ length: 64 }, (_, index) => ({ type: 'other', text: `reason ${index}` }))),
    ]),
  },
  {
    id: 'audit/append/malformed-events-are-refused',
    prevents: 'a record that nobody can read later',
    run: isRefused([
      ['null', null],
      ['undefined', undefined],
      ['a text', 'service_started'],
      ['an array', []],
      ['no type', {}],
      ['an unknown type', { type: 'session_paused' }],
      ['a type in camelCase', { type: 'serviceStarted' }],
      ['an inherited type', { type: 'constructor' }],
      ['__proto__ as type', { type: '__proto__' }],
      ['what is read in place of an unreadable event', { type: 'unreadable', text: '{}', problem: 'none' }],
      ['a missing count', { type: 'policy_loaded' }],
      ['a text for a flag', { type: 'config_reloaded', success: 'true' }],
      ['null for a flag', { type: 'config_reloaded', success: null }],
      ['a missing role', { type: 'client_connected', clientId: 'c-1' }],
      ['a number for a role', { type: 'client_connected', clientId: 'c-1', role: 7 }],
      ['null for an optional number', { type: 'client_connected', clientId: 'c-1', role: 'admin', uid: null }],
      ['null for an optional text', { ...started('x'), label: null }],
      ['a text for an instant', { ...started('x'), deadline: '2026-11-23T11:00:00.000Z' }],
      ['an Invalid Date', { ...started('x'), deadline: new Date(Number.NaN) }],
      ['an instant before 1970', { ...started('x'), deadline: new Date(-1) }],
      ['an instant after 9999', { ...started('x'), deadline: new Date('+010000-01-01T00:00:00.000Z') }],
      ['a missing reason', { type: 'session_ended', sessionId: 's-1', entryId: 'minecraft', durationMs: 0 }],
      ['a text for a reason', ended('expired' as never)],
      ['an unknown reason', ended({ type: 'bored' } as never)],
      ['a reason without its text', ended({ type: 'launch_failed' } as never)],
      ['a recovery without its node', ended({ type: 'recovered', lastReportedAt: UNTIL } as never)],
      ['a recovery at no instant', ended({ type: 'recovered', node: 'tablet', lastReportedAt: 7 } as never)],
      ['an unknown period', denied([{ type: 'quota_exhausted', usedMs: 1, quotaMs: 1, period: 'year' } as never])],
      [
        'an inherited period',
        denied([{ type: 'quota_exhausted', usedMs: 1, quotaMs: 1, period: 'toString' } as never]),
      ],
      ['null for a day', adjusted({ day: null })],
      ['a day that is none', adjusted({ day: '2026-02-30' })],
      ['a correction by nobody', adjusted({ by: '' })],
      ['a correction without a reason', adjusted({ why: undefined })],
      ['a correction with an empty reason', adjusted({ why: ' ' })],
      ['an object for a list', denied({} as never)],
      ['a text for a list', denied('other' as never)],
      ['null in a list', denied([null] as never)],
      ['a hole in a list', denied(Object.assign(Array(2), { 1: { type: 'other', text: 'x' } }) as never)],
      ['more reasons than the limit', denied(Array.from({ length: 65 }, () => ({ type: 'other', text: 'x' })))],
      ['a lone surrogate', started('\ud83d')],
      ['a lone surrogate within', started('a\ude00b')],
    ]),
  },
  {
    id: 'audit/append/unknown-fields-are-refused',
    prevents: 'a misspelled field being dropped without a word',
    run: isRefused([
      ['of an event without fields', { type: 'service_started', extra: 1 }],
      ['undefined', { type: 'service_started', extra: undefined }],
      ['spelled as it is stored', { ...started('x'), entry_id: 'minecraft' }],
      ['of another event', { type: 'client_disconnected', clientId: 'c-1', role: 'admin' }],
      ['of an end reason', ended({ type: 'expired', exitCode: 1 } as never)],
      ['of a denial reason', denied([{ type: 'other', text: 'x', until: new Date(0) } as never])],
      ['__proto__', JSON.parse('{"type":"service_started","__proto__":{}}')],
    ]),
  },
  {
    id: 'audit/append/a-known-event-up-to-the-payload-limit',
    prevents: 'the end of a long error message being cut off, or one of the documented size being refused',
    async run(t) {
      const store = await t.open()
      const bytesAround = Buffer.byteLength('{"client_id":"c","role":"","type":"client_connected"}')
      const room = 65_536 - bytesAround
      // Two bytes each: what counts is bytes.
      const role = 'é'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2)
      const event = { type: 'client_connected', clientId: 'c', role } as const
      await store.appendAudit(event)
      await rejectsWith(store.appendAudit({ ...event, role: `${role}x` }), 'INVALID_ARGUMENT', 'not_applied')
      const records = await store.listAudits()
      assert.deepEqual(
        records.map((record) => record.event),
        [event],
      )
    },
  },
]
