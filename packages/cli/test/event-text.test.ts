import type { AuditEvent } from '@shepherd-store/core'
import { describe, expect, test } from 'vitest'
import { eventText } from '../src/event-text.ts'
import { instantFormat } from '../src/format.ts'

describe('each event has its words:', () => {
  const deadline = new Date('2026-11-24T12:30:00Z')
  const day = '2026-11-24'
  const ended = { type: 'session_ended', sessionId: 'one', entryId: 'mc', durationMs: 60_000 } as const
  test.each<[string, AuditEvent]>([
    ['service started', { type: 'service_started' }],
    ['service stopped', { type: 'service_stopped' }],
    ['policy loaded: 2 entries', { type: 'policy_loaded', entryCount: 2 }],
    ['configuration reloaded', { type: 'config_reloaded', success: true }],
    ['configuration could not be reloaded', { type: 'config_reloaded', success: false }],
    ['Admin connected, uid 0: client c1', { type: 'client_connected', clientId: 'c1', role: 'Admin', uid: 0 }],
    ['client c1 disconnected', { type: 'client_disconnected', clientId: 'c1' }],
    ['mc started, without a limit', { type: 'session_started', sessionId: 'one', entryId: 'mc' }],
    ['warning 2 min before the end of session one', { type: 'warning_issued', sessionId: 'one', thresholdMs: 120_000 }],
    [
      '5 min more for session one, until 2026-11-24 12:30:00',
      { type: 'session_extended', sessionId: 'one', extendedByMs: 300_000, newDeadline: deadline },
    ],
    ['mc ended after 1 min: its time was up', { ...ended, reason: { type: 'expired' } }],
    ['mc ended after 1 min: stopped by the user', { ...ended, reason: { type: 'user_stop' } }],
    ['mc ended after 1 min: stopped by an administrator', { ...ended, reason: { type: 'admin_stop' } }],
    [
      'mc ended after 1 min: its process ended with code 0',
      { ...ended, reason: { type: 'process_exited', exitCode: 0 } },
    ],
    ['mc ended after 1 min: stopped by the policy', { ...ended, reason: { type: 'policy_stop' } }],
    ['mc ended after 1 min: the service was shut down', { ...ended, reason: { type: 'service_shutdown' } }],
    [
      'mc ended after 1 min: it could not be started: gone',
      { ...ended, reason: { type: 'launch_failed', error: 'gone' } },
    ],
    [
      'mc denied: cooldown until 2026-11-24 12:30:00; Disabled',
      {
        type: 'launch_denied',
        entryId: 'mc',
        reasons: [
          { type: 'cooldown_active', until: deadline },
          { type: 'other', text: 'Disabled' },
        ],
      },
    ],
    [
      'mc ended after 1 min: nothing was heard of pc-1 since 2026-11-24 12:30:00',
      { ...ended, reason: { type: 'recovered', node: 'pc-1', lastReportedAt: deadline } },
    ],
    [
      'mc denied: 7 h of 7 h used in the week; 1 h of 1 h used; Chess (chess) runs on pc-1',
      {
        type: 'launch_denied',
        entryId: 'mc',
        reasons: [
          { type: 'quota_exhausted', usedMs: 25_200_000, quotaMs: 25_200_000, period: 'week' },
          { type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 3_600_000, period: 'day' },
          { type: 'session_active', entryId: 'chess', node: 'pc-1', label: 'Chess' },
        ],
      },
    ],
    [
      'mc denied: 30 h of 29 h used in the month; mc runs on pc-2',
      {
        type: 'launch_denied',
        entryId: 'mc',
        reasons: [
          { type: 'quota_exhausted', usedMs: 108_000_000, quotaMs: 104_400_000, period: 'month' },
          { type: 'session_active', entryId: 'mc', node: 'pc-2' },
        ],
      },
    ],
    ['mc goes on after a restart of the service', { type: 'session_continued', sessionId: 'one', entryId: 'mc' }],
    [
      '17 s more of mc, reported after its end: 10 min 17 s in all',
      { type: 'session_time_added', sessionId: 'one', entryId: 'mc', addedMs: 17_000, durationMs: 617_000 },
    ],
    [
      'the clock went forward by 24 h 05 min while 5 min passed, in session one',
      { type: 'clock_jumped', sessionId: 'one', wallMs: 86_700_000, monotonicMs: 300_000 },
    ],
    [
      'the clock went back by 1 h while 400 ms passed, in session one',
      { type: 'clock_jumped', sessionId: 'one', wallMs: -3_600_000, monotonicMs: 400 },
    ],
    [
      'usage of mc on 2026-11-24 raised by 5 min to 15 min, by Ada: forgot the tablet',
      {
        type: 'usage_adjusted',
        entryId: 'mc',
        day,
        byMs: 300_000,
        usedMs: 900_000,
        by: 'Ada',
        why: 'forgot the tablet',
      },
    ],
    [
      'usage of mc on 2026-11-24 lowered by 15 min to 0 s, by Ada: it hung',
      { type: 'usage_adjusted', entryId: 'mc', day, byMs: -900_000, usedMs: 0, by: 'Ada', why: 'it hung' },
    ],
    [
      '30 min of extra time granted for mc on 2026-11-24, 45 min in all, by Ada: homework',
      { type: 'time_granted', entryId: 'mc', day, byMs: 1_800_000, grantedMs: 2_700_000, by: 'Ada', why: 'homework' },
    ],
    [
      '45 min of extra time taken back from mc on 2026-11-24, 0 s in all, by Ada: too late',
      { type: 'time_granted', entryId: 'mc', day, byMs: -2_700_000, grantedMs: 0, by: 'Ada', why: 'too late' },
    ],
    [
      'cooldown of mc until 2026-11-24 12:30:00 cleared by Ada: homework',
      { type: 'cooldown_cleared', entryId: 'mc', until: deadline, by: 'Ada', why: 'homework' },
    ],
    [
      'cooldown of mc cleared by Ada: homework',
      { type: 'cooldown_cleared', entryId: 'mc', by: 'Ada', why: 'homework' },
    ],
    ['lamp_lit {"watts":9}', { type: 'other', name: 'lamp_lit', data: { watts: 9 } }],
  ])('%s', (text, event) => {
    expect(eventText(event, instantFormat('UTC'))).toBe(text)
  })
})
