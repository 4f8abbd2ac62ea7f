import type { Day } from '../day.ts'
import type { Store } from '../store.ts'
import type { Place, RawAudit, RawUsage } from './harness.ts'

/** What a place holds, in a form that can be compared. */
export interface Contents {
  readonly audits: readonly RawAudit[]
  readonly usage: readonly RawUsage[]
  readonly cooldowns: readonly string[]
  readonly snapshot: string
}

/** All rows, and the cooldowns and the snapshot that `store` sees: to show that a call changed nothing. */
export async function contentsOf(place: Place, store: Store, day: Day = '2026-11-23'): Promise<Contents> {
  const usage = await place.raw.usage()
  const cooldowns = [...(await store.getDayState(day))].map(({ entryId, cooldownUntil, unreadable }) =>
    JSON.stringify([entryId, cooldownUntil, unreadable.includes('cooldown')]),
  )
  return {
    audits: (await place.raw.audits()).map((row) => ({ ...row })),
    usage: usage.map((row) => ({ ...row })).toSorted((a, b) => (usageName(a) < usageName(b) ? -1 : 1)),
    cooldowns,
    snapshot: JSON.stringify((await store.loadSnapshot()) ?? null),
  }
}

function usageName({ scope, day, entryId, node }: RawUsage): string {
  return JSON.stringify([scope, day, entryId, node])
}
