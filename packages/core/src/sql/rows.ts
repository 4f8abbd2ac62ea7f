import type { Day } from '../day.ts'
import type { AuditContent, AuditRow, UsageSum } from '../driver.ts'
import { StoreError } from '../errors.ts'
import { parseInstant } from '../values.ts'
import type { AuditColumns } from './flavor.ts'
import type { AuditLogRow, UsageSumRow } from './queries.ts'

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
    digest,
    hash,
  }
}

export function auditColumns(content: AuditContent): AuditColumns {
  const { timestamp, scope, node, type, entryId, sessionId, text, original, digest } = content
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
    digest,
  }
}

export function usageSumOf({ day, entry_id, node, scope, duration_ms, unreadable }: UsageSumRow): UsageSum {
  return {
    // The portable layer looks whether it is one.
    ...(day === undefined ? {} : { day: day as Day }),
    ...(entry_id === undefined ? {} : { entryId: entry_id }),
    ...(node === undefined ? {} : { node }),
    ...(scope === undefined ? {} : { scope }),
    durationMs: Number(duration_ms),
    unreadable: Number(unreadable),
  }
}

export function toInteger(value: unknown, column: string): number {
  const integer = Number(value)
  if (value !== null && Number.isSafeInteger(integer)) return integer
  throw new StoreError('MALFORMED', `${column} holds ${String(value)}, which is no integer below 2^53`)
}
