import type { Change, Condition } from '../../change.ts'
import { LIMITS } from '../../limits.ts'
import type { OperationId } from '../../values.ts'
import { type Fields, legalCase } from './fields.ts'
import { legalEvent, legalOriginal, legalReason, legalSnapshot } from './payloads.ts'
import { QUOTA, SESSION_CHANGES } from './session-values.ts'
import type { Asked, ModelWriter } from './state.ts'
import {
  anyObject,
  type Legal,
  legalDay,
  legalDuration,
  legalId,
  legalInstant,
  legalInteger,
  legalList,
  optional,
  refuse,
} from './values.ts'

/** The changes and conditions of a commit. */
export function legalAsked(changes: unknown, conditions: unknown): Asked {
  const asked: Asked = {
    changes: legalList(legalChange, 1, LIMITS.CHANGES_MAX)(changes),
    conditions: optional(legalList(legalCondition, 1, LIMITS.CONDITIONS_MAX))(conditions) ?? [],
  }
  const opened = asked.changes.filter(({ type }) => type === 'start_session' || type === 'import_session').length
  const mayBeRefused = asked.conditions.some(({ type }) => type === 'no_open_session')
  const days = asked.changes.flatMap((change) => ('played' in change ? change.played : [])).length
  const isLegal = opened === 0 || (opened === 1 && mayBeRefused)
  return isLegal && days <= LIMITS.SESSION_REPORT_DAYS_MAX ? asked : refuse()
}

export function legalOperation(
  { now }: ModelWriter,
  operationId: unknown,
  operationAt: unknown,
): OperationId | undefined {
  const id = optional(legalId)(operationId)
  const at = optional(legalInstant)(operationAt)
  if (at === undefined) return id
  const forgotten = at.getTime() < now.getTime() - LIMITS.OPERATION_RETENTION_MS
  return id === undefined || forgotten ? refuse() : id
}

const CORRECTION: Fields = { by: legalId, why: legalReason }
const CORRECTED_DAY: Fields = {
  entryId: legalId,
  day: legalDay,
  byMs: legalInteger(-LIMITS.DURATION_MS_MAX, LIMITS.DURATION_MS_MAX),
  ...CORRECTION,
}

const CHANGES: Readonly<Record<Change['type'], Fields>> = {
  append_audit: { event: legalEvent },
  import_audit: { timestamp: legalInstant, event: legalEvent, original: legalOriginal },
  add_usage: { entryId: legalId, day: legalDay, durationMs: legalDuration },
  set_cooldown: { entryId: legalId, until: legalInstant },
  extend_cooldown: { entryId: legalId, until: legalInstant },
  clear_cooldown: { entryId: legalId, by: optional(legalId), why: optional(legalReason) },
  adjust_usage: CORRECTED_DAY,
  grant_time: CORRECTED_DAY,
  save_snapshot: { snapshot: legalSnapshot },
  ...SESSION_CHANGES,
}

const CONDITIONS: Readonly<Record<Condition['type'], Fields>> = {
  usage_below: { entryId: legalId, day: legalDay, ...QUOTA },
  no_cooldown: { entryId: legalId, at: optional(legalInstant) },
  snapshot_revision_is: { revision: legalInteger(0, Number.MAX_SAFE_INTEGER) },
  no_open_session: {},
}

const legalChange: Legal<Change> = (value) => {
  const change = legalCase(CHANGES)(value) as Change
  if (change.type !== 'clear_cooldown') return change
  // Who and why, or neither.
  const { by, why } = anyObject(change)
  return (by === undefined) === (why === undefined) ? change : refuse()
}

const legalCondition: Legal<Condition> = (value) => legalCase(CONDITIONS)(value) as Condition
