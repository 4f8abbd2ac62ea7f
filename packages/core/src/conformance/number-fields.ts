import type { AuditEvent } from '../audit.ts'
import type { Change } from '../change.ts'

export type EventWithNumber = readonly [field: string, event: (value: number) => AuditEvent]

const DAY = '2026-11-23'
const SESSION = { sessionId: 's', entryId: 'minecraft', run: 'r' }
const CORRECTED = { entryId: 'e', day: DAY, by: 'Ada', why: 'Homework is done.' } as const

/** Events with a number from 0 on. */
export const DURATION_EVENTS: readonly EventWithNumber[] = [
  ['thresholdMs', (thresholdMs) => ({ type: 'warning_issued', sessionId: 's', thresholdMs })],
  ['extendedByMs', (extendedByMs) => ({ type: 'session_extended', sessionId: 's', extendedByMs })],
  [
    'durationMs',
    (durationMs) => ({ type: 'session_ended', sessionId: 's', entryId: 'e', reason: { type: 'expired' }, durationMs }),
  ],
  [
    'usedMs',
    (usedMs) => ({ type: 'launch_denied', entryId: 'e', reasons: [{ type: 'quota_exhausted', usedMs, quotaMs: 1 }] }),
  ],
  [
    'quotaMs',
    (quotaMs) => ({ type: 'launch_denied', entryId: 'e', reasons: [{ type: 'quota_exhausted', usedMs: 1, quotaMs }] }),
  ],
  ['entryCount', (entryCount) => ({ type: 'policy_loaded', entryCount })],
  ['addedMs', (addedMs) => ({ type: 'session_time_added', sessionId: 's', entryId: 'e', addedMs, durationMs: 1 })],
  [
    'durationMs of time added',
    (durationMs) => ({ type: 'session_time_added', sessionId: 's', entryId: 'e', addedMs: 1, durationMs }),
  ],
  ['monotonicMs', (monotonicMs) => ({ type: 'clock_jumped', sessionId: 's', wallMs: 1, monotonicMs })],
  ['usedMs of a correction', (usedMs) => ({ type: 'usage_adjusted', ...CORRECTED, byMs: 1, usedMs })],
  ['grantedMs', (grantedMs) => ({ type: 'time_granted', ...CORRECTED, byMs: 1, grantedMs })],
]

/** Events with a whole number, which may be negative. */
export const INTEGER_EVENTS: readonly EventWithNumber[] = [
  ['wallMs', (wallMs) => ({ type: 'clock_jumped', sessionId: 's', wallMs, monotonicMs: 1 })],
  ['byMs of usage', (byMs) => ({ type: 'usage_adjusted', ...CORRECTED, byMs, usedMs: 1 })],
  ['byMs of extra time', (byMs) => ({ type: 'time_granted', ...CORRECTED, byMs, grantedMs: 1 })],
  ['uid', (uid) => ({ type: 'client_connected', clientId: 'c', role: 'admin', uid })],
  [
    'exitCode',
    (exitCode) => ({
      type: 'session_ended',
      sessionId: 's',
      entryId: 'e',
      reason: { type: 'process_exited', exitCode },
      durationMs: 1,
    }),
  ],
]

/** A session's changes with a duration. */
export const SESSION_DURATIONS: readonly (readonly [field: string, change: (ms: number) => Change])[] = [
  ['thresholdMs', (thresholdMs) => ({ type: 'warn_session', ...SESSION, thresholdMs })],
  ['playedMs', (playedMs) => ({ type: 'report_session', ...SESSION, report: 1, played: [{ day: DAY, playedMs }] })],
  [
    'monotonicMs of a jump',
    (monotonicMs) => {
      return {
        type: 'report_session',
        ...SESSION,
        report: 1,
        played: [],
        jumps: [{ report: 1, wallMs: 1, monotonicMs }],
      }
    },
  ],
  [
    'upToMs',
    (upToMs) => ({ type: 'start_session', ...SESSION, reserve: { day: DAY, upToMs, limits: [{ limitMs: 1 }] } }),
  ],
  [
    'limitMs of what is reserved',
    (limitMs) => ({ type: 'start_session', ...SESSION, reserve: { day: DAY, upToMs: 1, limits: [{ limitMs }] } }),
  ],
]
