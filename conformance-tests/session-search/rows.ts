import {
  type Day,
  type Effect,
  type EntryId,
  isWithin,
  type NodeId,
  playedKey,
  type RunId,
  type SessionId,
  type SessionRow,
  type StoredState,
} from '@shepherd-store/core'

/** What is stored. Rows that differ in nothing that matters are one object. */
export interface Rows {
  readonly id: number
  readonly sessions: ReadonlyMap<SessionId, SessionRow>
  readonly played: ReadonlyMap<string, number>
  readonly usage: ReadonlyMap<EntryId, ReadonlyMap<Day, number>>
  /** The starts and ends in the log, in order. */
  readonly log: readonly LogLine[]
}

type SessionIds = { readonly sessionId: SessionId; readonly entryId: EntryId }

interface LogLine {
  readonly type: 'session_started' | 'session_ended'
  readonly sessionId: SessionId
}

/** The runs that are told of. */
export function runsIn(rows: Rows): readonly RunId[] {
  const owners = [...rows.sessions.values()].flatMap((row) => [row.run, ...namesIn(accountTextOf(row))])
  return [...owners, ...[...rows.played.keys()].map((key) => (JSON.parse(key) as readonly RunId[])[2] ?? '')]
}

export function openSession(rows: Rows, node?: NodeId): SessionRow | undefined {
  return [...rows.sessions.values()].find(
    (row) => row.endedAt === undefined && (node === undefined || row.node === node),
  )
}

/** As the rules see it. */
export function storedIn(rows: Rows): StoredState {
  const nothing = { durationMs: 0, unreadable: 0 }
  return {
    usage: ({ entryId, ...span }) => {
      const days = [...(rows.usage.get(entryId) ?? [])].filter(([day]) => isWithin(day, span))
      return { durationMs: days.reduce((sum, [, ms]) => sum + ms, 0), unreadable: 0 }
    },
    nodeUsage: () => [],
    granted: () => nothing,
    reserved: () => nothing,
    cooldown: () => undefined,
    revision: () => 0,
    operation: () => undefined,
    session: ({ sessionId }) => rows.sessions.get(sessionId),
    openSession: ({ node }) => openSession(rows, node),
    played: (key) => rows.played.get(playedKey(key)) ?? 0,
    log: () => {
      throw new Error('no session looks at the log as a whole')
    },
  }
}

/** All the rows that were met. */
export class RowsMet {
  readonly #met = new Map<string, Rows>()
  readonly #without = new Map<string, Rows>()
  readonly none = this.#meet({ sessions: new Map(), played: new Map(), usage: new Map(), log: [] })

  after(rows: Rows, effects: readonly Effect[]): Rows {
    const sessions = new Map(rows.sessions)
    const played = new Map(rows.played)
    const usage = new Map(rows.usage)
    const log = [...rows.log]
    for (const effect of effects) {
      switch (effect.table) {
        case 'session':
          sessions.set(effect.row.sessionId, effect.row)
          break
        case 'played':
          played.set(playedKey(effect), effect.playedMs)
          break
        case 'usage': {
          const days = new Map(usage.get(effect.entryId))
          usage.set(effect.entryId, days.set(effect.day, (days.get(effect.day) ?? 0) + effect.addMs))
          break
        }
        case 'audit': {
          const { type, sessionId = '' } = effect.content
          if (type === 'session_started' || type === 'session_ended') log.push({ type, sessionId })
          break
        }
        // Nothing in the model asks for them.
        case 'snapshot':
        case 'node':
        case 'cooldown':
        case 'grant':
        case 'audit_cut':
        case 'audit_removal':
        case 'forget':
        case 'erasure':
          break
      }
    }
    return this.#meet({ sessions, played, usage, log })
  }

  /** As if there had never been such a session. */
  without(rows: Rows, { sessionId, entryId }: SessionIds): Rows {
    const key = `${rows.id} ${sessionId}`
    const known = this.#without.get(key) ?? this.#meet(rowsOfOthers(rows, { sessionId, entryId }))
    this.#without.set(key, known)
    return known
  }

  #meet(rows: Omit<Rows, 'id'>): Rows {
    const key = keyOf(rows)
    const known = this.#met.get(key) ?? { ...rows, id: this.#met.size }
    this.#met.set(key, known)
    return known
  }
}

/** Of when something happened, nothing depends: instants do not tell rows apart. */
function keyOf({ sessions, played, usage, log }: Omit<Rows, 'id'>): string {
  const owners = [...sessions.values()].map((row) => {
    const { sessionId, run, report, durationMs, endedAt } = row
    return `${sessionId} ${run} ${report} ${durationMs} ${endedAt === undefined} ${accountTextOf(row)}`
  })
  const reports = [...played].map(([key, ms]) => `${key} ${ms}`)
  const totals = [...usage].flatMap(([entryId, days]) => [...days].map(([day, ms]) => `${entryId} ${day} ${ms}`))
  const lines = log.map(({ type, sessionId }) => `${type} ${sessionId}`)
  return [sorted(owners), sorted(reports), sorted(totals), lines].map((texts) => texts.join()).join('|')
}

/** What the session's runs have counted, as the row tells it. */
function accountTextOf({ text }: SessionRow): string {
  const { account } = JSON.parse(text) as { readonly account?: unknown }
  return JSON.stringify(account ?? null)
}

function namesIn(accountText: string): readonly RunId[] {
  return [...accountText.matchAll(/"run":"(\d+)"/g)].map(([, run = '']) => run)
}

function sorted(texts: readonly string[]): readonly string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : 1))
}

function rowsOfOthers(rows: Rows, { sessionId, entryId }: SessionIds): Omit<Rows, 'id'> {
  return {
    sessions: new Map([...rows.sessions].filter(([id]) => id !== sessionId)),
    played: new Map([...rows.played].filter(([key]) => !(JSON.parse(key) as readonly string[]).includes(sessionId))),
    usage: new Map([...rows.usage].filter(([id]) => id !== entryId)),
    log: rows.log.filter((line) => line.sessionId !== sessionId),
  }
}
