import { isDeepStrictEqual } from 'node:util'
import type {
  Applied,
  AuditHead,
  Change,
  DurationMs,
  EntryId,
  StateSnapshot,
  Store,
  UsageAfter,
} from '@shepherd-store/core'
import { duration, records, when } from './words.ts'

/** How often the service books what is played, and so the most that one of its checkpoints adds. */
export const CHECKPOINT_MS: DurationMs = 30_000

/** What the store has said of one commit. */
export interface Acknowledgement {
  /** Of the last record, if it appended any. */
  readonly head?: AuditHead
  readonly usage: readonly UsageAfter[]
  readonly cooldowns: readonly { readonly entryId: EntryId; readonly until: Date }[]
  readonly snapshot?: StateSnapshot
}

export function acknowledgementOf(changes: readonly Change[], { audits, usage }: Applied): Acknowledgement {
  const head = audits.at(-1)
  const save = changes.findLast((change) => change.type === 'save_snapshot')
  return {
    ...(head === undefined ? {} : { head: { id: head.id, hash: head.hash } }),
    usage,
    cooldowns: changes.filter((change) => change.type === 'extend_cooldown'),
    ...(save === undefined ? {} : { snapshot: save.snapshot }),
  }
}

/** One thing that was acknowledged beside what the store has of it, both in words. */
export interface Compared {
  readonly what: string
  readonly acknowledged: string
  readonly found: string
  readonly kept: boolean
}

/** The last that was acknowledged of each thing. */
export class Acknowledged {
  #head: AuditHead | undefined
  readonly #usage = new Map<string, UsageAfter>()
  readonly #cooldowns = new Map<EntryId, Date>()
  #snapshot: StateSnapshot | undefined

  add({ head, usage, cooldowns, snapshot }: Acknowledgement): void {
    this.#head = head ?? this.#head
    for (const total of usage) this.#usage.set(JSON.stringify([total.entryId, total.day]), total)
    for (const { entryId, until } of cooldowns) this.#cooldowns.set(entryId, until)
    this.#snapshot = snapshot ?? this.#snapshot
  }

  get snapshot(): StateSnapshot | undefined {
    return this.#snapshot
  }

  /**
   * Looks for all of it in the store. One checkpoint more may be there: it was written, and the crash came before the
   * word of it. Then it is there as a whole, in the usage as in the snapshot. Anything else is not `kept`.
   */
  async compareWith(store: Store): Promise<readonly Compared[]> {
    const found = (await store.loadSnapshot())?.snapshot
    const usage = [...this.#usage.values()].map((total) => this.#compareUsage(store, total, found))
    const cooldowns = [...this.#cooldowns].map(([entryId, until]) => compareCooldown(store, entryId, until))
    return [
      ...(await Promise.all(usage)),
      this.#compareSession(found),
      ...(await Promise.all(cooldowns)),
      await compareLog(store, this.#head),
    ]
  }

  async #compareUsage(store: Store, total: UsageAfter, found: StateSnapshot | undefined): Promise<Compared> {
    const { entryId, day, usedMs } = total
    const foundMs = await store.getUsage(entryId, day)
    const last = found?.activeSession?.entryId === entryId && store.calendar.dayOf(found.timestamp) === day
    const moreMs = last ? Math.max(0, playedMs(found) - playedMs(this.#snapshot)) : 0
    return {
      what: `booked for ${entryId} on ${day}`,
      acknowledged: duration(usedMs),
      found: duration(foundMs),
      kept: foundMs === usedMs + moreMs,
    }
  }

  #compareSession(found: StateSnapshot | undefined): Compared {
    const moreMs = playedMs(found) - playedMs(this.#snapshot)
    return {
      what: 'running session',
      acknowledged: sessionInWords(this.#snapshot),
      found: sessionInWords(found),
      kept:
        isDeepStrictEqual(found?.activeSession, this.#snapshot?.activeSession) &&
        (moreMs === 0 || moreMs === CHECKPOINT_MS),
    }
  }
}

async function compareCooldown(store: Store, entryId: EntryId, until: Date): Promise<Compared> {
  const found = await store.getCooldownUntil(entryId)
  return {
    what: `cooldown of ${entryId}`,
    acknowledged: `until ${when(until, store)}`,
    found: found === undefined ? 'none' : `until ${when(found, store)}`,
    kept: found?.getTime() === until.getTime(),
  }
}

async function compareLog(store: Store, head: AuditHead | undefined): Promise<Compared> {
  const { intact, checked, tail, firstBreak } = await store.verifyAudits({ expectedHead: head })
  return {
    what: 'log',
    acknowledged: records(head?.id ?? 0),
    found: firstBreak === undefined ? `${records(checked)}, each as it was written` : firstBreak.message,
    kept: intact && tail === 'proven',
  }
}

/** How long the session of the snapshot had run when that was saved. */
export function playedMs(snapshot: StateSnapshot | undefined): DurationMs {
  if (snapshot?.activeSession === undefined) return 0
  return snapshot.timestamp.getTime() - snapshot.activeSession.startedAt.getTime()
}

function sessionInWords(snapshot: StateSnapshot | undefined): string {
  if (snapshot?.activeSession === undefined) return 'none'
  return `${snapshot.activeSession.entryId}, ${duration(playedMs(snapshot))} so far`
}
