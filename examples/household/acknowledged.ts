import { isDeepStrictEqual } from 'node:util'
import {
  type Applied,
  type AuditHead,
  type AuditRecord,
  type Day,
  type DurationMs,
  type EntryId,
  type SessionId,
  type SessionRecord,
  splitByDay,
  type Store,
  type UsageAfter,
} from '@shepherd-store/core'
import { duration, records, when } from './words.ts'

/** How often the service tells what is played, and so the most that one of its checkpoints adds. */
export const CHECKPOINT_MS: DurationMs = 30_000

/** What the store has said in one of its replies. */
export interface Acknowledgement {
  /** Of the last record that the reply held. */
  readonly head?: AuditHead
  readonly session?: SessionRecord
  readonly usage?: readonly UsageAfter[]
  readonly grant?: Grant
  readonly cooldown?: { readonly entryId: EntryId; readonly until: Date }
}

interface Grant {
  readonly entryId: EntryId
  readonly day: Day
  /** The day's extra time. */
  readonly grantedMs: DurationMs
}

export function recordAcknowledged({ id, hash, event }: AuditRecord): Acknowledgement {
  return { head: { id, hash }, ...(event.type === 'time_granted' ? { grant: event } : {}) }
}

/** Of a correction. */
export function correctionAcknowledged({ audits: [record], usage }: Applied): Acknowledgement {
  return { ...(record === undefined ? {} : recordAcknowledged(record)), usage }
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
  readonly #sessions = new Map<SessionId, SessionRecord>()
  readonly #usage = new Map<string, UsageAfter>()
  readonly #grants = new Map<string, Grant>()
  readonly #cooldowns = new Map<EntryId, Date>()

  add({ head, session, usage = [], grant, cooldown }: Acknowledgement): void {
    this.#head = head ?? this.#head
    if (session !== undefined) this.#sessions.set(session.sessionId, session)
    for (const total of usage) this.#usage.set(JSON.stringify([total.entryId, total.day]), total)
    if (grant !== undefined) this.#grants.set(JSON.stringify([grant.entryId, grant.day]), grant)
    if (cooldown !== undefined) this.#cooldowns.set(cooldown.entryId, cooldown.until)
  }

  session(id: SessionId): SessionRecord | undefined {
    return this.#sessions.get(id)
  }

  /**
   * Looks for all of it in the store. One checkpoint more may be there: it was written, and the crash came before the
   * word of it. Then it is there as a whole, in the usage as in the session. Anything else is not `kept`.
   */
  async compareWith(store: Store): Promise<readonly Compared[]> {
    const sessions = await Promise.all([...this.#sessions.values()].map((session) => findSession(store, session)))
    const usage = [...this.#usage.values()].map((total) => compareUsage(store, total, sessions))
    const grants = [...this.#grants.values()].map((grant) => compareGrant(store, grant))
    const cooldowns = [...this.#cooldowns].map(([entryId, until]) => compareCooldown(store, entryId, until))
    return [
      ...(await Promise.all(usage)),
      ...sessions.map((session) => compareSession(store, session)),
      ...(await Promise.all(grants)),
      ...(await Promise.all(cooldowns)),
      await compareLog(store, this.#head),
    ]
  }
}

interface FoundSession {
  readonly acknowledged: SessionRecord
  readonly found: SessionRecord | undefined
  /** What is booked of it beyond what was acknowledged. */
  readonly moreMs: number
}

async function findSession(store: Store, acknowledged: SessionRecord): Promise<FoundSession> {
  const [found] = await store.listSessions({ sessionId: acknowledged.sessionId })
  return { acknowledged, found, moreMs: (found?.durationMs ?? 0) - acknowledged.durationMs }
}

async function compareUsage(
  store: Store,
  { entryId, day, usedMs }: UsageAfter,
  sessions: readonly FoundSession[],
): Promise<Compared> {
  const foundMs = await store.getUsage(entryId, day)
  const more = sessions.flatMap(({ found, moreMs }) =>
    found?.entryId === entryId ? splitByDay(store.calendar, found.lastReportedAt, Math.max(0, moreMs)) : [],
  )
  const moreMs = more.reduce((sum, part) => sum + (part.day === day ? part.playedMs : 0), 0)
  return {
    what: `used of ${entryId} on ${day}`,
    acknowledged: duration(usedMs),
    found: duration(foundMs),
    kept: foundMs === usedMs + moreMs,
  }
}

function compareSession(store: Store, { acknowledged, found, moreMs }: FoundSession): Compared {
  const { entryId, startedAt, endedAt } = acknowledged
  const mayHaveMore = endedAt === undefined && moreMs === CHECKPOINT_MS
  return {
    what: `session of ${entryId} at ${when(startedAt, store)}`,
    acknowledged: sessionInWords(acknowledged),
    found: sessionInWords(found),
    kept: isDeepStrictEqual(found, mayHaveMore ? withCheckpoint(acknowledged) : acknowledged),
  }
}

function withCheckpoint({ durationMs, lastReportedAt, ...session }: SessionRecord): SessionRecord {
  return {
    ...session,
    durationMs: durationMs + CHECKPOINT_MS,
    lastReportedAt: new Date(lastReportedAt.getTime() + CHECKPOINT_MS),
  }
}

function sessionInWords(session: SessionRecord | undefined): string {
  if (session === undefined) return 'none'
  const { endedAt, durationMs } = session
  return endedAt === undefined ? `open, ${duration(durationMs)} so far` : `ended after ${duration(durationMs)}`
}

async function compareGrant(store: Store, { entryId, day, grantedMs }: Grant): Promise<Compared> {
  const found = (await store.getDayState(day)).entry(entryId)
  return {
    what: `extra time of ${entryId} on ${day}`,
    acknowledged: duration(grantedMs),
    found: duration(found.grantedMs),
    kept: found.grantedMs === grantedMs,
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
