import { auditContent } from './audit-content.ts'
import type { MaybeCorrection, OriginalRecord } from './audit.ts'
import { sha256 } from './chain.ts'
import type { Change, CommitOptions, Condition, WriteOptions } from './change.ts'
import type { Clock } from './clock.ts'
import { checkReason } from './codec.ts'
import { parseDay } from './day.ts'
import type { Corrected, DriverChange } from './driver-changes.ts'
import type { DriverCondition, Operation, WriteUnit } from './driver.ts'
import { invalidArgument } from './errors.ts'
import { toldDays } from './group-keys.ts'
import { LIMITS } from './limits.ts'
import { quotaPeriod } from './period.ts'
import { sessionCommand } from './session-commands.ts'
import type { JsonValue, NodeId, Scope } from './values.ts'
import { checkDuration, checkFields, checkId, checkInstant, checkInteger, checkObjects, describe } from './values.ts'
import { canonicalJson, encodeSnapshot } from './wire.ts'

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
    changes: checkObjects(changes, 'changes', LIMITS.CHANGES_MAX),
    conditions: conditions === undefined ? [] : checkObjects(conditions, 'if', LIMITS.CONDITIONS_MAX),
  }
  const now = checkInstant(writer.clock.now(), 'the time of the clock')
  const unit = {
    conditions: asked.conditions.map((condition) => driverCondition(writer, condition, now)),
    changes: asked.changes.map((change) => driverChange(writer, change, now)),
  }
  checkStart(unit)
  checkDays(unit)
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
      const { type, entryId, day, period, limitMs } = checkFields(
        condition,
        ['type', 'entryId', 'day', 'period', 'limitMs'],
        'condition',
      )
      return {
        type,
        scope,
        entryId: checkId(entryId, 'entryId'),
        day: parseDay(day),
        period: quotaPeriod(period),
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
    case 'no_open_session': {
      const { type } = checkFields(condition, ['type'], 'condition')
      return { type, scope, node }
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
      return { table: 'audit', content: auditContent({ timestamp: now, scope, node }, event) }
    }
    case 'import_audit': {
      const { timestamp, event, original } = checkFields(change, ['type', 'timestamp', 'event', 'original'], 'change')
      const by = { timestamp: checkInstant(timestamp, 'timestamp'), scope, node }
      const content = auditContent(by, event, checkOriginal(original))
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
      const { entryId, by, why } = checkFields(change, ['type', 'entryId', 'by', 'why'], 'change')
      const cleared = { table: 'cooldown', scope, entryId: checkId(entryId, 'entryId'), keepLater: false } as const
      if (by === undefined && why === undefined) return cleared
      return { ...cleared, correction: corrected({ by, why }, node, now) }
    }
    case 'adjust_usage':
    case 'grant_time': {
      const { type, entryId, day, byMs, by, why } = checkFields(
        change,
        ['type', 'entryId', 'day', 'byMs', 'by', 'why'],
        'change',
      )
      return {
        table: 'correction',
        of: type === 'adjust_usage' ? 'usage' : 'grant',
        scope,
        day: parseDay(day),
        entryId: checkId(entryId, 'entryId'),
        node,
        byMs: checkInteger(byMs, 'byMs', -LIMITS.DURATION_MS_MAX, LIMITS.DURATION_MS_MAX),
        correction: corrected({ by, why }, node, now),
      }
    }
    case 'start_session':
    case 'import_session':
    case 'report_session':
    case 'warn_session':
    case 'extend_session':
    case 'end_session':
    case 'recover_session':
    case 'continue_session':
      return sessionCommand({ scope, node, at: now }, change)
    case 'save_snapshot': {
      const { snapshot } = checkFields(change, ['type', 'snapshot'], 'change')
      return { table: 'snapshot', scope, node, text: encodeSnapshot(snapshot) }
    }
    default:
      throw unknownType(change, 'change')
  }
}

function corrected({ by, why }: MaybeCorrection, node: NodeId, at: Date): Corrected {
  return { by: checkId(by, 'by'), why: checkReason(why, 'why'), node, at }
}

/** A commit is decided while others wait. */
function checkDays({ changes }: Pick<WriteUnit, 'changes'>): void {
  const days = changes.reduce((sum, change) => sum + (change.table === 'session' ? toldDays(change).length : 0), 0)
  if (days <= LIMITS.SESSION_REPORT_DAYS_MAX) return
  throw invalidArgument(`the reports of a commit have at most ${LIMITS.SESSION_REPORT_DAYS_MAX} days, not ${days}`)
}

/** A start may be refused: so it says under which condition, and stands for the whole commit when it is repeated. */
function checkStart({ conditions, changes }: Pick<WriteUnit, 'conditions' | 'changes'>): void {
  const starts = changes.filter(
    (change) => change.table === 'session' && (change.action === 'start' || change.action === 'import'),
  )
  if (starts.length > 1) throw invalidArgument('a commit starts at most one session')
  if (starts.length === 0 || conditions.some(({ type }) => type === 'no_open_session')) return
  throw invalidArgument("a session is started under the condition { type: 'no_open_session' }; add it to `if`")
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
    case 'cooldown': {
      const { entryId, until, keepLater, correction } = change
      const corrected = correction === undefined ? [] : [[correction.by, correction.why]]
      return ['cooldown', entryId, until?.toISOString() ?? null, keepLater, ...corrected]
    }
    case 'snapshot':
      return ['snapshot', change.text]
    case 'correction': {
      const { of, entryId, day, byMs, correction } = change
      return ['correction', of, entryId, day, byMs, correction.by, correction.why]
    }
    case 'audit_cut':
    case 'audit_removal':
    case 'audit_restore':
    case 'forget':
    case 'erasure':
      throw new TypeError('a change of the log as a whole has no operation id')
    case 'session': {
      const { node: _, at: __, scope: ___, ...command } = change
      // Dates become texts.
      return JSON.parse(JSON.stringify(command)) as JsonValue
    }
  }
}

function askedCondition(condition: DriverCondition, asked: Condition | undefined): JsonValue {
  switch (condition.type) {
    case 'usage_below': {
      // A day's is told as it was before there were other periods: operations are remembered across versions.
      const period = condition.period === 'day' ? [] : [condition.period]
      return ['usage_below', condition.entryId, condition.day, condition.limitMs, ...period]
    }
    case 'no_cooldown': {
      const given = asked?.type === 'no_cooldown' && asked.at !== undefined
      return ['no_cooldown', condition.entryId, given ? condition.at.toISOString() : null]
    }
    case 'snapshot_revision_is':
      return ['snapshot_revision_is', condition.revision]
    case 'no_open_session':
      return ['no_open_session']
  }
}

function unknownType(value: never, what: string): Error {
  const given: unknown = value
  const type: unknown = typeof given === 'object' && given !== null && 'type' in given ? given.type : given
  return invalidArgument(`there is no ${what} of type ${describe(type)}`)
}
