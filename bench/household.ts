import { addDays, type AuditEvent, type Day, parseDay, type StateSnapshot, type Store } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'

/** What a household writes and asks: the same for every contender, made before anything is timed. */
const EVENTS = 1_024

export const DAY: Day = parseDay('2026-11-23')
export const ENTRIES: readonly string[] = Array.from({ length: 50 }, (_, entry) => `entry-${entry}`)
/** Days with usage, of every entry. */
export const DAYS: readonly Day[] = Array.from({ length: 30 }, (_, before) => addDays(DAY, -before))

export const events: readonly AuditEvent[] = Array.from({ length: EVENTS }, (_, index) => eventAt(index))

/** Sessions, as they are seen in the log: a start, a warning, an end, and now and then a child that comes too early. */
function eventAt(index: number): AuditEvent {
  const session = Math.floor(index / 4)
  const sessionId = `0f8d6c5e-3b1a-4d2e-9c7f-${String(session).padStart(12, '0')}`
  const entryId = ENTRIES[session % ENTRIES.length] ?? 'entry-0'
  const startedMs = Date.UTC(2026, 10, 23, 14) + session * 60_000
  switch (index % 4) {
    case 0: {
      const deadline = new Date(startedMs + 1_800_000)
      return { type: 'session_started', sessionId, entryId, label: `Entry ${session % ENTRIES.length}`, deadline }
    }
    case 1:
      return { type: 'warning_issued', sessionId, thresholdMs: 300_000 }
    case 2:
      return { type: 'session_ended', sessionId, entryId, reason: { type: 'expired' }, durationMs: 1_800_345 }
    default: {
      const reason = { type: 'cooldown_active', until: new Date(startedMs + 2_700_000) } as const
      return { type: 'launch_denied', entryId, reasons: [reason] }
    }
  }
}

/** A row of the log, without what only the store adds. */
export interface EventRow {
  readonly timestamp: string
  readonly scope: string
  readonly node: string
  readonly type: string
  readonly entry_id: string | null
  readonly session_id: string | null
  readonly event: string
}

/** The events as the store would write them. */
export async function eventRows(): Promise<readonly EventRow[]> {
  const data = createMemoryData()
  const store = createMemoryStore({ data })
  await appendAll(store, EVENTS)
  const rows = databaseOf(data)
    .prepare<[], EventRow>(
      'select timestamp, scope, node, type, entry_id, session_id, event from audit_log order by id',
    )
    .all()
  await store.close()
  return rows
}

/** The item whose turn it is, of those that come round again and again. */
export function turn<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length]
  if (item === undefined) throw new RangeError('there are no items')
  return item
}

export async function appendAll(store: Store, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => store.appendAudit(turn(events, index))))
}

/** Gives each entry usage on each day, and the last day all that can limit an entry. */
export async function fillDays(store: Store): Promise<void> {
  const additions = DAYS.flatMap((day) => ENTRIES.map((entryId) => ({ type: 'add_usage', entryId, day }) as const))
  for (let from = 0; from < additions.length; from += 250) {
    await store.commit(additions.slice(from, from + 250).map((change) => ({ ...change, durationMs: 1_234_567 })))
  }
  for (const entryId of ENTRIES.slice(0, 10)) await store.setCooldownUntil(entryId, new Date('2026-11-24T08:00:00Z'))
  for (const entryId of ENTRIES.slice(5, 10)) {
    await store.grantTime(entryId, DAY, 600_000, { by: 'a parent', why: 'the dishes' })
  }
}

/** Two in turn: SQLite does not write what is there already. */
export const snapshots: readonly StateSnapshot[] = ['2026-11-23T15:00:00Z', '2026-11-23T15:01:00Z'].map((at) => ({
  timestamp: new Date(at),
  activeSession: {
    sessionId: '0f8d6c5e-3b1a-4d2e-9c7f-000000000001',
    entryId: 'entry-1',
    startedAt: new Date('2026-11-23T14:40:00Z'),
    deadline: new Date('2026-11-23T15:10:00Z'),
    warningsIssuedMs: [300_000],
  },
}))

/** The snapshots as the store would write them. */
export async function snapshotTexts(): Promise<readonly string[]> {
  const data = createMemoryData()
  const store = createMemoryStore({ data })
  const saved = databaseOf(data).prepare<[], string>('select state from snapshot').pluck()
  const texts: string[] = []
  for (const snapshot of snapshots) {
    await store.saveSnapshot(snapshot)
    texts.push(...saved.all())
  }
  await store.close()
  return texts
}
