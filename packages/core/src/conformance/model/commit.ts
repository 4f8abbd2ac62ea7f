import { isDeepStrictEqual } from 'node:util'
import type { AuditRecord } from '../../audit.ts'
import type { Applied, Change, Condition, FailedCondition, Refused, UsageAfter } from '../../change.ts'
import type { Day } from '../../day.ts'
import { LIMITS } from '../../limits.ts'
import type { SavedSnapshot } from '../../snapshot.ts'
import type { DurationMs, EntryId, NodeId, OperationId, Scope } from '../../values.ts'
import { legalEvent, legalOriginal, legalSnapshot } from './payloads.ts'
import type { Legal } from './values.ts'
import {
  anyObject,
  legalDay,
  legalDuration,
  legalId,
  legalInstant,
  legalInteger,
  legalList,
  legalObject,
  ModelError,
  optional,
  refuse,
} from './values.ts'

/** All that a store remembers. */
export interface ModelState {
  /** In the order of the log: the record with id 1 first. */
  readonly audits: readonly ModelRecord[]
  readonly usage: readonly ModelUsage[]
  readonly cooldowns: readonly ModelCooldown[]
  readonly snapshots: readonly ModelSnapshot[]
  readonly operations: readonly ModelOperation[]
}

/** The model computes no hashes; that they chain is `verifyAudits`' claim. */
export type ModelRecord = Omit<AuditRecord, 'hash'>
export type ModelUsage = {
  readonly scope: Scope
  readonly day: Day
  readonly entryId: EntryId
  readonly node: NodeId
  readonly durationMs: DurationMs
}
export type ModelCooldown = { readonly scope: Scope; readonly entryId: EntryId; readonly until: Date }
type ModelSnapshot = SavedSnapshot & { readonly scope: Scope; readonly node: NodeId }
type ModelOperation = {
  readonly scope: Scope
  readonly id: OperationId
  readonly asked: Asked
  readonly audits: readonly ModelRecord[]
}

export const EMPTY_STATE: ModelState = { audits: [], usage: [], cooldowns: [], snapshots: [], operations: [] }

/** Who writes, and when. */
export interface ModelWriter {
  readonly scope: Scope
  readonly node: NodeId
  readonly now: Date
}

/** What the caller asked for, before anything that the store fills in: what makes two operations the same. */
interface Asked {
  readonly changes: readonly Change[]
  readonly conditions: readonly Condition[]
}

type ModelApplied = Omit<Applied, 'audits'> & { readonly audits: readonly ModelRecord[] }
export interface ModelCommit {
  readonly state: ModelState
  readonly result: ModelApplied | Refused
}

/** @throws ModelError `INVALID_ARGUMENT`, `OPERATION_MISMATCH`; then the state stays as it was. */
export function modelCommit(state: ModelState, writer: ModelWriter, changes: unknown, options: unknown): ModelCommit {
  const { if: conditions, operationId, operationAt } = legalObject(options, ['if', 'operationId', 'operationAt'])
  const asked: Asked = {
    changes: legalList(legalChange, 1, LIMITS.CHANGES_MAX)(changes),
    conditions: optional(legalList(legalCondition, 1, LIMITS.CONDITIONS_MAX))(conditions) ?? [],
  }
  const id = legalOperation(writer, operationId, operationAt)

  const earlier = state.operations.find((operation) => operation.scope === writer.scope && operation.id === id)
  if (earlier !== undefined) return repeat(state, writer, earlier, asked)
  const failed = asked.conditions.flatMap((condition) => failure(state, writer, condition) ?? [])
  if (failed.length > 0) return { state, result: { applied: false, failed } }
  return apply(state, writer, asked, id)
}

const legalChange: Legal<Change> = (value) => {
  const { type, ...fields } = anyObject(value)
  switch (type) {
    case 'append_audit': {
      const { event } = legalObject(fields, ['event'])
      return { type, event: legalEvent(event) }
    }
    case 'import_audit': {
      const { timestamp, event, original } = legalObject(fields, ['timestamp', 'event', 'original'])
      return { type, timestamp: legalInstant(timestamp), event: legalEvent(event), original: legalOriginal(original) }
    }
    case 'add_usage': {
      const { entryId, day, durationMs } = legalObject(fields, ['entryId', 'day', 'durationMs'])
      return { type, entryId: legalId(entryId), day: legalDay(day), durationMs: legalDuration(durationMs) }
    }
    case 'set_cooldown':
    case 'extend_cooldown': {
      const { entryId, until } = legalObject(fields, ['entryId', 'until'])
      return { type, entryId: legalId(entryId), until: legalInstant(until) }
    }
    case 'clear_cooldown': {
      const { entryId } = legalObject(fields, ['entryId'])
      return { type, entryId: legalId(entryId) }
    }
    case 'save_snapshot': {
      const { snapshot } = legalObject(fields, ['snapshot'])
      return { type, snapshot: legalSnapshot(snapshot) }
    }
    default:
      return refuse()
  }
}

const legalCondition: Legal<Condition> = (value) => {
  const { type, ...fields } = anyObject(value)
  switch (type) {
    case 'usage_below': {
      const { entryId, day, limitMs } = legalObject(fields, ['entryId', 'day', 'limitMs'])
      return { type, entryId: legalId(entryId), day: legalDay(day), limitMs: legalDuration(limitMs) }
    }
    case 'no_cooldown': {
      const { entryId, at } = legalObject(fields, ['entryId', 'at'])
      return { type, entryId: legalId(entryId), at: optional(legalInstant)(at) }
    }
    case 'snapshot_revision_is': {
      const { revision } = legalObject(fields, ['revision'])
      return { type, revision: legalInteger(0, Number.MAX_SAFE_INTEGER)(revision) }
    }
    default:
      return refuse()
  }
}

function legalOperation({ now }: ModelWriter, operationId: unknown, operationAt: unknown): OperationId | undefined {
  const id = optional(legalId)(operationId)
  const at = optional(legalInstant)(operationAt)
  if (at === undefined) return id
  const forgotten = at.getTime() < now.getTime() - LIMITS.OPERATION_RETENTION_MS
  return id === undefined || forgotten ? refuse() : id
}

function repeat(state: ModelState, writer: ModelWriter, earlier: ModelOperation, asked: Asked): ModelCommit {
  if (!isDeepStrictEqual(earlier.asked, asked)) throw new ModelError('OPERATION_MISMATCH')
  const usage = totalsOf(state, writer, asked.changes)
  return { state, result: { applied: true, repeated: true, audits: earlier.audits, usage } }
}

function failure(
  state: ModelState,
  { scope, node, now }: ModelWriter,
  condition: Condition,
): FailedCondition | undefined {
  switch (condition.type) {
    case 'usage_below': {
      const usedMs = usedOf(state, { ...condition, scope })
      return usedMs < condition.limitMs ? undefined : { ...condition, usedMs }
    }
    case 'no_cooldown': {
      const { type, entryId, at = now } = condition
      const until = cooldownOf(state, { scope, entryId })
      return until === undefined || until <= at ? undefined : { type, entryId, until }
    }
    case 'snapshot_revision_is': {
      const revision = snapshotOf(state, { scope, node })?.revision ?? 0
      return revision === condition.revision ? undefined : { type: condition.type, revision }
    }
  }
}

function apply(state: ModelState, writer: ModelWriter, asked: Asked, id: OperationId | undefined): ModelCommit {
  const next = asked.changes.reduce((before, change) => applyChange(before, writer, change), state)
  const audits = next.audits.slice(state.audits.length)
  const operations =
    id === undefined ? next.operations : [...next.operations, { scope: writer.scope, id, asked, audits }]
  const usage = totalsOf(next, writer, asked.changes)
  return { state: { ...next, operations }, result: { applied: true, repeated: false, audits, usage } }
}

function applyChange(state: ModelState, writer: ModelWriter, change: Change): ModelState {
  const { scope, node, now } = writer
  switch (change.type) {
    case 'append_audit':
      return appendRecord(state, { timestamp: now, node, scope, event: change.event })
    case 'import_audit': {
      const { timestamp, event, original } = change
      return appendRecord(state, { timestamp, node, scope, event, original })
    }
    case 'add_usage': {
      const { entryId, day, durationMs } = change
      return addUsage(state, { scope, day, entryId, node, durationMs })
    }
    case 'set_cooldown':
      return withCooldown(state, { scope, entryId: change.entryId, until: change.until })
    case 'extend_cooldown': {
      const stands = cooldownOf(state, { scope, entryId: change.entryId })
      const until = stands !== undefined && stands > change.until ? stands : change.until
      return withCooldown(state, { scope, entryId: change.entryId, until })
    }
    case 'clear_cooldown':
      return withoutCooldown(state, { scope, entryId: change.entryId })
    case 'save_snapshot': {
      const others = state.snapshots.filter((row) => row.scope !== scope || row.node !== node)
      const revision = (snapshotOf(state, { scope, node })?.revision ?? 0) + 1
      return { ...state, snapshots: [...others, { scope, node, snapshot: change.snapshot, revision }] }
    }
  }
}

function appendRecord(state: ModelState, content: Omit<ModelRecord, 'id'>): ModelState {
  return { ...state, audits: [...state.audits, { id: state.audits.length + 1, ...content }] }
}

function addUsage(state: ModelState, added: ModelUsage): ModelState {
  if (usedOf(state, added) + added.durationMs > LIMITS.DURATION_MS_MAX) return refuse()
  return { ...state, usage: [...state.usage, added] }
}

function withCooldown(state: ModelState, cooldown: ModelCooldown): ModelState {
  return { ...state, cooldowns: [...withoutCooldown(state, cooldown).cooldowns, cooldown] }
}

function withoutCooldown(state: ModelState, { scope, entryId }: Omit<ModelCooldown, 'until'>): ModelState {
  return { ...state, cooldowns: state.cooldowns.filter((row) => row.scope !== scope || row.entryId !== entryId) }
}

/** The totals of the entries and days that `changes` add to, in the order in which they are first named. */
function totalsOf(state: ModelState, { scope }: ModelWriter, changes: readonly Change[]): readonly UsageAfter[] {
  const added = changes.filter((change) => change.type === 'add_usage')
  const named = new Map(added.map(({ entryId, day }) => [JSON.stringify([entryId, day]), { entryId, day }]))
  return [...named.values()].map(({ entryId, day }) => ({
    entryId,
    day,
    usedMs: usedOf(state, { scope, entryId, day }),
  }))
}

/** The entry's total on the day, over all nodes. */
export function usedOf(
  state: ModelState,
  { scope, entryId, day }: Omit<ModelUsage, 'node' | 'durationMs'>,
): DurationMs {
  const rows = state.usage.filter((row) => row.scope === scope && row.entryId === entryId && row.day === day)
  return rows.reduce((sum, { durationMs }) => sum + durationMs, 0)
}

export function cooldownOf(state: ModelState, { scope, entryId }: Omit<ModelCooldown, 'until'>): Date | undefined {
  return state.cooldowns.find((row) => row.scope === scope && row.entryId === entryId)?.until
}

export function snapshotOf(
  state: ModelState,
  { scope, node }: { scope: Scope; node: NodeId },
): SavedSnapshot | undefined {
  const row = state.snapshots.find((saved) => saved.scope === scope && saved.node === node)
  return row && { snapshot: row.snapshot, revision: row.revision }
}
