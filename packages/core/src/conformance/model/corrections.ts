import type { Change } from '../../change.ts'
import type { DurationMs, NodeId } from '../../values.ts'
import {
  addUsage,
  appendEvent,
  cooldownOf,
  grantedOf,
  type ModelState,
  type ModelWriter,
  usageOf,
  usedOf,
  withoutCooldown,
} from './state.ts'
import { compareBytes } from './values.ts'

type Correction<T extends Change['type']> = Extract<Change, { readonly type: T }>

/** Never to below zero: the writer's node gives first, then the others, in the order of their names. */
export function adjustUsage(state: ModelState, writer: ModelWriter, change: Correction<'adjust_usage'>): ModelState {
  const { entryId, day, by, why } = change
  const key = { scope: writer.scope, entryId, day }
  const byMs = Math.max(change.byMs, 0 - usedOf(state, key))
  const shares = byMs < 0 ? taken(nodeTotals(state, key), writer.node, -byMs) : [{ node: writer.node, shareMs: byMs }]
  const next = shares
    .filter(({ shareMs }) => shareMs !== 0)
    .reduce((sofar, { node, shareMs }) => addUsage(sofar, { ...key, node, durationMs: shareMs }), state)
  return appendEvent(next, writer, { type: 'usage_adjusted', entryId, day, byMs, usedMs: usedOf(next, key), by, why })
}

function nodeTotals(state: ModelState, key: Parameters<typeof usedOf>[1]): ReadonlyMap<NodeId, DurationMs> {
  const rows = usageOf(state).filter(
    ({ scope, entryId, day }) => scope === key.scope && entryId === key.entryId && day === key.day,
  )
  const byNode = Map.groupBy(rows, ({ node }) => node)
  return new Map([...byNode].map(([node, own]) => [node, own.reduce((sum, row) => sum + row.durationMs, 0)]))
}

function taken(totals: ReadonlyMap<NodeId, DurationMs>, first: NodeId, ms: DurationMs) {
  const others = [...totals.keys()].filter((node) => node !== first).toSorted(compareBytes)
  let left = ms
  return [first, ...others].map((node) => {
    const shareMs = -Math.min(left, totals.get(node) ?? 0)
    left += shareMs
    return { node, shareMs }
  })
}

/** Never to below zero. */
export function grantTime(state: ModelState, writer: ModelWriter, change: Correction<'grant_time'>): ModelState {
  const { entryId, day, by, why } = change
  const key = { scope: writer.scope, entryId, day }
  const before = grantedOf(state, key)
  const byMs = Math.max(change.byMs, 0 - before)
  const next = { ...state, grants: [...state.grants, { ...key, grantedMs: byMs }] }
  const grantedMs = grantedOf(next, key)
  return appendEvent(next, writer, { type: 'time_granted', entryId, day, byMs, grantedMs, by, why })
}

/** The log tells of it when somebody says so. */
export function clearCooldown(
  state: ModelState,
  writer: ModelWriter,
  change: Correction<'clear_cooldown'>,
): ModelState {
  const { entryId, by, why } = change
  const key = { scope: writer.scope, entryId }
  const cleared = withoutCooldown(state, key)
  if (by === undefined || why === undefined) return cleared
  return appendEvent(cleared, writer, { type: 'cooldown_cleared', entryId, until: cooldownOf(state, key), by, why })
}
