import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditRecord, Faults, ManualClock, OwnedStore, Store } from '@shepherd-store/core'
import { createStore, manualClock, withFaults } from '@shepherd-store/core'
import { openSqliteDriver } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'

/** What may stand in a column, whatever its declared type. */
export type Value = string | bigint | number | null | Buffer

/** The rows of a database of the crate, written as they are. */
export interface RustRows {
  readonly audits?: readonly (readonly Value[])[]
  readonly usage?: readonly (readonly Value[])[]
  readonly cooldowns?: readonly (readonly Value[])[]
  readonly snapshot?: Value
}

const SCHEMAS = {
  crate: `
    CREATE TABLE audit_log (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, event_json TEXT NOT NULL);
    CREATE TABLE usage (
      entry_id TEXT NOT NULL, day TEXT NOT NULL, duration_secs INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (entry_id, day));
    CREATE TABLE cooldowns (entry_id TEXT PRIMARY KEY, until TEXT NOT NULL);
    CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), snapshot_json TEXT NOT NULL);
    CREATE INDEX idx_audit_timestamp ON audit_log(timestamp);
    CREATE INDEX idx_usage_day ON usage(day);`,
  readme: `
    CREATE TABLE audit_log (
      id INTEGER PRIMARY KEY, timestamp TEXT NOT NULL, event_type TEXT NOT NULL, event_data TEXT NOT NULL);
    CREATE TABLE usage (
      entry_id TEXT NOT NULL, day TEXT NOT NULL, duration_secs INTEGER NOT NULL, PRIMARY KEY (entry_id, day));
    CREATE TABLE cooldowns (entry_id TEXT PRIMARY KEY, until TEXT NOT NULL);
    CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), data TEXT NOT NULL);`,
}

/** A directory of the test's own, gone when it ends. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'shepherd-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/**
 * Writes a database of the crate, and returns its path. Given an existing one, adds the rows. Nothing is refused or
 * converted by its columns, so that anything may stand in them.
 */
export function writeRustDatabase(
  rows: RustRows,
  { schema = 'crate', path = join(testDirectory(), 'shepherdd.db') }: WriteOptions = {},
): string {
  const db = new Database(path)
  if (db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined)
    db.exec(SCHEMAS[schema].replaceAll(/ TEXT| NOT NULL/g, ''))
  db.transaction(() => insertRows(db, rows))()
  db.close()
  return path
}

interface WriteOptions {
  readonly schema?: 'crate' | 'readme'
  readonly path?: string
}

function insertRows(db: Database.Database, { audits = [], usage = [], cooldowns = [], snapshot }: RustRows): void {
  const insert = (table: string, values: readonly Value[]): unknown =>
    db.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(...values)
  for (const row of audits) insert('audit_log', row)
  const book = db.prepare(
    'INSERT INTO usage VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET duration_secs = excluded.duration_secs',
  )
  for (const row of usage) book.run(...row)
  for (const row of cooldowns) insert('cooldowns', row)
  if (snapshot !== undefined) insert('snapshot', [1, snapshot])
}

/** `count` plain rows of the log, with ids from `from` on. */
export function plainAudits(count: number, from = 1): readonly (readonly Value[])[] {
  return Array.from({ length: count }, (_, index) => {
    const id = from + index
    const at = new Date(Date.UTC(2026, 5, 24) + id * 1_000).toISOString().replace('Z', '456789+00:00')
    return [id, at, `{"type":"policy_loaded","entry_count":${id}}`]
  })
}

export interface TestStore {
  readonly store: OwnedStore
  readonly clock: ManualClock
  readonly faults: Faults
  /** Another handle on the same file. */
  again(): Promise<OwnedStore>
  /** Every row of every table, read past the store. */
  rows(): unknown
  /** Changes the file past the store, also to what its tables refuse. */
  tamper(sql: string): void
}

/** A store in a file of the test's own, with faults to be planted in front of it. */
export async function openTestStore(): Promise<TestStore> {
  const path = join(testDirectory(), 'store.db')
  const clock = manualClock('2026-11-23T12:00:00Z')
  const options = { calendar: { timeZone: 'Europe/Berlin' } }
  const { driver, faults } = withFaults(await openSqliteDriver(path, options))
  const store = closedAfterTest(createStore(driver, { clock }))
  return {
    store,
    clock,
    faults,
    again: async () => closedAfterTest(createStore(await openSqliteDriver(path, options), { clock })),
    rows() {
      const db = new Database(path, { readonly: true })
      const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
      const rows = Object.fromEntries(tables.map((table) => [table, db.prepare(`SELECT * FROM "${table}"`).all()]))
      db.close()
      return rows
    },
    tamper(sql) {
      const db = new Database(path)
      db.pragma('ignore_check_constraints = ON')
      db.exec(sql).close()
    },
  }
}

/** The store, with `onCommit` called before each commit: what it throws, the commit rejects with. */
export function beforeCommits(store: Store, onCommit: (changes: number) => void): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'view') return (as: Parameters<Store['view']>[0]) => beforeCommits(target.view(as), onCommit)
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]) => {
        if (name === 'commit') onCommit((args[0] as readonly unknown[]).length)
        return Reflect.apply(member, target, args) as unknown
      }
    },
  })
}

function closedAfterTest(store: OwnedStore): OwnedStore {
  onTestFinished(() => store.close())
  return store
}

/** Every record of the store's scope, in the order of the log. */
export async function logOf(store: Store): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of store.readAudits()) records.push(record)
  return records
}

/** Every file of the directory with its digest: what must not change. */
export function contentOf(directory: string): Readonly<Record<string, string>> {
  const digest = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex')
  return Object.fromEntries(
    readdirSync(directory)
      .toSorted()
      .map((name) => [name, digest(name)]),
  )
}

/** The ids that the records of the log have in the source, in the order of the log. */
export async function importedIds(store: Store): Promise<readonly (number | undefined)[]> {
  return (await logOf(store)).map(({ original }) => original?.id)
}
