import type { Change } from '../change.ts'
import type { Store } from '../store.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')
const SESSION = { sessionId: 's-1', entryId: 'minecraft' }
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }

/** A kind that is added to the contract is missed here. One session is started in a commit: none is imported besides. */
const CHANGES: { readonly [T in Exclude<Change['type'], 'import_session'>]: Extract<Change, { readonly type: T }> } = {
  append_audit: { type: 'append_audit', event: { type: 'service_started' } },
  import_audit: {
    type: 'import_audit',
    timestamp: new Date('2019-05-01T08:00:00.000Z'),
    event: { type: 'service_stopped' },
    original: { id: 4, timestamp: '2019-05-01T08:00:00+00:00', event: '"ServiceStopped"' },
  },
  add_usage: { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1_000 },
  set_cooldown: { type: 'set_cooldown', entryId: 'minecraft', until: NOON },
  extend_cooldown: { type: 'extend_cooldown', entryId: 'tuxmath', until: NOON },
  clear_cooldown: { type: 'clear_cooldown', entryId: 'chess', ...CORRECTION },
  adjust_usage: { type: 'adjust_usage', entryId: 'chess', day: DAY, byMs: 500, ...CORRECTION },
  grant_time: { type: 'grant_time', entryId: 'chess', day: DAY, byMs: 60_000, ...CORRECTION },
  start_session: { type: 'start_session', ...SESSION, run: 'r-1', deadline: NOON },
  report_session: { type: 'report_session', ...SESSION, run: 'r-1', report: 1, played: [{ day: DAY, playedMs: 200 }] },
  warn_session: { type: 'warn_session', ...SESSION, run: 'r-1', thresholdMs: 60_000 },
  extend_session: { type: 'extend_session', ...SESSION, run: 'r-1', deadline: new Date(NOON.getTime() + 1) },
  continue_session: { type: 'continue_session', ...SESSION, from: 'r-1', run: 'r-2', active: [] },
  end_session: {
    ...{ type: 'end_session', ...SESSION, run: 'r-2', report: 1, played: [{ day: DAY, playedMs: 34 }] },
    reason: { type: 'user_stop' },
  },
  recover_session: { type: 'recover_session', ...SESSION },
  save_snapshot: { type: 'save_snapshot', snapshot: { timestamp: new Date('2026-11-23T09:59:59.999Z') } },
}

/** One change of every kind, all of them valid, in an order in which one commit can have them. */
export const EVERY_KIND: readonly Change[] = Object.values(CHANGES)

/** Applies them all in one commit. */
export function commitEveryKind(store: Store) {
  return store.commit(EVERY_KIND, { if: [{ type: 'no_open_session' }] })
}
