import type { AuditEvent, LogEvent, OriginalRecord } from './audit.ts'
import { newSalt, recordDigest } from './chain.ts'
import type { AuditContent } from './effects.ts'
import type { NodeId, Scope } from './values.ts'
import { type EncodedEvent, encodeEvent, encodeLogEvent } from './wire.ts'

/** Who writes a record, and when. */
export interface Authorship {
  readonly timestamp: Date
  readonly scope: Scope
  readonly node: NodeId
}

/** A record as a driver keeps it. @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function auditContent(by: Authorship, event: AuditEvent, original?: OriginalRecord): AuditContent {
  return saltedContent(by, encodeEvent(event), original)
}

/** A record that the store itself appends. */
export function logContent(by: Authorship, event: LogEvent): AuditContent {
  return saltedContent(by, encodeLogEvent(event))
}

function saltedContent(
  { timestamp, scope, node }: Authorship,
  event: EncodedEvent,
  original?: OriginalRecord,
): AuditContent {
  const imported = original === undefined ? {} : { original }
  const content = { timestamp, scope, node, ...event, ...imported, salt: newSalt() }
  return { ...content, digest: recordDigest(content) }
}
