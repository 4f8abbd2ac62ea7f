import type { AuditQuery, AuditRecord, Store } from '@shepherd-store/core'
import type { Io } from './io.ts'

/** How a person looks into an archive. */
export const READ_ARCHIVE = 'shepherd-store --db new.db audit import DIRECTORY'

/** The first record that is still in the log. A log that was pruned is never empty: it tells that it was. */
export async function firstRecord(store: Store): Promise<AuditRecord | undefined> {
  const [first] = await store.listAudits({ scope: 'all', limit: 1 })
  return first
}

/**
 * Up to which record the log was archived, where what is asked for may have been there. `oldestId` is the first record
 * that was found.
 */
export async function archivedBefore(
  store: Store,
  { after = 0, from, order = 'asc' }: AuditQuery,
  oldestId?: number,
): Promise<number | undefined> {
  // In the order of the log, the store itself refuses to go on behind a record that has left it.
  if (oldestId === 1 || (after > 0 && order === 'asc')) return undefined
  const first = await firstRecord(store)
  if (first === undefined || first.id - 1 <= after) return undefined
  // What was archived is older than the record that it ended before.
  if (from !== undefined && from.getTime() >= first.timestamp.getTime()) return undefined
  return first.id - 1
}

export function archivedText(throughId: number): string {
  const records = throughId === 1 ? 'record 1 was' : `records 1 to ${throughId} were`
  const what = throughId === 1 ? 'it is' : 'they are'
  return `${records} archived by prune, and ${what} not in the log any more; to read the archive: ${READ_ARCHIVE}`
}

/** Says so on stderr. */
export async function tellArchived(
  store: Store,
  query: AuditQuery,
  { io: { stderr }, oldestId }: { readonly io: Io; readonly oldestId?: number | undefined },
): Promise<void> {
  const throughId = await archivedBefore(store, query, oldestId)
  if (throughId !== undefined) stderr.write(`shepherd-store: ${archivedText(throughId)}\n`)
}
