import { join } from 'node:path'
import { createStore, manualClock, type OwnedStore } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { rawFile } from '../../sqlite-harness.ts'
import { openDriver as openUnsynced } from '../unsynced-harness.ts'

/** A directory with the file of a store and, below it, what that archives. */
export interface Site {
  readonly root: string
  /** `unsynced`: inline, and without the syncs of commits. */
  readonly writer: 'thread' | 'inline' | 'unsynced'
}

export const CALENDAR = { timeZone: 'Europe/Berlin', dayStart: '04:00' }
export const TODAY = '2026-11-24'
export const NOW = `${TODAY}T12:00:00.000Z`

export const fileOf = ({ root }: Site): string => join(root, 'store.db')
export const archivesOf = ({ root }: Site): string => join(root, 'cold', 'archives')
export const rowsOf = (site: Site) => ({ raw: rawFile(fileOf(site)) })

export async function openSite(site: Site, at = NOW): Promise<OwnedStore> {
  const options = { node: 'study', clock: manualClock(at) }
  const { writer } = site
  if (writer === 'unsynced') return createStore(await openUnsynced(fileOf(site), { calendar: CALENDAR }), options)
  return openSqliteStore(fileOf(site), { ...options, calendar: CALENDAR, writer })
}

/** Opens the store there, and closes it. */
export async function useSite<T>(site: Site, use: (store: OwnedStore) => Promise<T>, at = NOW): Promise<T> {
  const store = await openSite(site, at)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
