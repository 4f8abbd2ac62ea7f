import { recoverSession, type SessionRecord, type Store } from '@shepherd-store/core'
import { importRustStore, type RustImportReport } from '@shepherd-store/sqlite/rust'
import { type RustRows, writeRustDatabase } from './rust-database.ts'
import { json, PRISM } from './rust-rows.ts'

interface Unfinished {
  readonly started_at?: string
  readonly timestamp?: string
  readonly deadline?: string | null
  readonly entry_id?: string
}

/** A snapshot with a session of prism-launcher: in Berlin, from 20:20 to 20:30 unless said otherwise. */
export function snapshotOf({ timestamp = '2026-11-20T20:30:00+01:00', ...session }: Unfinished = {}): string {
  return JSON.stringify({
    timestamp,
    active_session: {
      session_id: PRISM,
      entry_id: 'prism-launcher',
      started_at: '2026-11-20T20:20:00+01:00',
      deadline: '2026-11-20T20:50:00+01:00',
      warnings_issued: [1_200],
      ...session,
    },
  })
}

export const STARTED = json('session_started', {
  session_id: PRISM,
  entry_id: 'prism-launcher',
  label: 'Prism Launcher',
  deadline: '2026-11-20T20:50:00+01:00',
})
export const ENDED = json('session_ended', {
  session_id: PRISM,
  entry_id: 'prism-launcher',
  reason: { type: 'user_stop' },
  duration: { secs: 1_500, nanos: 0 },
})

/** The rest of the household: an hour of that day is booked already. */
export function sourcePath(rows: RustRows = {}): string {
  return writeRustDatabase({
    audits: [[1, '2026-11-20T20:20:00+01:00', STARTED]],
    usage: [['prism-launcher', '2026-11-20', 3_600]],
    snapshot: snapshotOf(),
    ...rows,
  })
}

/** Imports the source, and ends the session that it had open. */
export async function importAndRecover(store: Store, path: string): Promise<ImportedAndRecovered> {
  const report = await importRustStore(path, store)
  return { report, recovered: await recoverSession(store) }
}

interface ImportedAndRecovered {
  readonly report: RustImportReport
  readonly recovered: SessionRecord | undefined
}
