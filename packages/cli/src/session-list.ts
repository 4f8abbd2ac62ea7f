import { LIMITS, type SessionQuery, type SessionRecord, type Store } from '@shepherd-store/core'

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
