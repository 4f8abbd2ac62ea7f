import { StoreError } from '../errors.ts'
import {
  cooldownKey,
  type GroupKeys,
  nodeKey,
  openKey,
  operationKey,
  playedKey,
  type SessionKey,
  sessionKey,
  spanKey,
  spanOfDay,
  usageKey,
  type UsageSpan,
} from '../group-keys.ts'
import type { StoredState } from '../group-state.ts'
import { lastDayOf } from '../period.ts'
import { detailOf } from '../session-rows.ts'
import { parseInstant } from '../values.ts'
import type { SqlFlavor } from './flavor.ts'
import { Batch, type Program } from './program.ts'
import type { Queries, UsageSumRow } from './queries.ts'
import { logEndsOf, sessionRow, sumOf, toInteger } from './rows.ts'
import type { Statements } from './statements.ts'

/** Asks for all that decisions depend on; what is returned tells it once the flight is back. */
export function lookUp(
  look: Batch,
  flavor: SqlFlavor,
  { statements, queries }: { readonly statements: Statements; readonly queries: Queries },
  keys: GroupKeys,
): StoredState {
  const each = <K, R>(names: readonly K[], nameOf: (key: K) => string, ask: (key: K) => () => readonly R[]) =>
    new Map(names.map((key) => [nameOf(key), ask(key)]))

  const usage = each(keys.usage, spanKey, (span) => look.add(usageOf(statements, span)))
  const nodeUsage = each(keys.nodeUsage, usageKey, (key) => look.add(statements.nodeUsage(key)))
  const granted = each(keys.granted, spanKey, (span) => look.add(statements.granted(spanSlots(span))))
  const reserved = each(keys.reserved, spanKey, (span) => look.add(statements.reserved(spanSlots(span))))
  const cooldowns = each(keys.cooldowns, cooldownKey, (key) => look.add(statements.cooldown(key)))
  const snapshots = each(keys.snapshots, nodeKey, (key) => look.add(statements.revision(key)))
  const operations = each(keys.operations, operationKey, (key) => look.add(statements.operation(key)))
  const sessions = each(keys.sessions, sessionKey, (key) => look.add(statements.session(key)))
  const openSessions = each(keys.openSessions, openKey, ({ scope, node }) =>
    look.add(node === undefined ? statements.openSessionOfScope({ scope }) : statements.openSession({ scope, node })),
  )
  const played = each(keys.played, playedKey, ({ scope, sessionId, run, day }) =>
    look.add(statements.played({ scope, session_id: sessionId, run, day })),
  )
  // Last: whoever appends waits for it. What is read in the statement that locks may be older than the lock.
  if (keys.log && flavor.lockLog) look.add(flavor.lockLog)
  const log = keys.log ? look.add(queries.logEnds({})) : undefined
  const sum = (found: ReadonlyMap<string, () => readonly UsageSumRow[]>, span: UsageSpan) =>
    sumOf(found.get(spanKey(span))?.()[0])

  return {
    usage: (span) => sum(usage, span),
    nodeUsage: (key) =>
      (nodeUsage.get(usageKey(key))?.() ?? []).map(({ node, duration_ms }) => ({
        node,
        durationMs: toInteger(duration_ms, 'usage.duration_ms'),
      })),
    granted: (span) => sum(granted, span),
    reserved: (span) => sum(reserved, span),
    cooldown(key) {
      const row = cooldowns.get(cooldownKey(key))?.()[0]
      return row && parseInstant(row.until)
    },
    revision(key) {
      const row = snapshots.get(nodeKey(key))?.()[0]
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
    session(key) {
      const row = sessions.get(sessionKey(key))?.()[0]
      return row && sessionRow(row)
    },
    openSession(key) {
      const row = openSessions.get(openKey(key))?.()[0]
      return row && sessionRow(row)
    },
    log: () => logEndsOf(log?.()[0]),
    played(key) {
      const row = played.get(playedKey(key))?.()[0]
      return row === undefined ? 0 : toInteger(row.played_ms, 'session_played.played_ms')
    },
  }
}

/**
 * Asks for the totals of the days on which imported sessions were played: the sessions' rows tell of them, and they are
 * booked with whatever comes next.
 */
export function* lookUpUnbooked(
  statements: Statements,
  { sessions }: GroupKeys,
  stored: StoredState,
): Program<StoredState> {
  const spans = sessions.flatMap((key) => unbookedOf(stored, key))
  if (spans.length === 0) return stored
  const look = new Batch()
  const found = new Map(spans.map((span) => [spanKey(span), look.add(usageOf(statements, span))]))
  yield* look.send()
  return {
    ...stored,
    usage(span) {
      const sum = found.get(spanKey(span))
      return sum === undefined ? stored.usage(span) : sumOf(sum()[0])
    },
  }
}

/** None of a row that cannot be read: whoever decides says so. */
function unbookedOf(stored: StoredState, key: SessionKey): readonly UsageSpan[] {
  try {
    const row = stored.session(key)
    if (row === undefined) return []
    const { scope, entryId } = row
    return (detailOf(row).unbooked ?? []).map(({ day }) => spanOfDay({ scope, entryId, day }))
  } catch (error) {
    if (error instanceof StoreError) return []
    throw error
  }
}

function usageOf(statements: Statements, span: UsageSpan) {
  const { scope, entryId, from } = span
  const slots = spanSlots(span)
  return slots.last === from ? statements.usageOfDay({ scope, entryId, day: from }) : statements.usageOfSpan(slots)
}

function spanSlots({ scope, entryId, ...span }: UsageSpan) {
  return { scope, entryId, from: span.from, last: lastDayOf(span) }
}
