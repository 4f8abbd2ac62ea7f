import {
  type AuditRequest,
  type AuditRow,
  type CalendarSettings,
  compareText,
  cooldownKey,
  decideGroup,
  type Effect,
  ERASED_TEXT,
  isWithin,
  linkHash,
  nodeKey,
  operationKey,
  outcomesOf,
  playedKey,
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
import { checkMaps } from './map-check.ts'
import type { Keys, MapData, Row } from './map-data.ts'

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
    openSession: (key) => open().find(matching(key)),
    log: () => ({ ...data.log }),
    played: (key) => data.played.get(playedKey(key)) ?? 0,
  }

  function apply(effect: Effect): void {
    if (effect.table === 'audit') {
      const { head } = data.log
      const place = { id: head.id + 1, hash: linkHash(head.hash, head.id + 1, effect.content.digest) }
      data.audits.push({ ...effect.content, ...place })
      data.log.head = place
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
    else if (effect.table === 'node') data.nodes.set(effect.node, { node: effect.node, lastSeenAt: effect.at })
    else applyToLog(effect)
  }

  function applyToLog(effect: Extract<Effect, { table: 'audit_cut' | 'audit_removal' | 'forget' | 'erasure' }>): void {
    if (effect.table === 'audit_cut') {
      data.log.start = effect.through
      if (data.log.head.id === 0) data.log.head = effect.through
    } else if (effect.table === 'audit_removal') {
      const { firstId, throughId } = effect
      data.audits.splice(0, Infinity, ...data.audits.filter(({ id }) => id < firstId || id > throughId))
    } else if (effect.table === 'erasure') {
      const index = data.audits.findIndex(({ id }) => id === effect.id)
      const row = data.audits[index]
      if (row !== undefined) data.audits[index] = erased(row, effect.contentDigest)
    } else {
      data.log.forgottenId = effect.throughId
      for (const rows of mapsOf(data)) {
        for (const key of rows.keys()) if (isOfScope(key, effect.scope)) rows.delete(key)
      }
    }
  }

  function applyUnit({ operation }: WriteUnit, effects: readonly Effect[]): readonly AuditRow[] {
    const before = data.log.head.id
    effects.forEach(apply)
    const recorded = { firstAuditId: before + 1, auditCount: data.log.head.id - before }
    if (operation) data.operations.set(operationKey(operation), { digest: operation.digest, ...recorded })
    return data.audits.filter(({ id }) => id > before)
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
    async read({ usage, extra, sessions, nodes, cooldowns, snapshots, audits, log, firstAudit, scopeKnown }) {
      const { by = [] } = usage ?? {}
      const groups = Map.groupBy(usage ? rowsOf(data.usage.values(), usage) : [], (row) =>
        JSON.stringify(Object.fromEntries(by.map((part) => [part, row[part]]))),
      )
      const extraOf = (rows: Iterable<Row>) => (extra ? rowsOf(rows, { ...extra, ...extra.span }) : [])
      const [first] = data.audits
      const snapshot = snapshots && data.snapshots.get(nodeKey(snapshots))
      return {
        usage: [...groups].map(([key, rows]) => ({ ...(JSON.parse(key) as Partial<Keys>), ...sum(rows) })),
        grants: byEntry(extraOf(data.grants.values())),
        reserved: byEntry(extraOf(reserved())),
        sessions: sessions ? newestOf(sessions.open ? open() : data.sessions.values(), sessions) : [],
        nodes: [...data.nodes.values()].toSorted((a, b) => compareText(a.node, b.node)).slice(0, nodes?.limit ?? 0),
        cooldowns: cooldowns ? [...data.cooldowns.values()].filter(matching(cooldowns)) : [],
        snapshots: snapshot ? [snapshot] : [],
        audits: audits ? pageOf(data, audits) : [],
        ...(log ? { log: { ...data.log } } : {}),
        ...(scopeKnown ? { isScopeKnown: isKnown(data, scopeKnown) } : {}),
        ...(firstAudit && first ? { firstAuditId: first.id } : {}),
      }
    },
    probe: async () => ({ backend: 'map', version: '1', schemaVersion: 1 }),
    check: async (place) => checkMaps(data, place),
    close: async () => {},
  }
}

/** What is kept of scopes beside the log. */
function mapsOf({ usage, cooldowns, snapshots, operations, sessions, played, grants }: MapData) {
  return [usage, cooldowns, snapshots, operations, sessions, played, grants] as const
}

/** Keys begin with the scope. */
function isOfScope(key: string, scope: string): boolean {
  return (JSON.parse(key) as string[])[0] === scope
}

function isKnown(data: MapData, scope: string): boolean {
  const keys = mapsOf(data).flatMap((rows) => [...rows.keys()])
  return keys.some((key) => isOfScope(key, scope)) || data.audits.some((row) => row.scope === scope)
}

function pageOf({ audits, log }: MapData, request: AuditRequest): readonly AuditRow[] {
  const { after = 0, before = Infinity, types, from, to, order, limit } = request
  const rows = audits
    .filter(matching(request))
    .filter(({ id }) => id > Math.max(after, log.start.id) && id < before)
    .filter(({ type }) => types === undefined || types.includes(type))
    .filter(({ timestamp }) => (from === undefined || timestamp >= from) && (to === undefined || timestamp < to))
  return (order === 'desc' ? rows.toReversed() : rows).slice(0, limit)
}

function erased(row: AuditRow, contentDigest: string): AuditRow {
  const { id, timestamp, scope, node, digest, hash } = row
  return { id, timestamp, scope, node, type: 'erased', text: ERASED_TEXT, contentDigest, digest, hash }
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
