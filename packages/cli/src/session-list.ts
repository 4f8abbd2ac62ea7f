import { LIMITS, type SessionQuery, type SessionRecord, type Store } from '@shepherd-store/core'

/** From when on an open session is one whose machine may be gone: many times what lies between two checkpoints. */
export const SILENT_MS = 600_000

/** Sessions, the last to start first, page by page. */
export async function* readSessions(
  store: Store,
  query: Omit<SessionQuery, 'after' | 'limit'>,
): AsyncIterable<SessionRecord> {
  const limit = LIMITS.SESSION_PAGE_LIMIT_MAX
  let page = await store.listSessions({ ...query, limit })
  while (true) {
    yield* page
    // One whose start cannot be read is no place to go on from.
    const last = page.findLast(({ startedAt }) => !Number.isNaN(startedAt.getTime()))
    if (page.length < limit || last === undefined) return
    page = await store.listSessions({ ...query, after: last, limit })
  }
}

/** All that are open, in every scope. */
export async function openSessions(store: Store): Promise<readonly SessionRecord[]> {
  const sessions: SessionRecord[] = []
  for await (const session of readSessions(store, { open: true, scope: 'all' })) sessions.push(session)
  return sessions
}

/** How long before `at` its owner was last heard of. */
export function silentMs({ lastReportedAt }: SessionRecord, at: Date): number {
  return at.getTime() - lastReportedAt.getTime()
}

/** A clock far ahead tells no more of its machine than one far behind. */
export function isSilent(session: SessionRecord, at: Date): boolean {
  return Math.abs(silentMs(session, at)) >= SILENT_MS
}
