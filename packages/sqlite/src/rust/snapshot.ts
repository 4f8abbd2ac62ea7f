import type { SessionSnapshot, StateSnapshot, Store } from '@shepherd-store/core'
import { isStoreError } from '@shepherd-store/core'
import { canonicalSessionId, parseSeconds, parseTime, show, UnreadableRow } from './forms.ts'
import { parseJson, parseObject } from './json.ts'
import type { EndedSession, SnapshotCounts, UnfinishedSession } from './report.ts'
import type { ImportRun } from './run.ts'
import type { SourceRow } from './table-reader.ts'
import { importSession } from './unfinished-session.ts'

export interface ImportedSnapshot {
  readonly counts: SnapshotCounts
  readonly unfinishedSession?: UnfinishedSession
}

/**
 * Saves the snapshot as that of the store's own node, unless that node has one, and opens its unfinished session there.
 * @param ended The session that this import has ended.
 */
export async function importSnapshot(run: ImportRun, ended: EndedSession | undefined): Promise<ImportedSnapshot> {
  const row = [...run.source.pages('snapshot')].flat()[0] // the crate's table takes a single one
  if (row === undefined) return { counts: { found: 0, unreadable: 0, result: 'none' } }
  try {
    const snapshot = snapshotOf(row)
    const change = { type: 'save_snapshot', snapshot } as const
    const refusal = await run.writer.refusal(change)
    if (refusal !== undefined) throw new UnreadableRow(refusal)
    const { store } = run.writer
    const saved =
      !(await hasSnapshot(store)) &&
      (await run.writer.commitOwn('snapshot', [change], [{ type: 'snapshot_revision_is', revision: 0 }]))
    const unfinishedSession = await importSession(run, snapshot, ended)
    run.step('snapshot', 1)
    return {
      counts: { found: 1, unreadable: 0, result: saved ? 'saved' : 'already_there' },
      ...(unfinishedSession === undefined ? {} : { unfinishedSession }),
    }
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error
    await run.quarantine.keep('snapshot', row, error.message)
    run.step('snapshot', 1)
    return { counts: { found: 1, unreadable: 1, result: 'unreadable' } }
  }
}

function snapshotOf({ cells, damage }: SourceRow): StateSnapshot {
  if (damage !== undefined) throw new UnreadableRow(damage)
  const column = cells.has('snapshot_json') ? 'snapshot_json' : 'data'
  const text = cells.get(column)
  if (typeof text !== 'string') throw new UnreadableRow(`${column} is not text: ${show(text)}`)
  const json = parseObject(parseJson(text, column), column)
  const timestamp = parseTime(json['timestamp'], 'timestamp')
  const session = json['active_session'] ?? null
  return session === null
    ? { timestamp }
    : { timestamp, activeSession: sessionOf(parseObject(session, 'active_session')) }
}

function sessionOf(json: Readonly<Record<string, unknown>>): SessionSnapshot {
  const { session_id: sessionId, entry_id: entryId, deadline, warnings_issued: warnings = [] } = json
  if (typeof sessionId !== 'string') throw new UnreadableRow(`session_id is not text: ${show(sessionId)}`)
  if (typeof entryId !== 'string') throw new UnreadableRow(`entry_id is not text: ${show(entryId)}`)
  if (!Array.isArray(warnings)) throw new UnreadableRow(`warnings_issued is not a list: ${show(warnings)}`)
  return {
    sessionId: canonicalSessionId(sessionId),
    entryId,
    startedAt: parseTime(json['started_at'], 'started_at'),
    // The crate always writes one, and cannot read a snapshot without; here it means an unlimited session.
    ...(deadline === undefined || deadline === null ? {} : { deadline: parseTime(deadline, 'deadline') }),
    warningsIssuedMs: warnings.map((secs) => parseSeconds(secs, 'warnings_issued')),
  }
}

/** One that cannot be read is there all the same. */
async function hasSnapshot(store: Store): Promise<boolean> {
  try {
    return (await store.loadSnapshot()) !== undefined
  } catch (error) {
    if (isStoreError(error, 'MALFORMED')) return true
    throw error
  }
}
