import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { addDays, LIMITS, manualClock, type OwnedStore } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'
import Database from 'better-sqlite3'
import { rawSqlite } from '../../sqlite-raw.ts'
import { contentsOf, hashesOf } from '../long-work/contents.ts'
import { fill, LONG_WORKS, type LongWorkName } from '../long-work/works.ts'
import { dump, linesOf } from '../upgrades/dump.ts'
import { freeze } from '../upgrades/frozen.ts'
import { archivesOf, CALENDAR, fileOf, NOW, rowsOf, type Site, TODAY, useSite } from './site.ts'

/** Work of many commits, in the middle of which the power is cut. */
export interface CutWork {
  /** Makes the file at `source` that it reads, where it reads one. */
  makeSource?(source: string): Promise<void>
  /** Makes what is there before it. */
  prepare(site: Site): Promise<void>
  /** The call. */
  perform(store: OwnedStore, site: Site, source: string): Promise<unknown>
  /** The hashes of all records that are kept, wherever that is. */
  hashes(site: Site): Promise<readonly string[]>
  /** What of that its makers had not synced, by name. Default: nothing. */
  readonly unsyncedNames?: readonly RegExp[]
  /** What it leaves: a line for each thing. */
  contents(site: Site): Promise<readonly string[]>
}

export type CutWorkName = keyof typeof CUT_WORKS

export const CUT_WORKS = {
  importAudits: longWork('importAudits'),
  importRustStore: longWork('importRustStore'),
  forgetScope: longWork('forgetScope'),
  compact: compaction(),
  applyRetention: retention(async () => {}),
  'applyRetention over an archive': retention(async (site) => {
    await archiveOnly(site)
    await useSite(site, (store) => LONG_WORKS.forgetScope.perform(store, ''))
  }),
  'applyRetention behind an unsynced archive': { ...retention(archiveOnly), unsyncedNames: [/^archives$/, /\.json$/] },
  'an upgrade from version 1': upgrade(1),
  'an upgrade from version 2': upgrade(2),
} satisfies Readonly<Record<string, CutWork>>

function longWork(name: LongWorkName): CutWork {
  const { makeSource, prepare, perform, withHashes } = LONG_WORKS[name]
  return {
    async makeSource(source) {
      const other = createMemoryStore({ clock: manualClock(NOW) })
      await makeSource?.(source, other)
      await other.close()
    },
    prepare: (site) => useSite(site, prepare),
    perform: (store, _, source) => perform(store, source),
    hashes: (site) => hashesOf(rowsOf(site)),
    contents: (site) => contentsOf(rowsOf(site), { withHashes }),
  }
}

/** All that is in the file is in fewer pages then. */
function compaction(): CutWork {
  const work = longWork('compact')
  return { ...work, contents: async (site) => [...(await work.contents(site)), pagesOf(site)] }
}

function pagesOf(site: Site): string {
  const database = new Database(fileOf(site))
  const pages = Number(database.pragma('page_count', { simple: true }))
  database.close()
  return `${pages} pages`
}

const KEEP_DAYS = LIMITS.RETENTION_DAYS_MIN
/** When the records are written, which are old now. */
const LONG_AGO = `${addDays(TODAY, -KEEP_DAYS - 2)}T12:00:00.000Z`

function retention(prepare: (site: Site) => Promise<void>): CutWork {
  return {
    async prepare(site) {
      await useSite(site, fill, LONG_AGO)
      await prepare(site)
    },
    perform: archive,
    hashes: async (site) => [...(await hashesOf(await archived(site))), ...(await hashesOf(rowsOf(site)))],
    contents: async (site) => {
      const kept = await contentsOf(await archived(site), { withHashes: false })
      return [...kept.map((line) => `archived ${line}`), ...(await contentsOf(rowsOf(site), { withHashes: false }))]
    },
  }
}

function archive(store: OwnedStore, site: Site) {
  return store.applyRetention({ keepDays: KEEP_DAYS, archiveTo: archivesOf(site) })
}

/** As a call leaves it that is stopped before it has cut the log. */
async function archiveOnly(site: Site): Promise<void> {
  const copy = { ...site, root: `${site.root}-copy` }
  mkdirSync(copy.root)
  cpSync(fileOf(site), fileOf(copy))
  await useSite(copy, (store) => archive(store, site))
  rmSync(copy.root, { recursive: true })
}

/** Rows of the archives that have their manifest. @throws StoreError when they are not what that tells. */
async function archived(site: Site) {
  const data = createMemoryData({ calendar: CALENDAR })
  const store = createMemoryStore({ data, clock: manualClock(NOW) })
  const hasArchive =
    existsSync(archivesOf(site)) && readdirSync(archivesOf(site)).some((name) => name.endsWith('.json'))
  if (hasArchive) await store.importAudits(archivesOf(site))
  return { raw: rawSqlite(databaseOf(data)) }
}

/** Opening it is the work. */
function upgrade(version: number): CutWork {
  const where = (site: Site) => ({ type: 'sqlite', path: fileOf(site) }) as const
  return {
    prepare: (site) => freeze(where(site), version),
    async perform() {},
    // Its columns are others. That all is there is seen in the end.
    hashes: async () => [],
    contents: async (site) => linesOf(await dump(where(site))),
  }
}
