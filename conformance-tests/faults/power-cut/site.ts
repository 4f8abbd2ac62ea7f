import { join } from 'node:path'
import { manualClock, type OwnedStore } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { rawFile } from '../../sqlite-harness.ts'

/** A directory with the file of a store and, below it, what that archives. */
export interface Site {
  readonly root: string
  readonly writer: 'thread' | 'inline'
}

export const CALENDAR = { timeZone: 'Europe/Berlin', dayStart: '04:00' }
export const TODAY = '2026-11-24'
export const NOW = `${TODAY}T12:00:00.000Z`

export const fileOf = ({ root }: Site): string => join(root, 'store.db')
export const archivesOf = ({ root }: Site): string => join(root, 'archives')
export const rowsOf = (site: Site) => ({ raw: rawFile(fileOf(site)) })

export function openSite(site: Site, at = NOW): Promise<OwnedStore> {
  return openSqliteStore(fileOf(site), {
    node: 'study',
    clock: manualClock(at),
    calendar: CALENDAR,
    writer: site.writer,
  })
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
