import {
  type AuditRow,
  type CalendarSettings,
  compareText,
  cooldownKey,
  type Day,
  decideGroup,
  type Effect,
  GENESIS_HASH,
  isWithin,
  linkHash,
  nodeKey,
  type NodeRecord,
  operationKey,
  outcomesOf,
  playedKey,
  type RecordedOperation,
  sessionKey,
  type SessionRequest,
  type SessionRow,
  type Span,
  type StoreDriver,
  type StoredState,
  type Sum,
  usageKey,
  type WriteUnit,
} from '@shepherd-store/core'

type Keys = { readonly scope: string; readonly entryId: string; readonly day: Day; readonly node: string }
type Row = Omit<Keys, 'node'> & { durationMs: number }

/** What a database would hold. Drivers on the same data are handles on one store. */
export class MapData {
  readonly audits: AuditRow[] = []
  readonly usage = new Map<string, Keys & Row>()
  readonly cooldowns = new Map<string, { readonly scope: string; readonly entryId: string; readonly until: Date }>()
  readonly snapshots = new Map<string, { readonly revision: number; readonly text: string }>()
  readonly operations = new Map<string, RecordedOperation>()
  readonly sessions = new Map<string, SessionRow>()
  readonly played = new Map<string, number>()
  readonly grants = new Map<string, Row>()
  readonly nodes = new Map<string, NodeRecord>()
}

/** A whole backend on plain maps: what writing one takes. */
export function mapDriver(data: MapData, calendar: CalendarSettings): StoreDriver {
  const open = () => [...data.sessions.values()].filter(({ endedAt }) => endedAt === undefined)
  const reserved = () => open().flatMap(({ reserved: ahead, ...row }): Row[] => (ahead ? [{ ...row, ...ahead }] : []))
  const stored: StoredState = {
    usage: (span) => sum(rowsOf(data.usage.values(), span)),
    nodeUsage: ({ scope, entryId, day }) => [...data.usage.values()].filter(matching({ scope, entryId, day })),
    granted: (span) => sum(rowsOf(data.grants.values(), span)),
    reserved: (span) => sum(rowsOf(reserved(), span)),
    cooldown: (key) => data.cooldowns.get(cooldownKey(key))?.until,
    revision: (key) => data.snapshots.get(nodeKey(key))?.revision ?? 0,
    operation: (key) => data.operations.get(operationKey(key)),
    session: (key) => data.sessions.get(sessionKey(key)),
    openSession: ({ scope, node }) => open().find(matching({ scope, node })),
    played: (key) => data.played.get(playedKey(key)) ?? 0,
  }

  function apply(effect: Effect): void {
    if (effect.table === 'audit') {
      const { id, hash } = data.audits.at(-1) ?? { id: 0, hash: GENESIS_HASH }
      data.audits.push({ ...effect.content, id: id + 1, hash: linkHash(hash, id + 1, effect.content.digest) })
    } else if (effect.table === 'usage') {
      const { scope, entryId, day, node, addMs } = effect
      const key = JSON.stringify([scope, entryId, day, node])
      data.usage.set(key, { scope, entryId, day, node, durationMs: addMs + (data.usage.get(key)?.durationMs ?? 0) })
    } else if (effect.table === 'cooldown') {
      const { scope, entryId, until } = effect
      if (until === undefined) data.cooldowns.delete(cooldownKey(effect))
      else data.cooldowns.set(cooldownKey(effect), { scope, entryId, until })
    } else if (effect.table === 'snapshot') {
      data.snapshots.set(nodeKey(effect), { revision: stored.revision(effect) + 1, text: effect.text })
    } else if (effect.table === 'session') data.sessions.set(sessionKey(effect.row), effect.row)
    else if (effect.table === 'played') data.played.set(playedKey(effect), effect.playedMs)
    else if (effect.table === 'grant') data.grants.set(usageKey(effect), { ...effect, durationMs: effect.grantedMs })
    else data.nodes.set(effect.node, { node: effect.node, lastSeenAt: effect.at })
  }

  function applyUnit({ operation }: WriteUnit, effects: readonly Effect[]): readonly AuditRow[] {
    const before = data.audits.length
    effects.forEach(apply)
    const recorded = { firstAuditId: before + 1, auditCount: data.audits.length - before }
    if (operation) data.operations.set(operationKey(operation), { digest: operation.digest, ...recorded })
    return data.audits.slice(before)
  }

  return {
    contract: 1,
    capabilities: { durability: 'none', sharing: 'process' },
    calendar,
    async write(units) {
      const decisions = decideGroup(units, stored)
      const positions = units.flatMap((unit, index) => {
        const decision = decisions[index]
        return decision?.type === 'apply' ? applyUnit(unit, decision.effects) : []
      })
      return outcomesOf(decisions, positions)
    },
    async read({ usage, extra, sessions, nodes, cooldowns, snapshots, audits }) {
      const { by = [] } = usage ?? {}
      const groups = Map.groupBy(usage ? rowsOf(data.usage.values(), usage) : [], (row) =>
        JSON.stringify(Object.fromEntries(by.map((part) => [part, row[part]]))),
      )
      const extraOf = (rows: Iterable<Row>) => (extra ? rowsOf(rows, { ...extra, ...extra.span }) : [])
      const { after = 0, before = Infinity, order, limit } = audits ?? { limit: 0 }
      const page = data.audits.filter(matching(audits)).filter(({ id }) => id > after && id < before)
      const snapshot = snapshots && data.snapshots.get(nodeKey(snapshots))
      return {
        usage: [...groups].map(([key, rows]) => ({ ...(JSON.parse(key) as Partial<Keys>), ...sum(rows) })),
        grants: byEntry(extraOf(data.grants.values())),
        reserved: byEntry(extraOf(reserved())),
        sessions: sessions ? newestOf(sessions.open ? open() : data.sessions.values(), sessions) : [],
        nodes: [...data.nodes.values()].toSorted((a, b) => compareText(a.node, b.node)).slice(0, nodes?.limit ?? 0),
        cooldowns: cooldowns ? [...data.cooldowns.values()].filter(matching(cooldowns)) : [],
        snapshots: snapshot ? [snapshot] : [],
        audits: (order === 'desc' ? page.toReversed() : page).slice(0, limit),
      }
    },
    probe: async () => ({ backend: 'map', version: '1', schemaVersion: 1 }),
    close: async () => {},
  }
}

function newestOf(rows: Iterable<SessionRow>, { after, limit, ...wanted }: SessionRequest): readonly SessionRow[] {
  return [...rows]
    .filter(matching(wanted))
    .filter((row) => after === undefined || newestFirst(after, row) < 0)
    .toSorted(newestFirst)
    .slice(0, limit)
}

type Place = NonNullable<SessionRequest['after']>

function newestFirst(a: Place, b: Place): number {
  const laterMs = b.startedAt.getTime() - a.startedAt.getTime()
  return laterMs || compareText(b.scope, a.scope) || compareText(b.sessionId, a.sessionId)
}

/** The rows on days of the span that have all the keys which `wanted` names. */
function rowsOf<R extends Row>(rows: Iterable<R>, { from, to, ...wanted }: Span & Partial<Keys>): readonly R[] {
  const span = to === undefined ? { from } : { from, to }
  return [...rows].filter(({ day }) => isWithin(day, span)).filter(matching(wanted))
}

type Wanted = Partial<Keys & { readonly sessionId: string }>

function matching(wanted: Wanted = {}): (row: Wanted) => boolean {
  const keys = (['scope', 'entryId', 'day', 'node', 'sessionId'] as const).filter((key) => wanted[key] !== undefined)
  return (row) => keys.every((key) => row[key] === wanted[key])
}

function byEntry(rows: readonly Row[]) {
  const entries = Map.groupBy(rows, ({ entryId }) => entryId)
  return [...entries].map(([entryId, of]) => ({ entryId, ...sum(of) }))
}

function sum(rows: readonly { readonly durationMs: number }[]): Sum {
  const readable = rows.filter(({ durationMs }) => durationMs >= 0)
  const durationMs = readable.reduce((total, row) => total + row.durationMs, 0)
  return { durationMs, unreadable: rows.length - readable.length }
}
