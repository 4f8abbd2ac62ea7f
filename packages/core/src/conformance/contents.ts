import type { Day } from '../day.ts'
import type { NodeRecord, SessionRecord } from '../session.ts'
import type { Store } from '../store.ts'
import type { Place, RawAudit, RawUsage } from './harness.ts'

/** What a place holds, in a form that can be compared. */
export interface Contents {
  readonly audits: readonly RawAudit[]
  readonly usage: readonly RawUsage[]
  /** Cooldowns and extra time of the day. */
  readonly entries: readonly string[]
  readonly snapshot: string
  /** Of every scope and node. */
  readonly sessions: readonly SessionRecord[]
  readonly nodes: readonly NodeRecord[]
}

/** All rows, and what `store` sees of the other tables: to show that a call changed nothing. */
export async function contentsOf(place: Place, store: Store, day: Day = '2026-11-23'): Promise<Contents> {
  const usage = await place.raw.usage()
  const entries = [...(await store.getDayState(day))].map(({ entryId, grantedMs, cooldownUntil, unreadable }) =>
    JSON.stringify([entryId, grantedMs, cooldownUntil, unreadable.includes('cooldown')]),
  )
  return {
    audits: (await place.raw.audits()).map((row) => ({ ...row })),
    usage: usage.map((row) => ({ ...row })).toSorted((a, b) => (usageName(a) < usageName(b) ? -1 : 1)),
    entries,
    snapshot: JSON.stringify((await store.loadSnapshot()) ?? null),
    sessions: await store.listSessions({ scope: 'all' }),
    nodes: await store.listNodes(),
  }
}

function usageName({ scope, day, entryId, node }: RawUsage): string {
  return JSON.stringify([scope, day, entryId, node])
}
