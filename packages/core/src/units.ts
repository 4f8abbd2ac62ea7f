import type { AuditEvent, OriginalRecord } from './audit.ts'
import { contentDigest, sha256 } from './chain.ts'
import type { Change, CommitOptions, Condition, WriteOptions } from './change.ts'
import type { Clock } from './clock.ts'
import { parseDay } from './day.ts'
import type { AuditContent, DriverChange, DriverCondition, Operation, WriteUnit } from './driver.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { JsonValue, NodeId, Scope } from './values.ts'
import { checkDuration, checkFields, checkId, checkInstant, checkInteger, describe } from './values.ts'
import { canonicalJson, encodeEvent, encodeSnapshot } from './wire.ts'

/** Who writes, and by which clock. */
export interface Writer {
  readonly scope: Scope
  readonly node: NodeId
  readonly clock: Clock
}

/** What the caller of `commit` asked for, checked and complete. @throws StoreError `INVALID_ARGUMENT`. */
export function writeUnit(writer: Writer, changes: readonly Change[], options: CommitOptions): WriteUnit {
  const {
    if: conditions,
    operationId,
    operationAt,
  } = checkFields(options, ['if', 'operationId', 'operationAt'], 'options')
  const asked: Asked = {
    operationId,
    operationAt,
    changes: checkList(changes, 'changes', LIMITS.CHANGES_MAX),
    conditions: conditions === undefined ? [] : checkList(conditions, 'if', LIMITS.CONDITIONS_MAX),
  }
  const now = checkInstant(writer.clock.now(), 'the time of the clock')
  const unit = {
    conditions: asked.conditions.map((condition) => driverCondition(writer, condition, now)),
    changes: asked.changes.map((change) => driverChange(writer, change, now)),
  }
  if (asked.operationId !== undefined) return { ...unit, operation: operationOf(writer, unit, asked, now) }
  if (asked.operationAt !== undefined) throw invalidArgument('operationAt was given without an operationId')
  return unit
}

/** A caller's own objects, in arrays of ours. */
interface Asked extends WriteOptions {
  readonly changes: readonly Change[]
  readonly conditions: readonly Condition[]
}

function driverCondition({ scope, node }: Writer, condition: Condition, now: Date): DriverCondition {
  switch (condition.type) {
    case 'usage_below': {
      const { type, entryId, day, limitMs } = checkFields(condition, ['type', 'entryId', 'day', 'limitMs'], 'condition')
      return {
        type,
        scope,
        entryId: checkId(entryId, 'entryId'),
        day: parseDay(day),
        limitMs: checkDuration(limitMs, 'limitMs'),
      }
    }
    case 'no_cooldown': {
      const { type, entryId, at } = checkFields(condition, ['type', 'entryId', 'at'], 'condition')
      return { type, scope, entryId: checkId(entryId, 'entryId'), at: at === undefined ? now : checkInstant(at, 'at') }
    }
    case 'snapshot_revision_is': {
      const { type, revision } = checkFields(condition, ['type', 'revision'], 'condition')
      return { type, scope, node, revision: checkInteger(revision, 'revision', 0, Number.MAX_SAFE_INTEGER) }
    }
    default:
      throw unknownType(condition, 'condition')
  }
}

function driverChange(writer: Writer, change: Change, now: Date): DriverChange {
  const { scope, node } = writer
  switch (change.type) {
    case 'append_audit': {
      const { event } = checkFields(change, ['type', 'event'], 'change')
      return { table: 'audit', content: auditContent(writer, now, event, undefined) }
    }
    case 'import_audit': {
      const { timestamp, event, original } = checkFields(change, ['type', 'timestamp', 'event', 'original'], 'change')
      const content = auditContent(writer, checkInstant(timestamp, 'timestamp'), event, checkOriginal(original))
      return { table: 'audit', content }
    }
    case 'add_usage': {
      const { entryId, day, durationMs } = checkFields(change, ['type', 'entryId', 'day', 'durationMs'], 'change')
      return {
        table: 'usage',
        scope,
        day: parseDay(day),
        entryId: checkId(entryId, 'entryId'),
        node,
        addMs: checkDuration(durationMs, 'durationMs'),
      }
    }
    case 'set_cooldown':
    case 'extend_cooldown': {
      checkFields(change, ['type', 'entryId', 'until'], 'change')
      const until = checkInstant(change.until, 'until')
      const keepLater = change.type === 'extend_cooldown'
      return { table: 'cooldown', scope, entryId: checkId(change.entryId, 'entryId'), until, keepLater }
    }
    case 'clear_cooldown': {
      const { entryId } = checkFields(change, ['type', 'entryId'], 'change')
      return { table: 'cooldown', scope, entryId: checkId(entryId, 'entryId'), keepLater: false }
    }
    case 'save_snapshot': {
      const { snapshot } = checkFields(change, ['type', 'snapshot'], 'change')
      return { table: 'snapshot', scope, node, text: encodeSnapshot(snapshot) }
    }
    default:
      throw unknownType(change, 'change')
  }
}

function auditContent(
  { scope, node }: Writer,
  timestamp: Date,
  event: AuditEvent,
  original: OriginalRecord | undefined,
): AuditContent {
  const content = { timestamp, scope, node, ...encodeEvent(event), ...(original === undefined ? {} : { original }) }
  return { ...content, digest: contentDigest(content) }
}

function checkOriginal(original: OriginalRecord): OriginalRecord {
  checkFields(original, ['id', 'timestamp', 'event'], 'original')
  const id = checkInteger(original.id, 'original.id', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  return { id, timestamp: originalText(original, 'timestamp'), event: originalText(original, 'event') }
}

function originalText(original: OriginalRecord, field: 'timestamp' | 'event'): string {
  const text: unknown = original[field]
  if (typeof text !== 'string' || text.includes('\0') || !text.isWellFormed()) {
    throw invalidArgument(`original.${field} must be well-formed text without NUL, not ${describe(text)}`)
  }
  if (Buffer.byteLength(text) <= LIMITS.PAYLOAD_BYTES_MAX) return text
  throw invalidArgument(`original.${field} takes more than ${LIMITS.PAYLOAD_BYTES_MAX} bytes`)
}

const RETENTION_DAYS = LIMITS.OPERATION_RETENTION_MS / (24 * 60 * 60 * 1_000)

function operationOf({ scope }: Writer, { conditions, changes }: WriteUnit, asked: Asked, now: Date): Operation {
  const { operationId, operationAt } = asked
  const forgetBefore = new Date(Math.max(0, now.getTime() - LIMITS.OPERATION_RETENTION_MS))
  if (operationAt !== undefined && checkInstant(operationAt, 'operationAt') < forgetBefore) {
    throw invalidArgument(
      `operationAt ${operationAt.toISOString()} is more than ${RETENTION_DAYS} days ago, and operation ids are ` +
        'remembered no longer: the write may have been applied. Look at the log or the totals, and write it with a new id if it is missing',
    )
  }
  const content = [
    ...changes.map((change, index) => askedChange(change, asked.changes[index])),
    ...conditions.map((condition, index) => askedCondition(condition, asked.conditions[index])),
  ]
  const digest = sha256(canonicalJson(content))
  return { scope, id: checkId(operationId, 'operationId'), digest, appliedAt: now, forgetBefore }
}

/**
 * A change as the caller passed it. What the store filled in is left out: a repetition comes later, and perhaps from
 * another node.
 */
function askedChange(change: DriverChange, asked: Change | undefined): JsonValue {
  switch (change.table) {
    case 'audit': {
      const { content } = change
      const { original } = content
      const imported = asked?.type === 'import_audit' ? content.timestamp.toISOString() : null
      return [
        'audit',
        content.text,
        imported,
        original === undefined ? null : [original.id, original.timestamp, original.event],
      ]
    }
    case 'usage':
      return ['usage', change.entryId, change.day, change.addMs]
    case 'cooldown':
      return ['cooldown', change.entryId, change.until?.toISOString() ?? null, change.keepLater]
    case 'snapshot':
      return ['snapshot', change.text]
  }
}

function askedCondition(condition: DriverCondition, asked: Condition | undefined): JsonValue {
  switch (condition.type) {
    case 'usage_below':
      return ['usage_below', condition.entryId, condition.day, condition.limitMs]
    case 'no_cooldown': {
      const given = asked?.type === 'no_cooldown' && asked.at !== undefined
      return ['no_cooldown', condition.entryId, given ? condition.at.toISOString() : null]
    }
    case 'snapshot_revision_is':
      return ['snapshot_revision_is', condition.revision]
  }
}

/** Its items, in an array of ours: the caller's may be of a class that has ideas of its own. */
function checkList<T>(items: readonly T[], what: string, max: number): readonly T[] {
  const length = Array.isArray(items) ? items.length : undefined
  if (length === undefined || length < 1 || length > max) {
    throw invalidArgument(`${what} must be an array of 1 to ${max} items, not ${length ?? describe(items)}`)
  }
  return Array.from({ length }, (_, index) => {
    const item: unknown = items[index]
    if (typeof item === 'object' && item !== null) return item as T
    throw invalidArgument(`${what}[${index}] must be an object, not ${describe(item)}`)
  })
}

function unknownType(value: never, what: string): Error {
  const given: unknown = value
  const type: unknown = typeof given === 'object' && given !== null && 'type' in given ? given.type : given
  return invalidArgument(`there is no ${what} of type ${describe(type)}`)
}
