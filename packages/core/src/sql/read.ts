import type { ReadRequest, ReadResult } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import { lastDayOf } from '../period.ts'
import { parseInstant } from '../values.ts'
import type { AuditLogRow } from './audit-queries.ts'
import { Batch, type Program } from './program.ts'
import type { FlatSessionRequest, Queries, SpanSlots } from './queries.ts'
import { auditRow, entrySumOf, logEndsOf, sessionRow, toInteger, usageSumOf } from './rows.ts'
import { isTimed, timedAudits } from './timed-audits.ts'

/** Everything that is asked for, in one flight; records of a time take a few more. */
export function* read(queries: Queries, request: ReadRequest): Program<ReadResult> {
  const batch = new Batch()
  const usage = request.usage && batch.add(queries.usage(request.usage))
  const extra = request.extra && spanSlots(request.extra)
  const grants = extra && batch.add(queries.grants(extra))
  const reserved = extra && batch.add(queries.reserved(extra))
  const sessions = request.sessions && batch.add(queries.sessions(flat(request.sessions)))
  const nodes = request.nodes && batch.add(queries.nodes(request.nodes))
  const cooldowns = request.cooldowns && batch.add(cooldownsOf(queries, request.cooldowns))
  const snapshots = request.snapshots && batch.add(queries.snapshot(request.snapshots))
  const log = request.log && batch.add(queries.logEnds({}))
  const untold = request.untoldTimes && batch.add(queries.untold(request.untoldTimes))
  const known = request.scopeKnown !== undefined && batch.add(queries.scopeKnown({ scope: request.scopeKnown }))
  const firstAudit = request.firstAudit && batch.add(queries.firstAudit({}))
  let audits: readonly AuditLogRow[] = NOTHING
  if (request.audits !== undefined && isTimed(request.audits)) {
    yield* batch.send()
    audits = yield* timedAudits(queries, request.audits)
  } else {
    const page = request.audits && batch.add(queries.audits(request.audits))
    yield* batch.commit()
    audits = page?.() ?? NOTHING
  }
  return {
    usage: valuesOf(usage, usageSumOf),
    grants: valuesOf(grants, entrySumOf),
    reserved: valuesOf(reserved, entrySumOf),
    sessions: valuesOf(sessions, sessionRow),
    nodes: valuesOf(nodes, ({ node, seen_at, clock_skew_ms }) => ({
      node,
      lastSeenAt: parseInstant(seen_at),
      ...(clock_skew_ms === null ? {} : { clockSkewMs: toInteger(clock_skew_ms, 'nodes.clock_skew_ms') }),
    })),
    cooldowns: valuesOf(cooldowns, ({ entry_id, until }) => ({ entryId: entry_id, until: parseInstant(until) })),
    snapshots: valuesOf(snapshots, ({ revision, state }) => ({
      revision: toInteger(revision, 'snapshot.revision'),
      text: state,
    })),
    audits: audits.length === 0 ? NOTHING : audits.map(auditRow),
    ...(log === undefined ? {} : { log: logEndsOf(log()[0]) }),
    ...(known === false ? {} : { isScopeKnown: known().length > 0 }),
    ...idOf('firstAuditId', firstAudit?.()[0]),
    ...idOf('untoldId', untold?.()[0]),
  }
}

const NOTHING: readonly never[] = []

/** What the rows hold; nothing of what was not asked for. */
function valuesOf<R, V>(rows: (() => readonly R[]) | undefined, valueOf: (row: R) => V): readonly V[] {
  return rows === undefined ? NOTHING : rows().map(valueOf)
}

function idOf(name: 'firstAuditId' | 'untoldId', row: { readonly id: unknown } | undefined): Partial<ReadResult> {
  return row === undefined ? {} : { [name]: toInteger(row.id, 'audit_log.id') }
}

function cooldownsOf(queries: Queries, { scope, entryId }: NonNullable<ReadRequest['cooldowns']>) {
  if (entryId !== undefined) return queries.cooldown({ scope, entryId })
  return queries.cooldowns({ scope, limit: LIMITS.DAY_STATE_ENTRIES_MAX + 1 })
}

function spanSlots({ scope, entryId, span, limit }: NonNullable<ReadRequest['extra']>): SpanSlots {
  return { scope, ...(entryId === undefined ? {} : { entryId }), from: span.from, last: lastDayOf(span), limit }
}

function flat({ open, after, ...request }: NonNullable<ReadRequest['sessions']>): FlatSessionRequest {
  return {
    ...request,
    ...(open === undefined ? {} : { open: 1 }),
    ...(after === undefined
      ? {}
      : { after: after.startedAt.toISOString(), afterScope: after.scope, afterId: after.sessionId }),
  }
}
