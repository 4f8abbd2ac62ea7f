import type { AuditEvent } from '@shepherd-store/core'
import type { Value } from './rust-database.ts'

export const PRISM = '6f1d7a0e-2b0c-4c5e-9d3a-0f5b8a1c2d3e'
export const LOFI = '0b9f3c11-7e55-4a5e-8b1d-5a8d2f6f9a10'
const CLIENT = '2b7a9c5e-3a4f-4a52-8d8e-52a1e0b3f7c4'

/** As the crate writes it: compact, in the order of the fields. */
export function json(type: string, fields: object = {}): string {
  return JSON.stringify({ type, ...fields })
}

/** Each row with what must become of it: its event and its instant. */
export const CRATE_ROWS: readonly (readonly [timestamp: string, text: string, event: AuditEvent, instant: string])[] = [
  ['2025-12-26T15:00:01-05:00', json('service_started'), { type: 'service_started' }, '2025-12-26T20:00:01.000Z'],
  [
    '2025-12-26T15:00:02.120-05:00',
    json('policy_loaded', { entry_count: 9 }),
    { type: 'policy_loaded', entryCount: 9 },
    '2025-12-26T20:00:02.120Z',
  ],
  [
    '2025-12-26T15:00:03.123456-05:00',
    json('client_connected', { client_id: CLIENT, role: 'Admin', uid: 1000 }),
    { type: 'client_connected', clientId: CLIENT, role: 'Admin', uid: 1000 },
    '2025-12-26T20:00:03.123Z',
  ],
  [
    '2025-12-26T15:00:05.000000001-05:00',
    json('session_started', {
      session_id: PRISM.toUpperCase(),
      entry_id: 'prism-launcher',
      label: 'Prism Launcher',
      deadline: '2025-12-26T15:30:00.123456789-05:00',
    }),
    {
      type: 'session_started',
      sessionId: PRISM,
      entryId: 'prism-launcher',
      label: 'Prism Launcher',
      deadline: new Date('2025-12-26T20:30:00.123Z'),
    },
    '2025-12-26T20:00:05.000Z',
  ],
  [
    '2025-12-26T20:00:06Z',
    json('session_started', {
      session_id: LOFI.replaceAll('-', ''),
      entry_id: 'lofi / "é🎵"',
      label: 'Lofi "Beats" – é🎵',
      deadline: null,
    }),
    { type: 'session_started', sessionId: LOFI, entryId: 'lofi / "é🎵"', label: 'Lofi "Beats" – é🎵' },
    '2025-12-26T20:00:06.000Z',
  ],
  [
    '2025-12-26T20:00:07+00:00',
    json('warning_issued', { session_id: PRISM, threshold_seconds: 120 }),
    { type: 'warning_issued', sessionId: PRISM, thresholdMs: 120_000 },
    '2025-12-26T20:00:07.000Z',
  ],
  [
    '2025-12-26T15:00:08-05:00',
    json('session_extended', {
      session_id: PRISM,
      extended_by: { secs: 300, nanos: 999_999_999 },
      new_deadline: '2025-12-26T15:35:00-05:00',
    }),
    {
      type: 'session_extended',
      sessionId: PRISM,
      extendedByMs: 300_999,
      newDeadline: new Date('2025-12-26T20:35:00Z'),
    },
    '2025-12-26T20:00:08.000Z',
  ],
  [
    '2025-12-26T15:00:09-05:00',
    json('config_reloaded', { success: false }),
    { type: 'config_reloaded', success: false },
    '2025-12-26T20:00:09.000Z',
  ],
  [
    '2025-12-26T15:00:10-05:00',
    json('launch_denied', {
      entry_id: 'prism-launcher',
      reasons: [
        'OutsideTimeWindow { next_window_start: None }',
        'Disabled { reason: Some("Grounded: \\"homework\\"") }',
      ],
    }),
    {
      type: 'launch_denied',
      entryId: 'prism-launcher',
      reasons: [
        { type: 'other', text: 'OutsideTimeWindow { next_window_start: None }' },
        { type: 'other', text: 'Disabled { reason: Some("Grounded: \\"homework\\"") }' },
      ],
    },
    '2025-12-26T20:00:10.000Z',
  ],
  [
    '2025-12-26T15:00:11-05:00',
    json('session_ended', {
      session_id: PRISM,
      entry_id: 'prism-launcher',
      reason: { type: 'process_exited', exit_code: null },
      duration: { secs: 1_799, nanos: 999_999_999 },
    }),
    {
      type: 'session_ended',
      sessionId: PRISM,
      entryId: 'prism-launcher',
      reason: { type: 'process_exited' },
      durationMs: 1_799_999,
    },
    '2025-12-26T20:00:11.000Z',
  ],
  [
    '2025-12-26T15:00:12-05:00',
    json('client_disconnected', { client_id: CLIENT }),
    { type: 'client_disconnected', clientId: CLIENT },
    '2025-12-26T20:00:12.000Z',
  ],
  ['2025-12-26T15:00:13-05:00', json('service_stopped'), { type: 'service_stopped' }, '2025-12-26T20:00:13.000Z'],
  ['2025-12-26T15:00:14-05:00', json('daemon_started'), { type: 'service_started' }, '2025-12-26T20:00:14.000Z'],
  ['2025-12-26T15:00:15-05:00', json('daemon_stopped'), { type: 'service_stopped' }, '2025-12-26T20:00:15.000Z'],
  [
    '2025-12-26T15:00:16-05:00',
    json('screen_locked', { by: { uid: 7 }, at: null }),
    { type: 'other', name: 'screen_locked', data: { by: { uid: 7 }, at: null } },
    '2025-12-26T20:00:16.000Z',
  ],
]

const crateAudits = CRATE_ROWS.map(([timestamp, text], index): readonly Value[] => [index + 1, timestamp, text])

/** A database with all of it. */
export const HOUSEHOLD = {
  audits: crateAudits,
  usage: [
    ['prism-launcher', '2025-12-26', 1_799],
    ['lofi / "é🎵"', '2025-12-27', 3_600],
  ],
  cooldowns: [['prism-launcher', '2025-12-26T16:00:00.506677575-05:00']],
  snapshot: JSON.stringify({
    timestamp: '2025-12-26T15:00:20-05:00',
    active_session: {
      session_id: LOFI,
      entry_id: 'lofi',
      started_at: '2025-12-26T15:00:06-05:00',
      deadline: '2025-12-26T16:00:06-05:00',
      warnings_issued: [300, 60],
    },
  }),
} as const
