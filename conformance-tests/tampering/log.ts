import {
  type AuditEvent,
  type Change,
  type KnownEvent,
  LIMITS,
  type ManualClock,
  type OwnedStore,
} from '@shepherd-store/core'

const AT = new Date('2026-11-23T12:34:56.789Z')
const CORRECTION = { by: 'Ada', why: "it's done" }
const PLAY = { sessionId: 's-1', entryId: 'minecraft' }

/** One of each kind. */
const EVENTS: { readonly [T in KnownEvent['type']]: Extract<KnownEvent, { readonly type: T }> } = {
  service_started: { type: 'service_started' },
  service_stopped: { type: 'service_stopped' },
  policy_loaded: { type: 'policy_loaded', entryCount: 12 },
  config_reloaded: { type: 'config_reloaded', success: true },
  client_connected: { type: 'client_connected', clientId: 'c-1', role: 'child', uid: 1_000 },
  client_disconnected: { type: 'client_disconnected', clientId: 'c-1' },
  session_started: { type: 'session_started', ...PLAY, label: '\u{1f600} "Mine"', deadline: AT },
  warning_issued: { type: 'warning_issued', sessionId: 's-1', thresholdMs: 60_000 },
  session_extended: { type: 'session_extended', sessionId: 's-1', extendedByMs: 300_000, newDeadline: AT },
  session_ended: { type: 'session_ended', ...PLAY, reason: { type: 'process_exited', exitCode: 3 }, durationMs: 77 },
  launch_denied: { type: 'launch_denied', entryId: 'chess', reasons: [{ type: 'cooldown_active', until: AT }] },
  session_continued: { type: 'session_continued', ...PLAY },
  session_time_added: { type: 'session_time_added', ...PLAY, addedMs: 5, durationMs: 82 },
  clock_jumped: { type: 'clock_jumped', sessionId: 's-1', wallMs: -5_000, monotonicMs: 12 },
  usage_adjusted: { type: 'usage_adjusted', entryId: 'chess', day: '2026-11-23', byMs: -9, usedMs: 1, ...CORRECTION },
  time_granted: { type: 'time_granted', entryId: 'chess', day: '2026-11-23', byMs: 9, grantedMs: 9, ...CORRECTION },
  cooldown_cleared: { type: 'cooldown_cleared', entryId: 'chess', until: AT, ...CORRECTION },
}
const KINDS: readonly AuditEvent[] = [
  ...Object.values(EVENTS),
  { type: 'other', name: 'backup_made', data: { to: 'disk', files: [1, 2, 3] } },
]

/**
 * Several hundred records of every kind, of several scopes and nodes, some of them imported; the first are in an archive
 * already, and one scope is forgotten.
 */
export async function fillLog(store: OwnedStore, clock: ManualClock, archiveTo: string): Promise<void> {
  await append(store, clock, { count: 40 })
  clock.advance(400 * 86_400_000)
  await append(store, clock, { count: 20 })
  await store.applyRetention({ keepDays: 90, archiveTo })
  await append(store, clock, { count: 140 })
  await store.forgetScope('gone', CORRECTION)
  await append(store, clock, { count: 120 })
}

async function append(store: OwnedStore, clock: ManualClock, { count }: { readonly count: number }): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const event = KINDS[index % KINDS.length] as AuditEvent
    const original = { id: index + 7, timestamp: `2026-11-23 10:00:${index}`, event: `{"type":"old","n":${index}}` }
    const change: Change =
      index % 3 === 0 ? { type: 'import_audit', timestamp: AT, event, original } : { type: 'append_audit', event }
    const view = store.view({
      scope: ['default', 'mia', 'ben', 'gone'][index % 4],
      node: ['hub', 'lab-1', 'lab-2'][index % 3],
    })
    await view.commit([change])
    clock.advance(1_000 + index)
  }
}

/** More than the log has. */
export const FAR = LIMITS.AUDIT_PAGE_LIMIT_MAX * 1_000
