import { GENESIS_HASH, linkHash } from '../chain.ts'
import { decideGroup } from '../decide.ts'
import type { WriteUnit } from '../driver.ts'
import type { AuditPosition, Effect } from '../effects.ts'
import { type GroupKeys, isLogChange, keysOf } from '../group-keys.ts'
import type { StoredState } from '../group-state.ts'
import { LIMITS } from '../limits.ts'
import { auditContents, outcomesOf } from '../outcomes.ts'
import type { LockMode, SqlFlavor } from './flavor.ts'
import { keyedWrites, recordedWrites, sortedByKey } from './keyed-writes.ts'
import { lookUp, lookUpUnbooked } from './look-up.ts'
import { Batch, type Program, type Statement } from './program.ts'
import type { Queries } from './queries.ts'
import { type AppliedUnit, type GroupOutcome, outcomesOfAppliedGroup, rememberedUnit } from './replayed-group.ts'
import { auditColumns, toInteger } from './rows.ts'
import type { Statements } from './statements.ts'
import { outcomesOfTried, type TriedGroup } from './tried-group.ts'

/** Who sends the group, and its number among that writer's: what tells a repetition from a new group. */
export interface GroupNumber {
  readonly writer: string
  readonly group: number
  /** Whether it was sent before: it may have been applied. */
  readonly again: boolean
  /** What that try was about to commit; what this one is, is noted there. */
  readonly tried: TriedGroup
}

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
 * Between the two each unit is decided. One flight will do where they depend on nothing.
 */
export function* writeGroup(
  flavor: SqlFlavor,
  { statements, queries }: { readonly statements: Statements; readonly queries: Queries },
  units: readonly WriteUnit[],
  { writer, group, again, tried }: GroupNumber,
  additions: LockMode,
): Program<GroupOutcome | 'needs_exclusive_locks'> {
  if (again && flavor.replay === undefined) {
    const outcomes = yield* outcomesOfTried({ statements, queries }, tried)
    if (outcomes !== undefined) return outcomes
  }
  const look = new Batch()
  const keys = keysOf(units)
  const isBlind = flavor.appendAudits !== undefined && !again && dependsOnNothing(keys)
  // The locks come first: what is read before them may have changed by the time that they are held.
  if (flavor.replay) look.add(flavor.replay.lock({ writer }))
  const guard = again ? flavor.replay && look.add(flavor.replay.last({ writer })) : undefined
  for (const lock of locksFor(units, additions)) if (flavor.lockScope) look.add(flavor.lockScope(lock))
  const head = flavor.appendAudits ? undefined : look.add(statements.auditHead({}))
  const found = lookUp(look, flavor, { statements, queries }, keys)
  if (!isBlind) yield* look.send()
  const stored = isBlind ? found : yield* lookUpUnbooked(statements, keys, found)

  const last = guard?.()[0]
  if (flavor.replay && last !== undefined && toInteger(last.last_group, 'writers.last_group') === group) {
    return yield* outcomesOfAppliedGroup({ confirm: flavor.replay.confirm, queries }, units, stored, last)
  }
  if (flavor.lockScope && additions === 'shared' && isNearLimit(units, keys, stored)) return 'needs_exclusive_locks'
  const decisions = decideGroup(units, stored)
  const applied = decisions.flatMap((decision, index): readonly AppliedUnit[] => {
    return decision.type === 'apply' ? [{ ...decision, index, operation: units[index]?.operation }] : []
  })
  if (applied.length === 0) {
    if (decisions.some(({ type }) => type === 'repeated')) yield* confirm(flavor)
    return outcomesOf(decisions, [])
  }

  const write = isBlind ? look : new Batch()
  const effects = applied.flatMap((unit) => unit.effects)
  for (const statement of keyedWrites(statements, effects)) write.add(statement)
  const positions = appendAudits(write, { flavor, statements }, effects, head?.()[0])
  for (const statement of recordedWrites(statements, effects)) write.add(statement)
  for (const statement of operationWrites(statements, applied)) write.add(statement)
  if (flavor.replay) {
    write.add(flavor.replay.record({ writer, group, applied: JSON.stringify(applied.map(rememberedUnit)) }))
    if (group % GROUPS_PER_TIDYING === 1) write.add(flavor.replay.forget)
  }
  if (head !== undefined) {
    tried.committing = { applied, positions: positions(), outcomes: outcomesOf(decisions, positions()) }
  }
  yield* write.commit()
  return tried.committing?.outcomes ?? outcomesOf(decisions, positions())
}

/** What is told to be applied has to be safe, too: it may have been found while its own commit still waits. */
function* confirm({ replay }: SqlFlavor): Program<void> {
  if (replay === undefined) return
  const safe = new Batch()
  safe.add(replay.confirm)
  yield* safe.commit()
}

function dependsOnNothing({ log, ...keys }: GroupKeys): boolean {
  return !log && Object.values(keys).every(({ length }) => length === 0)
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
      if (change.table === 'usage') lock(change.scope, additions)
      else if (change.table === 'snapshot') lock(change.scope, 'shared')
      else if (change.table !== 'audit' && (!isLogChange(change) || change.table === 'forget'))
        lock(change.scope, 'exclusive')
    }
  }
  return sortedByKey([...modes]).map(([scope, mode]) => ({ scope, mode }))
}

function isNearLimit(units: readonly WriteUnit[], keys: GroupKeys, stored: StoredState): boolean {
  const changes = units.flatMap((unit) => unit.changes)
  const addedMs = changes.reduce((sum, change) => sum + (change.table === 'usage' ? change.addMs : 0), 0)
  return addedMs > 0 && keys.usage.some((key) => stored.usage(key).durationMs + addedMs > NEAR_LIMIT_MS)
}

/** Where the records are, is known once the flight is back. */
function appendAudits(
  write: Batch,
  { flavor, statements }: { readonly flavor: SqlFlavor; readonly statements: Statements },
  effects: readonly Effect[],
  head: { readonly id: unknown; readonly hash: string } | undefined,
): () => readonly AuditPosition[] {
  const contents = auditContents(effects)
  if (flavor.appendAudits !== undefined) {
    if (contents.length === 0) return () => []
    const appended = write.add(flavor.appendAudits(contents.map(auditColumns)))
    return () => appended().map(auditPosition)
  }
  let last = head === undefined ? { id: 0, hash: GENESIS_HASH } : auditPosition(head)
  // An empty log begins where it is cut.
  const cut = effects.find((effect) => effect.table === 'audit_cut')
  if (last.id === 0 && cut !== undefined) last = cut.through
  const positions = contents.map((content) => {
    last = { id: last.id + 1, hash: linkHash(last.hash, last.id + 1, content.digest) }
    write.add(statements.insertAudit({ ...auditColumns(content), ...last }))
    return last
  })
  return () => positions
}

/** Run behind the records: their ids are told from the end of the log. */
function* operationWrites(statements: Statements, applied: readonly AppliedUnit[]): Iterable<Statement<unknown>> {
  const counts = applied.map(({ effects }) => auditContents(effects).length)
  let back = counts.reduce((sum, count) => sum + count, 0)
  let recorded = 0
  let forgetBefore: Date | undefined
  for (const [index, { operation }] of applied.entries()) {
    const audit_count = counts[index] ?? 0
    if (operation !== undefined) {
      const { scope, id, digest, appliedAt } = operation
      const slots = { scope, operation_id: id, digest, applied_at: appliedAt.toISOString(), audit_count, back }
      yield statements.recordOperation(slots)
      ;({ forgetBefore } = operation)
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

function auditPosition({ id, hash }: { readonly id: unknown; readonly hash: string }): AuditPosition {
  return { id: toInteger(id, 'audit_log.id'), hash }
}
