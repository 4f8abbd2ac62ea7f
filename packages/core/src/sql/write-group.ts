import { GENESIS_HASH, linkHash } from '../chain.ts'
import {
  cooldownKey,
  decideGroup,
  type GroupKeys,
  keysOf,
  operationKey,
  snapshotKey,
  type StoredState,
  usageKey,
} from '../decide.ts'
import type { AuditContent, AuditPosition, DriverChange, WriteOutcome, WriteUnit } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import { auditContents, outcomesOf } from '../outcomes.ts'
import { parseInstant } from '../values.ts'
import type { LockMode, SqlFlavor } from './flavor.ts'
import { Batch, type Program, type Statement } from './program.ts'
import { auditColumns, toInteger, usageSumOf } from './rows.ts'
import type { Statements } from './statements.ts'

/** Who sends the group, and its number among that writer's: what tells a repetition from a new group. */
export interface GroupNumber {
  readonly writer: string
  readonly group: number
}

/** The outcome of each unit; `undefined` for one that has to be sent again, in another group. */
export type GroupOutcome = readonly (WriteOutcome | undefined)[]

/** A writer looks for others that are long gone in its first group, and then once in so many. */
const GROUPS_PER_TIDYING = 256

/** How many expired operation ids a group forgets for each one that it records: more than it adds. */
const FORGOTTEN_PER_OPERATION = 2

/**
 * A total beyond it (278 years) is near enough to the largest one that additions which do not see each other could pass
 * that. Such a group keeps all others out.
 */
const NEAR_LIMIT_MS = 2 ** 43

/**
 * Applies a group of units in two flights: one locks, and reads all that they depend on; the other writes and commits.
 * Between the two each unit is decided.
 */
export function* writeGroup(
  flavor: SqlFlavor,
  statements: Statements,
  units: readonly WriteUnit[],
  number: GroupNumber,
  additions: LockMode,
): Program<GroupOutcome | 'needs_exclusive_locks'> {
  const look = new Batch()
  const guard = flavor.replay && look.add(flavor.replay.lock({ writer: number.writer }))
  // The locks come first: what is read before them may have changed by the time that they are held.
  for (const lock of locksFor(units, additions)) if (flavor.lockScope) look.add(flavor.lockScope(lock))
  const head = flavor.appendAudit ? undefined : look.add(statements.auditHead({}))
  const keys = keysOf(units)
  const stored = lookUp(look, statements, keys)
  yield* look.send()

  const last = guard?.()[0]
  if (last !== undefined && toInteger(last.last_group, 'writers.last_group') === number.group) {
    return yield* outcomesOfAppliedGroup(statements, units, stored, last)
  }
  if (flavor.lockScope && additions === 'shared' && isNearLimit(units, keys, stored)) return 'needs_exclusive_locks'
  const decisions = decideGroup(units, stored)
  const applied = decisions.flatMap(({ type }, index) => (type === 'apply' ? [index] : []))
  if (applied.length === 0) return outcomesOf(units, decisions, [])

  const write = new Batch()
  const changes = applied.flatMap((index) => units[index]?.changes ?? [])
  for (const statement of keyedWrites(statements, changes)) write.add(statement)
  const appends = appendAudits(flavor, statements, auditContents(changes), head?.()[0]).map((each) => write.add(each))
  for (const statement of operationWrites(
    statements,
    applied.map((index) => units[index]),
  ))
    write.add(statement)
  if (flavor.replay) {
    write.add(flavor.replay.record({ ...number, applied: JSON.stringify(applied) }))
    if (number.group % GROUPS_PER_TIDYING === 1) write.add(flavor.replay.forget)
  }
  yield* write.commit()
  return outcomesOf(units, decisions, appends.flatMap((rows) => rows()).map(auditPosition))
}

/**
 * The locks of the group's scopes, in an order that all groups keep. Where decisions depend on rows that others may
 * write meanwhile, the lock is exclusive; plain additions and snapshots, on which others' decisions depend, share theirs.
 * Records need none.
 */
function locksFor(
  units: readonly WriteUnit[],
  additions: LockMode,
): readonly { readonly scope: string; readonly mode: LockMode }[] {
  const modes = new Map<string, LockMode>()
  const lock = (scope: string, mode: LockMode) =>
    modes.set(scope, modes.get(scope) === 'exclusive' ? 'exclusive' : mode)
  for (const { operation, conditions, changes } of units) {
    if (operation !== undefined) lock(operation.scope, 'exclusive')
    for (const { scope } of conditions) lock(scope, 'exclusive')
    for (const change of changes) {
      if (change.table === 'cooldown') lock(change.scope, 'exclusive')
      else if (change.table === 'usage') lock(change.scope, additions)
      else if (change.table === 'snapshot') lock(change.scope, 'shared')
    }
  }
  return sortedByKey([...modes]).map(([scope, mode]) => ({ scope, mode }))
}

function isNearLimit(units: readonly WriteUnit[], keys: GroupKeys, stored: StoredState): boolean {
  const changes = units.flatMap((unit) => unit.changes)
  const addedMs = changes.reduce((sum, change) => sum + (change.table === 'usage' ? change.addMs : 0), 0)
  return addedMs > 0 && keys.usage.some((key) => stored.usage(key).durationMs + addedMs > NEAR_LIMIT_MS)
}

function lookUp(look: Batch, statements: Statements, keys: GroupKeys): StoredState {
  const usage = new Map(keys.usage.map((key) => [usageKey(key), look.add(statements.usageSum(key))]))
  const cooldowns = new Map(keys.cooldowns.map((key) => [cooldownKey(key), look.add(statements.cooldown(key))]))
  const snapshots = new Map(keys.snapshots.map((key) => [snapshotKey(key), look.add(statements.revision(key))]))
  const operations = new Map(keys.operations.map((key) => [operationKey(key), look.add(statements.operation(key))]))
  return {
    usage(key) {
      const row = usage.get(usageKey(key))?.()[0]
      return row === undefined ? { durationMs: 0, unreadable: 0 } : usageSumOf(row)
    },
    cooldown(key) {
      const row = cooldowns.get(cooldownKey(key))?.()[0]
      return row && parseInstant(row.until)
    },
    revision(key) {
      const row = snapshots.get(snapshotKey(key))?.()[0]
      return row === undefined ? 0 : toInteger(row.revision, 'snapshot.revision')
    },
    operation(key) {
      const row = operations.get(operationKey(key))?.()[0]
      return (
        row && {
          digest: row.digest,
          firstAuditId: toInteger(row.first_audit_id, 'operations.first_audit_id'),
          auditCount: toInteger(row.audit_count, 'operations.audit_count'),
        }
      )
    },
  }
}

/** Usage, cooldowns and snapshots, each table in the order of its keys: groups that lock rows in one order cannot deadlock. */
function* keyedWrites(statements: Statements, changes: readonly DriverChange[]): Iterable<Statement<unknown>> {
  const adds = new Map<string, Extract<DriverChange, { table: 'usage' }>>()
  const others: [key: string, statement: Statement<unknown>][] = []
  for (const change of changes) {
    switch (change.table) {
      case 'audit':
        break
      case 'usage': {
        const key = JSON.stringify([usageKey(change), change.node])
        adds.set(key, { ...change, addMs: change.addMs + (adds.get(key)?.addMs ?? 0) })
        break
      }
      case 'cooldown': {
        const { scope, entryId, until, keepLater } = change
        const slots = { scope, entryId, until: until?.toISOString() ?? '' }
        const set = keepLater ? statements.extendCooldown : statements.setCooldown
        others.push([cooldownKey(change), until === undefined ? statements.clearCooldown(slots) : set(slots)])
        break
      }
      case 'snapshot': {
        const { scope, node, text } = change
        others.push([`snapshot ${snapshotKey(change)}`, statements.saveSnapshot({ scope, node, state: text })])
        break
      }
    }
  }
  for (const [, { scope, day, entryId, node, addMs }] of sortedByKey([...adds])) {
    yield statements.addUsage({ scope, day, entry_id: entryId, node, duration_ms: addMs })
  }
  // Sorting is stable: changes of one key stay in their order.
  for (const [, statement] of sortedByKey(others)) yield statement
}

function sortedByKey<T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function appendAudits(
  flavor: SqlFlavor,
  statements: Statements,
  contents: readonly AuditContent[],
  head: { readonly id: unknown; readonly hash: string } | undefined,
): readonly Statement<AuditPosition>[] {
  let last = head === undefined ? { id: 0, hash: GENESIS_HASH } : auditPosition(head)
  return contents.map((content) => {
    const columns = auditColumns(content)
    if (flavor.appendAudit) return flavor.appendAudit(columns)
    last = { id: last.id + 1, hash: linkHash(last.hash, last.id + 1, content.digest) }
    return statements.insertAudit({ ...columns, ...last })
  })
}

/** Run behind the records: their ids are told from the end of the log. */
function* operationWrites(
  statements: Statements,
  applied: readonly (WriteUnit | undefined)[],
): Iterable<Statement<unknown>> {
  const counts = applied.map((unit) => auditContents(unit?.changes ?? []).length)
  let back = counts.reduce((sum, count) => sum + count, 0)
  let recorded = 0
  let forgetBefore: Date | undefined
  for (const [index, unit] of applied.entries()) {
    const audit_count = counts[index] ?? 0
    if (unit?.operation !== undefined) {
      const { scope, id, digest, appliedAt } = unit.operation
      const slots = { scope, operation_id: id, digest, applied_at: appliedAt.toISOString(), audit_count, back }
      yield statements.recordOperation(slots)
      ;({ forgetBefore } = unit.operation)
      recorded += 1
    }
    back -= audit_count
  }
  if (forgetBefore === undefined) return
  yield statements.forgetOperations({
    before: forgetBefore.toISOString(),
    newer: LIMITS.OPERATIONS_KEPT_MIN - 1,
    limit: recorded * FORGOTTEN_PER_OPERATION,
  })
}

/** The group was applied, and its reply lost: what it wrote is found again, and the rest of it is decided anew. */
function* outcomesOfAppliedGroup(
  statements: Statements,
  units: readonly WriteUnit[],
  stored: StoredState,
  last: { readonly applied: string; readonly last_audit_id: unknown },
): Program<GroupOutcome> {
  const applied = new Set(JSON.parse(last.applied) as readonly number[])
  const count = units.reduce(
    (sum, { changes }, index) => sum + (applied.has(index) ? auditContents(changes).length : 0),
    0,
  )
  const upTo = toInteger(last.last_audit_id, 'writers.last_audit_id')
  const find = new Batch()
  const found = find.add(statements.auditPositions({ after: upTo - count, upTo }))
  yield* find.send()
  const positions = found().map(auditPosition)
  let next = 0
  return units.map(({ changes }, index) => {
    if (!applied.has(index)) return undefined
    const audits = positions.slice(next, (next += auditContents(changes).length))
    return { type: 'applied', audits, usage: usageNow(changes, stored) }
  })
}

function usageNow(changes: readonly DriverChange[], stored: StoredState) {
  const totals = new Map(
    changes.flatMap((change) => {
      if (change.table !== 'usage') return []
      const { scope, entryId, day } = change
      return [[usageKey(change), { scope, entryId, day, usedMs: stored.usage(change).durationMs }] as const]
    }),
  )
  return [...totals.values()]
}

function auditPosition({ id, hash }: { readonly id: unknown; readonly hash: string }): AuditPosition {
  return { id: toInteger(id, 'audit_log.id'), hash }
}
