import type { DenialReason, KnownEvent, SessionEndReason } from '../audit.ts'

type EachOf<U extends { readonly type: string }> = { readonly [T in U['type']]: readonly Extract<U, { type: T }>[] }

const DAY = '2026-11-23'
const UNTIL = new Date('2026-11-23T10:10:00.123Z')
const CORRECTION = { by: 'Ada', why: 'Homework is done.' } as const

/** Every event type, with and without its optional fields. A type that is added to the contract is missed here. */
export const KNOWN_EVENTS: EachOf<KnownEvent> = {
  service_started: [{ type: 'service_started' }],
  service_stopped: [{ type: 'service_stopped' }],
  policy_loaded: [
    { type: 'policy_loaded', entryCount: 0 },
    { type: 'policy_loaded', entryCount: 12 },
  ],
  config_reloaded: [
    { type: 'config_reloaded', success: true },
    { type: 'config_reloaded', success: false },
  ],
  client_connected: [
    { type: 'client_connected', clientId: 'c-1', role: 'admin' },
    { type: 'client_connected', clientId: 'c-1', role: 'shell', uid: 0 },
    { type: 'client_connected', clientId: 'c-2', role: 'shell', uid: 1_000 },
  ],
  client_disconnected: [{ type: 'client_disconnected', clientId: 'c-1' }],
  session_started: [
    { type: 'session_started', sessionId: 's-1', entryId: 'minecraft' },
    { type: 'session_started', sessionId: 's-1', entryId: 'minecraft', label: 'Minecraft' },
    { type: 'session_started', sessionId: 's-1', entryId: 'minecraft', deadline: new Date('2026-11-23T11:00:00.001Z') },
    {
      type: 'session_started',
      sessionId: 's-1',
      entryId: 'minecraft',
      label: 'Minecraft',
      deadline: new Date('9999-12-31T23:59:59.999Z'),
    },
  ],
  warning_issued: [{ type: 'warning_issued', sessionId: 's-1', thresholdMs: 60_000 }],
  session_extended: [
    { type: 'session_extended', sessionId: 's-1', extendedByMs: 300_000 },
    { type: 'session_extended', sessionId: 's-1', extendedByMs: 1, newDeadline: new Date('1970-01-01T00:00:00.000Z') },
  ],
  session_ended: [
    { type: 'session_ended', sessionId: 's-1', entryId: 'minecraft', reason: { type: 'expired' }, durationMs: 0 },
  ],
  launch_denied: [
    { type: 'launch_denied', entryId: 'minecraft', reasons: [] },
    {
      type: 'launch_denied',
      entryId: 'minecraft',
      reasons: [
        { type: 'quota_exhausted', usedMs: 3_600_001, quotaMs: 3_600_000 },
        { type: 'other', text: 'homework first' },
      ],
    },
  ],
  session_continued: [{ type: 'session_continued', sessionId: 's-1', entryId: 'minecraft' }],
  session_time_added: [
    { type: 'session_time_added', sessionId: 's-1', entryId: 'minecraft', addedMs: 17_000, durationMs: 617_000 },
  ],
  clock_jumped: [
    { type: 'clock_jumped', sessionId: 's-1', wallMs: 86_400_000, monotonicMs: 0 },
    { type: 'clock_jumped', sessionId: 's-1', wallMs: -217_000_000_000, monotonicMs: 300_000 },
  ],
  usage_adjusted: [
    { type: 'usage_adjusted', entryId: 'minecraft', day: DAY, byMs: 300_000, usedMs: 900_000, ...CORRECTION },
    { type: 'usage_adjusted', entryId: 'minecraft', day: DAY, byMs: -900_000, usedMs: 0, ...CORRECTION },
  ],
  time_granted: [
    { type: 'time_granted', entryId: 'minecraft', day: DAY, byMs: 1_800_000, grantedMs: 1_800_000, ...CORRECTION },
    { type: 'time_granted', entryId: 'minecraft', day: DAY, byMs: -1_800_000, grantedMs: 0, ...CORRECTION },
  ],
  cooldown_cleared: [
    { type: 'cooldown_cleared', entryId: 'minecraft', ...CORRECTION },
    { type: 'cooldown_cleared', entryId: 'minecraft', until: UNTIL, ...CORRECTION },
  ],
}

export const END_REASONS: EachOf<SessionEndReason> = {
  expired: [{ type: 'expired' }],
  user_stop: [{ type: 'user_stop' }],
  admin_stop: [{ type: 'admin_stop' }],
  process_exited: [
    { type: 'process_exited' },
    { type: 'process_exited', exitCode: 0 },
    { type: 'process_exited', exitCode: -1 },
    { type: 'process_exited', exitCode: 137 },
  ],
  policy_stop: [{ type: 'policy_stop' }],
  service_shutdown: [{ type: 'service_shutdown' }],
  launch_failed: [
    { type: 'launch_failed', error: '' },
    { type: 'launch_failed', error: 'ENOENT: no such file' },
  ],
  recovered: [{ type: 'recovered', node: 'tablet', lastReportedAt: UNTIL }],
}

export const DENIAL_REASONS: EachOf<DenialReason> = {
  quota_exhausted: [
    { type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 0 },
    { type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 0, period: 'day' },
    { type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 1, period: 'week' },
    { type: 'quota_exhausted', usedMs: 3_600_001, quotaMs: 3_600_000, period: 'month' },
  ],
  cooldown_active: [{ type: 'cooldown_active', until: UNTIL }],
  session_active: [
    { type: 'session_active', entryId: 'minecraft', node: 'tablet' },
    { type: 'session_active', entryId: 'minecraft', node: 'tablet', label: 'Minecraft' },
  ],
  other: [
    { type: 'other', text: '' },
    { type: 'other', text: 'not during school' },
  ],
}
