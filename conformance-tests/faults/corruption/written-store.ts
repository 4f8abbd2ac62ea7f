import { readFileSync } from 'node:fs'
import { type AuditHead, type ManualClock, manualClock, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { DAY, PLAY_ENTRY, work, WORK_AT, WORK_ENTRY } from '../work.ts'
import type { Questions } from './damaged-file.ts'

/** A file that was written and closed, as it is. */
export interface WrittenStore {
  readonly bytes: Buffer
  readonly pageSize: number
  /** By the names of the tables. */
  readonly roots: ReadonlyMap<string, number>
  readonly head: AuditHead
}

const WRITERS = ['one', 'two']
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }

/** Something in every table that a store fills by itself, of two scopes. @param clock The store's. */
export async function fillStore(store: Store, clock: ManualClock, steps: number): Promise<void> {
  const tell = () => {}
  for (const writer of WRITERS) await work(store, { writer, from: 0, steps, retries: 0, clock, tell })
  for (const view of [store, store.view({ scope: 'mia' })]) {
    await view.grantTime(PLAY_ENTRY, DAY, 60_000, CORRECTION)
    await view.addUsage(WORK_ENTRY, DAY, 7)
    await view.setCooldownUntil(PLAY_ENTRY, clock.now())
    await view.saveSnapshot({ timestamp: clock.now() })
  }
}

export async function writeStore(path: string, steps: number): Promise<WrittenStore> {
  const clock = manualClock(WORK_AT)
  const store = await openSqliteStore(path, { clock, calendar: { timeZone: 'UTC' }, writer: 'inline' })
  await fillStore(store, clock, steps)
  // The last commit of all: whoever knows it knows of every one before.
  const { id, hash } = await store.appendAudit({ type: 'service_stopped' })
  await store.close()
  const bytes = readFileSync(path)
  return { bytes, pageSize: bytes.readUInt16BE(16), roots: rootsOf(path), head: { id, hash } }
}

/** The same store after more work, which stands in the write-ahead log: as after the end of a process. */
export async function writeAhead(
  path: string,
  steps: number,
): Promise<Omit<WrittenStore, 'roots'> & { readonly log: Buffer }> {
  const clock = manualClock(WORK_AT)
  const store = await openSqliteStore(path, { clock, writer: 'inline' })
  const options = { from: 1_000, steps, retries: 0, clock, tell: () => {} }
  for (const writer of WRITERS) await work(store, { writer, ...options })
  const { id, hash } = await store.appendAudit({ type: 'service_started' })
  const [bytes, log] = [readFileSync(path), readFileSync(`${path}-wal`)]
  await store.close()
  return { bytes, pageSize: bytes.readUInt16BE(16), log, head: { id, hash } }
}

function rootsOf(path: string): ReadonlyMap<string, number> {
  const database = new Database(path, { readonly: true })
  const tables = database
    .prepare<[], { readonly name: string; readonly rootpage: number }>(
      `select name, rootpage from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'`,
    )
    .all()
  database.close()
  return new Map(tables.map(({ name, rootpage }) => [name, rootpage]))
}

/** What a service asks, and a parent. */
export const QUESTIONS: Questions = {
  usage: async (store) => [await store.getUsage(WORK_ENTRY, DAY), await store.getUsage(PLAY_ENTRY, DAY)],
  day: async (store) => [...(await store.getDayState(DAY))],
  'day of mia': async (store) => [...(await store.view({ scope: 'mia' }).getDayState(DAY))],
  totals: (store) => store.listUsage({ from: '2026-11-01', to: '2026-12-01', by: ['day', 'entry'], scope: 'all' }),
  cooldown: async (store) => (await store.getCooldownUntil('one')) ?? null,
  snapshot: async (store) => (await store.loadSnapshot()) ?? null,
  sessions: (store) => store.listSessions({ scope: 'all' }),
  log: (store) => store.listAudits({ scope: 'all', limit: 1_000 }),
  'log by type': (store) => store.listAudits({ types: ['session_ended'], order: 'desc' }),
  'log by entry': (store) => store.listAudits({ entryId: PLAY_ENTRY }),
  head: async (store) => (await store.auditHead()) ?? null,
}
