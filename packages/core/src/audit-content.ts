import type { AuditEvent, OriginalRecord } from './audit.ts'
import { contentDigest } from './chain.ts'
import type { AuditContent } from './effects.ts'
import type { NodeId, Scope } from './values.ts'
import { encodeEvent } from './wire.ts'

/** Who writes a record, and when. */
export interface Authorship {
  readonly timestamp: Date
  readonly scope: Scope
  readonly node: NodeId
}

/** A record as a driver keeps it. @throws StoreError `INVALID_ARGUMENT`, naming the field at fault. */
export function auditContent(
  { timestamp, scope, node }: Authorship,
  event: AuditEvent,
  original?: OriginalRecord,
): AuditContent {
  const content = { timestamp, scope, node, ...encodeEvent(event), ...(original === undefined ? {} : { original }) }
  return { ...content, digest: contentDigest(content) }
}
