import type { AuditRecord } from './audit.ts'
import type { AuditRow } from './effects.ts'
import { decodeEvent } from './wire.ts'

/** What a caller sees of a row; what cannot be understood is marked. */
export function auditRecord(row: AuditRow): AuditRecord {
  const { id, timestamp, node, scope, hash, original } = row
  const event = eventOf(row)
  return {
    id,
    timestamp: new Date(timestamp),
    node,
    scope,
    event,
    hash,
    ...(original === undefined ? {} : { original: { ...original } }),
  }
}

function eventOf(row: AuditRow): AuditRecord['event'] {
  const { text, contentDigest } = row
  const problem = problemOf(row)
  if (problem !== undefined) return { type: 'unreadable', text, problem }
  return contentDigest === undefined ? decodeEvent(text) : { type: 'erased' }
}

function problemOf({ timestamp, original }: AuditRow): string | undefined {
  if (Number.isNaN(timestamp.getTime())) return 'its timestamp is not an instant'
  if (original === undefined || Number.isSafeInteger(original.id)) return undefined
  return 'the id of its original is not an integer below 2^53'
}
