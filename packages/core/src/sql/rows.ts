import { GENESIS_HASH } from '../chain.ts'
import type { Day } from '../day.ts'
import type { EntrySum, LogEnds, Sum, UsageSum } from '../driver.ts'
import type { AuditContent, AuditRow, SessionRow } from '../effects.ts'
import { StoreError } from '../errors.ts'
import { parseInstant } from '../values.ts'
import type { AuditLogRow, LogEndsRow } from './audit-queries.ts'
import type { AuditColumns } from './flavor.ts'
import type { SqlValue } from './program.ts'
import type { EntrySumRow, SessionsRow, UsageSumRow } from './queries.ts'
import type { SessionsTable } from './tables.ts'

/** Rows become values here, and nowhere else. Drivers give integers as numbers, as text or as bigints. */
export function auditRow(row: AuditLogRow): AuditRow {
  const {
    scope,
    node,
    type,
    entry_id,
    session_id,
    event,
    original_id,
    original_timestamp,
    original_event,
    salt,
    content_digest,
    digest,
    hash,
  } = row
  return {
    id: toInteger(row.id, 'audit_log.id'),
    timestamp: parseInstant(row.timestamp),
    scope,
    node,
    type,
    ...(entry_id === null ? {} : { entryId: entry_id }),
    ...(session_id === null ? {} : { sessionId: session_id }),
    text: event,
    ...(original_id === null && original_timestamp === null && original_event === null
      ? {}
      : {
          original: {
            id: original_id === null ? Number.NaN : Number(original_id),
            timestamp: original_timestamp ?? '',
            event: original_event ?? '',
          },
        }),
    ...(salt === null ? {} : { salt }),
    ...(content_digest === null ? {} : { contentDigest: content_digest }),
    digest,
    hash,
  }
}

export function auditColumns(content: AuditContent): AuditColumns {
  const { timestamp, scope, node, type, entryId, sessionId, text, original, salt, contentDigest, digest } = content
  return {
    timestamp: timestamp.toISOString(),
    scope,
    node,
    type,
    entry_id: entryId ?? null,
    session_id: sessionId ?? null,
    event: text,
    original_id: original?.id ?? null,
    original_timestamp: original?.timestamp ?? null,
    original_event: original?.event ?? null,
    salt: salt ?? null,
    content_digest: contentDigest ?? null,
    digest,
  }
}

export function logEndsOf(row: LogEndsRow | undefined): LogEnds {
  if (row === undefined) {
    throw new StoreError('MALFORMED', 'the row that holds the end of the log is missing; restore a backup')
  }
  const { last_id, last_hash, cut_id, cut_hash, forgotten_id } = row
  return {
    head: { id: toInteger(last_id, 'audit_head.last_id'), hash: last_hash },
    start: { id: toInteger(cut_id ?? 0, 'audit_cuts.through_id'), hash: cut_hash ?? GENESIS_HASH },
    forgottenId: toInteger(forgotten_id ?? 0, 'forgotten_scopes.through_id'),
  }
}

export function usageSumOf({ day, entry_id, node, scope, duration_ms, unreadable }: UsageSumRow): UsageSum {
  const sum: { -readonly [Field in keyof UsageSum]: UsageSum[Field] } = {
    durationMs: Number(duration_ms),
    unreadable: Number(unreadable),
  }
  // The portable layer looks whether it is one.
  if (day !== undefined) sum.day = day as Day
  if (entry_id !== undefined) sum.entryId = entry_id
  if (node !== undefined) sum.node = node
  if (scope !== undefined) sum.scope = scope
  return sum
}

/** What was added up; nothing when there is no row. */
export function sumOf(row: Pick<UsageSumRow, 'duration_ms' | 'unreadable'> | undefined): Sum {
  return { durationMs: Number(row?.duration_ms ?? 0), unreadable: Number(row?.unreadable ?? 0) }
}

export function entrySumOf({ entry_id, duration_ms, unreadable }: EntrySumRow): EntrySum {
  return { entryId: entry_id, durationMs: Number(duration_ms), unreadable: Number(unreadable) }
}

/** What cannot be read is an Invalid Date, or NaN: it is for the portable layer to say so. */
export function sessionRow(row: SessionsRow): SessionRow {
  const { scope, session_id, node, run, entry_id, deadline, ended_at, reserved_day, detail } = row
  const reservedMs = Number(row.reserved_ms)
  return {
    ...{ scope, sessionId: session_id, node, run, entryId: entry_id },
    startedAt: parseInstant(row.started_at),
    ...(deadline === null ? {} : { deadline: parseInstant(deadline) }),
    lastReportedAt: parseInstant(row.last_reported_at),
    ...(ended_at === null ? {} : { endedAt: parseInstant(ended_at) }),
    report: Number(row.report),
    durationMs: Number(row.duration_ms),
    ...(reserved_day === null ? {} : { reserved: { day: reserved_day as Day, durationMs: reservedMs } }),
    text: detail,
  }
}

export function sessionSlots(row: SessionRow): SessionsTable & Readonly<Record<string, SqlValue>> {
  const { scope, sessionId, node, run, entryId, startedAt, deadline, lastReportedAt, endedAt, reserved } = row
  return {
    ...{ scope, session_id: sessionId, node, run, report: row.report, entry_id: entryId },
    started_at: startedAt.toISOString(),
    deadline: deadline?.toISOString() ?? null,
    last_reported_at: lastReportedAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
    duration_ms: row.durationMs,
    reserved_day: reserved?.day ?? null,
    reserved_ms: reserved?.durationMs ?? 0,
    detail: row.text,
  }
}

export function toInteger(value: unknown, column: string): number {
  const integer = Number(value)
  if (value !== null && Number.isSafeInteger(integer)) return integer
  throw new StoreError('MALFORMED', `${column} holds ${String(value)}, which is no integer below 2^53`)
}
