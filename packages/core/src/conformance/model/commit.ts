import { isDeepStrictEqual } from 'node:util'
import type { Applied, Change, Refused, UsageAfter } from '../../change.ts'
import type { SessionAfter } from '../../session.ts'
import type { OperationId } from '../../values.ts'
import { legalAsked, legalOperation } from './asked.ts'
import { failureOf } from './conditions.ts'
import { adjustUsage, clearCooldown, grantTime } from './corrections.ts'
import { applySessionChange } from './session-changes.ts'
import { daysOf, startedBefore, standing } from './sessions.ts'
import {
  addUsage,
  appendEvent,
  appendRecord,
  type Asked,
  type ModelRecord,
  type ModelState,
  type ModelWriter,
  snapshotOf,
  usedOf,
  withCooldown,
  withLaterCooldown,
} from './state.ts'
import { legalObject, ModelError } from './values.ts'

type ModelApplied = Omit<Applied, 'audits'> & { readonly audits: readonly ModelRecord[] }
export interface ModelCommit {
  readonly state: ModelState
  readonly result: ModelApplied | Refused
}

/** @throws ModelError; then the state stays as it was. */
export function modelCommit(state: ModelState, writer: ModelWriter, changes: unknown, options: unknown): ModelCommit {
  const { if: conditions, operationId, operationAt } = legalObject(options, ['if', 'operationId', 'operationAt'])
  const asked = legalAsked(changes, conditions)
  const id = legalOperation(writer, operationId, operationAt)

  const earlier = state.operations.find((operation) => operation.scope === writer.scope && operation.id === id)
  if (earlier !== undefined && !isDeepStrictEqual(earlier.asked, asked)) throw new ModelError('OPERATION_MISMATCH')
  if (earlier !== undefined) return repeat(state, writer, asked, earlier.audits)
  // What was started is not started again, whatever the conditions say now.
  if (asked.changes.some((change) => startedBefore(state, writer, change))) return repeat(state, writer, asked, [])
  const failed = asked.conditions.flatMap((condition) => failureOf(state, writer, condition) ?? [])
  if (failed.length > 0) return { state, result: { applied: false, failed } }
  return apply(state, writer, asked, id)
}

function repeat(
  state: ModelState,
  writer: ModelWriter,
  { changes }: Asked,
  audits: readonly ModelRecord[],
): ModelCommit {
  const usage = totalsOf(state, writer, changes)
  const sessions = changes.flatMap((change) => standing(state, writer, change))
  return { state, result: { applied: true, repeated: true, audits, sessions, usage } }
}

function apply(state: ModelState, writer: ModelWriter, asked: Asked, id: OperationId | undefined): ModelCommit {
  let next = state
  const sessions: SessionAfter[] = []
  for (const change of asked.changes) {
    const { after, ...applied } = applyChange(next, writer, change)
    next = applied.state
    if (after !== undefined) sessions.push(after)
  }
  const audits = next.audits.slice(state.audits.length)
  const usage = totalsOf(next, writer, asked.changes)
  if (id !== undefined) next = { ...next, operations: [...next.operations, { scope: writer.scope, id, asked, audits }] }
  return { state: next, result: { applied: true, repeated: false, audits, sessions, usage } }
}

function applyChange(
  state: ModelState,
  writer: ModelWriter,
  change: Change,
): { readonly state: ModelState; readonly after?: SessionAfter } {
  const { scope, node } = writer
  switch (change.type) {
    case 'append_audit':
      return { state: appendEvent(state, writer, change.event) }
    case 'import_audit': {
      const { timestamp, event, original } = change
      return { state: appendRecord(state, { timestamp, node, scope, event, original }) }
    }
    case 'add_usage': {
      const { entryId, day, durationMs } = change
      return { state: addUsage(state, { scope, day, entryId, node, durationMs }) }
    }
    case 'set_cooldown':
      return { state: withCooldown(state, { scope, entryId: change.entryId, until: change.until }) }
    case 'extend_cooldown':
      return { state: withLaterCooldown(state, { scope, entryId: change.entryId, until: change.until }) }
    case 'clear_cooldown':
      return { state: clearCooldown(state, writer, change) }
    case 'adjust_usage':
      return { state: adjustUsage(state, writer, change) }
    case 'grant_time':
      return { state: grantTime(state, writer, change) }
    case 'save_snapshot': {
      const others = state.snapshots.filter((row) => row.scope !== scope || row.node !== node)
      const revision = (snapshotOf(state, { scope, node })?.revision ?? 0) + 1
      return { state: { ...state, snapshots: [...others, { scope, node, snapshot: change.snapshot, revision }] } }
    }
    case 'start_session':
    case 'import_session':
    case 'report_session':
    case 'warn_session':
    case 'extend_session':
    case 'end_session':
    case 'recover_session':
    case 'continue_session':
      return applySessionChange(state, writer, change)
  }
}

/** The totals of the days that `changes` are about, in the order in which they are first named. */
function totalsOf(state: ModelState, { scope }: ModelWriter, changes: readonly Change[]): readonly UsageAfter[] {
  const about = changes.flatMap(daysOf)
  const named = new Map(about.map(({ entryId, day }) => [JSON.stringify([entryId, day]), { entryId, day }]))
  return [...named.values()].map(({ entryId, day }) => ({
    entryId,
    day,
    usedMs: usedOf(state, { scope, entryId, day }),
  }))
}
