import {
  auditContents,
  type AuditRow,
  type CalendarSettings,
  cooldownKey,
  decideGroup,
  type DriverChange,
  GENESIS_HASH,
  linkHash,
  operationKey,
  outcomesOf,
  type RecordedOperation,
  snapshotKey,
  type StoreDriver,
  type StoredState,
  type WriteUnit,
} from '@shepherd-store/core'

type Keys = { readonly scope: string; readonly entryId: string; readonly day: string; readonly node: string }

/** What a database would hold. Drivers on the same data are handles on one store. */
export class MapData {
  readonly audits: AuditRow[] = []
  readonly usage = new Map<string, Keys & { durationMs: number }>()
  readonly cooldowns = new Map<string, { readonly scope: string; readonly entryId: string; readonly until: Date }>()
  readonly snapshots = new Map<string, { readonly revision: number; readonly text: string }>()
  readonly operations = new Map<string, RecordedOperation>()
}

/** A whole backend on plain maps: what writing one takes. */
export function mapDriver(data: MapData, calendar: CalendarSettings): StoreDriver {
  const stored: StoredState = {
    usage: (key) => sum([...data.usage.values()].filter(matching(key))),
    cooldown: (key) => data.cooldowns.get(cooldownKey(key))?.until,
    revision: (key) => data.snapshots.get(snapshotKey(key))?.revision ?? 0,
    operation: (key) => data.operations.get(operationKey(key)),
  }

  function apply(change: DriverChange): void {
    if (change.table === 'audit') {
      const { id, hash } = data.audits.at(-1) ?? { id: 0, hash: GENESIS_HASH }
      data.audits.push({ ...change.content, id: id + 1, hash: linkHash(hash, id + 1, change.content.digest) })
    } else if (change.table === 'usage') {
      const { scope, entryId, day, node, addMs } = change
      const key = JSON.stringify([scope, entryId, day, node])
      data.usage.set(key, { scope, entryId, day, node, durationMs: addMs + (data.usage.get(key)?.durationMs ?? 0) })
    } else if (change.table === 'cooldown') {
      const { scope, entryId, until, keepLater } = change
      const stands = keepLater ? stored.cooldown(change) : undefined
      if (until === undefined) data.cooldowns.delete(cooldownKey(change))
      else if (!stands || stands <= until) data.cooldowns.set(cooldownKey(change), { scope, entryId, until })
    } else data.snapshots.set(snapshotKey(change), { revision: stored.revision(change) + 1, text: change.text })
  }

  function applyUnit({ operation, changes }: WriteUnit) {
    const recorded = { firstAuditId: data.audits.length + 1, auditCount: auditContents(changes).length }
    changes.forEach(apply)
    if (operation) data.operations.set(operationKey(operation), { digest: operation.digest, ...recorded })
    return data.audits.slice(recorded.firstAuditId - 1)
  }

  return {
    contract: 1,
    capabilities: { durability: 'none', sharing: 'process' },
    calendar,
    async write(units) {
      const decisions = decideGroup(units, stored)
      const positions = units.flatMap((unit, index) => (decisions[index]?.type === 'apply' ? applyUnit(unit) : []))
      return outcomesOf(units, decisions, positions)
    },
    async read({ usage, cooldowns, snapshots, audits }) {
      const { from = '', to = '\uffff', by = [] } = usage ?? {}
      const days = [...data.usage.values()].filter(({ day }) => day >= from && day < to).filter(matching(usage))
      const groups = Map.groupBy(days, (row) => JSON.stringify(Object.fromEntries(by.map((part) => [part, row[part]]))))
      const { after = 0, before = Infinity, order, limit } = audits ?? { limit: 0 }
      const page = data.audits.filter(matching(audits)).filter(({ id }) => id > after && id < before)
      const snapshot = snapshots && data.snapshots.get(snapshotKey(snapshots))
      return {
        usage: usage ? [...groups].map(([key, rows]) => ({ ...(JSON.parse(key) as object), ...sum(rows) })) : [],
        cooldowns: cooldowns ? [...data.cooldowns.values()].filter(matching(cooldowns)) : [],
        snapshots: snapshot ? [snapshot] : [],
        audits: (order === 'desc' ? page.toReversed() : page).slice(0, limit),
      }
    },
    probe: async () => ({ backend: 'map', version: '1', schemaVersion: 1 }),
    close: async () => {},
  }
}

function matching(wanted: Partial<Keys> = {}): (row: Partial<Keys>) => boolean {
  const keys = (['scope', 'entryId', 'day', 'node'] as const).filter((key) => wanted[key] !== undefined)
  return (row) => keys.every((key) => row[key] === wanted[key])
}

function sum(rows: readonly { durationMs: number }[]): { durationMs: number; unreadable: number } {
  const readable = rows.filter(({ durationMs }) => durationMs >= 0)
  const durationMs = readable.reduce((total, row) => total + row.durationMs, 0)
  return { durationMs, unreadable: rows.length - readable.length }
}
