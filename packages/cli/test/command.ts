import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type ManualClock,
  manualClock,
  type OwnedStore,
  type Session,
  type StartOptions,
  startSession,
  type Store,
} from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { onTestFinished } from 'vitest'
import type { Output } from '../src/io.ts'
import { main } from '../src/main.ts'

const NOON = '2026-11-24T12:00:00Z'
const ZONE = 'Europe/Berlin'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** How wide the terminal is. Default: the output is no terminal. */
  readonly columns?: number
  readonly clock?: ManualClock
  /** Called after each write to stderr with what interrupts the command. */
  readonly onProgress?: (interrupt: () => void) => void
  /** Called after each write to stdout with all that was written to it, and with what interrupts the command. */
  readonly onOutput?: (stdout: string, interrupt: () => void) => void
}

/** Runs the command in this process, at noon of 2026-11-24 UTC. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, columns, clock = manualClock(NOON), onProgress, onOutput } = options
  const texts = { stdout: '', stderr: '' }
  let interrupt = (): void => {}
  const output = (name: 'stdout' | 'stderr'): Output => ({
    ...(columns === undefined ? {} : { isTTY: true, columns }),
    write(text) {
      texts[name] += text
      if (name === 'stderr') onProgress?.(() => interrupt())
      else onOutput?.(texts.stdout, () => interrupt())
    },
  })
  const exitCode = await main(argv, {
    env: { HOME: testDirectory(), ...env },
    hostname: 'this-machine',
    stdout: output('stdout'),
    stderr: output('stderr'),
    clock,
    onInterrupt(listener) {
      interrupt = listener
      return () => {}
    },
  })
  return { exitCode, ...texts }
}

/** A directory of the test's own, gone when it ends. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'shepherd-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** The path of a store with what `fill` writes into it, at noon unless it moves the clock. */
export async function storeWith(fill: (store: OwnedStore, clock: ManualClock) => Promise<unknown>): Promise<string> {
  const path = join(testDirectory(), 'store.db')
  const clock = manualClock(NOON)
  const store = await openSqliteStore(path, { clock, calendar: { timeZone: ZONE } })
  try {
    await fill(store, clock)
  } finally {
    await store.close()
  }
  return path
}

/** A log of which records 1 to 3, of August, were archived, and 4 and 5, of noon, stay; record 6 tells of it. */
export async function prunedLog(archiveTo = join(testDirectory(), 'archive')): Promise<string> {
  return storeWith(async (store, clock) => {
    clock.set('2026-08-17T12:00:00Z')
    for (let record = 1; record <= 3; record += 1) await store.appendAudit({ type: 'service_started' })
    clock.set(NOON)
    for (let record = 4; record <= 5; record += 1) await store.appendAudit({ type: 'service_stopped' })
    await store.applyRetention({ keepDays: 30, archiveTo })
  })
}

/** A session that starts at `from` and is heard of `playedMs` later. */
export async function playing(
  store: Store,
  clock: ManualClock,
  { from, playedMs, ...options }: StartOptions & { readonly from: string; readonly playedMs: number },
): Promise<Session> {
  clock.set(new Date(from))
  const started = await startSession(store, options)
  if (!started.applied) throw new Error(`the session did not start: ${JSON.stringify(started.failed)}`)
  clock.advance(playedMs)
  await started.session.checkpoint()
  return started.session
}

/** Runs SQL past the store: what a fault or a stranger would do. */
export function tamper(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

/** Removes what SQLite itself does against changes of the log. */
export const WITHOUT_TRIGGERS = 'drop trigger audit_log_no_update; drop trigger audit_log_no_delete;'

/**
 * A database of the Rust crate with one row of each table, and one of the log that cannot be read, or a session that was
 * left running, if asked for.
 */
export function rustDatabase({ unreadable = false, unfinished = false } = {}): string {
  const path = join(testDirectory(), 'shepherdd.db')
  tamper(
    path,
    `create table audit_log (id integer primary key autoincrement, timestamp text not null, event_json text not null);
     create table usage (entry_id text not null, day text not null, duration_secs integer not null default 0,
       primary key (entry_id, day));
     create table cooldowns (entry_id text primary key, until text not null);
     create table snapshot (id integer primary key check (id = 1), snapshot_json text not null);
     insert into audit_log (timestamp, event_json) values
       ('2026-11-23T15:00:00+01:00', '{"type":"service_started"}'),
       ('2026-11-23T15:00:01+01:00', '${unreadable ? 'no json' : '{"type":"service_stopped"}'}');
     insert into usage values ('minecraft', '2026-11-23', 600);
     insert into cooldowns values ('minecraft', '2026-11-24T14:00:00+01:00');`,
  )
  if (unfinished) tamper(path, `insert into snapshot values (1, '${UNFINISHED}')`)
  return path
}

const UNFINISHED = JSON.stringify({
  timestamp: '2026-11-23T16:10:17+01:00',
  active_session: {
    session_id: 'unfinished',
    entry_id: 'minecraft',
    started_at: '2026-11-23T16:00:00+01:00',
    deadline: null,
    warnings_issued: [],
  },
})
