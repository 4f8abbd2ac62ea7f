import {
  checkBoolean,
  checkFields,
  describe,
  type NodeId,
  requireSupportedNode,
  type Store,
  StoreError,
} from '@shepherd-store/core'
import { importAudits } from './audit.ts'
import { Comparison } from './comparison.ts'
import { importCooldowns } from './cooldown.ts'
import { Corrections } from './corrections.ts'
import { Quarantine } from './quarantine.ts'
import { Problems, type RustImportReport } from './report.ts'
import type { ImportPhase, ImportRun } from './run.ts'
import { SessionsSoFar } from './session.ts'
import { importSnapshot } from './snapshot.ts'
import { openRustSource, type RustSource } from './source.ts'
import type { RustTable } from './table-reader.ts'
import { endImportedSession } from './unfinished-session.ts'
import { importUsage } from './usage.ts'
import { ImportWriter } from './writer.ts'

export interface RustImportOptions {
  /** Reports what would be done, and writes nothing. Default false. */
  readonly dryRun?: boolean | undefined
  /** Called after each batch. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
  /**
   * The node that the records and the usage are written as: one that nothing else writes as, the same each time this
   * source is imported. Default: `rust-` and 12 digits that name the source by its first row, and stay as it grows.
   */
  readonly node?: NodeId | undefined
  /** Stops the copying of the source, or the import after the batch under way: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface ImportProgress {
  readonly phase: ImportPhase
  /** How many of the phase's rows are done. */
  readonly done: number
  /** How many there are; of a table too damaged to count, how many were found so far. */
  readonly total: number
}

/**
 * Brings the database of the Rust crate at `path` into `store`: its log with order, times and text, its usage, its
 * cooldowns and its snapshot. The source is copied first and neither opened nor locked, so that the crate may run.
 *
 * The session that was running when the snapshot was saved is then open on the store's own node. What was played of it
 * until then is booked when it ends there: so recover or continue it only when the crate, which books at its own end,
 * runs no more.
 *
 * May be repeated, also after a failure or while the crate still writes: it goes on where it stopped, and what is there
 * already is not written again. What cannot be read is kept in a record `rust_row_unreadable`, and the rest goes on.
 * What was imported before an error stays. To a day whose corrections may have been archived by `applyRetention`, and that
 * was imported before, nothing is added; the report says so.
 * @throws StoreError `INVALID_ARGUMENT` (an argument is not what it must be; the node is the store's own, has another
 * source, or all that it had brought to the log was archived), `NOT_FOUND`, `PERMISSION_DENIED`, `UNRECOGNIZED_SCHEMA`,
 * `CORRUPT` (nothing can be read, or the source not recognised), `BUSY` (the source keeps changing), `DISK_FULL` or `IO`
 * (its copy), and whatever the store's own methods reject with; `signal.reason` once it is aborted.
 */
export async function importRustStore(
  path: string,
  store: Store,
  options: RustImportOptions = {},
): Promise<RustImportReport> {
  requireSupportedNode()
  checkArguments(path, store, options)
  options.signal?.throwIfAborted()
  const source = await openRustSource(path, options.signal)
  try {
    return await importSource(source, store, options)
  } finally {
    await source.close()
  }
}

/** @throws StoreError `INVALID_ARGUMENT` */
function checkArguments(path: string, store: Store, options: RustImportOptions): void {
  checkFields(options, ['dryRun', 'onProgress', 'node', 'signal'], 'options')
  const { dryRun, onProgress, signal } = options
  if (dryRun !== undefined) checkBoolean(dryRun, 'dryRun')
  check(onProgress === undefined || typeof onProgress === 'function', 'onProgress must be a function', onProgress)
  check(signal === undefined || signal instanceof AbortSignal, 'signal must be an AbortSignal', signal)
  check(typeof path === 'string' && path !== '' && !path.includes('\0'), "path must be a file's path", path)
  check(typeof store?.view === 'function', 'store must be a Store, which an open… function returns', store)
}

function check(holds: boolean, rule: string, value: unknown): void {
  if (!holds) throw new StoreError('INVALID_ARGUMENT', `${rule}, not ${describe(value)}`)
}

async function importSource(source: RustSource, store: Store, options: RustImportOptions): Promise<RustImportReport> {
  const { fingerprint, schema } = source
  const { dryRun = false, node = nodeOf(source), signal, onProgress } = options
  const writer = new ImportWriter(store, { node, dryRun, signal })
  const problems = new Problems()
  const totals = new Map<ImportPhase, number | undefined>()
  const run: ImportRun = {
    source,
    writer,
    problems,
    quarantine: new Quarantine(writer, problems),
    sessions: new SessionsSoFar(),
    comparison: new Comparison(),
    corrections: new Corrections(writer),
    step(phase, done) {
      if (!totals.has(phase)) totals.set(phase, source.count(TABLES[phase]))
      onProgress?.({ phase, done, total: totals.get(phase) ?? done })
      signal?.throwIfAborted()
    },
  }
  const audits = await importAudits(run)
  const usage = await importUsage(run)
  const cooldowns = await importCooldowns(run)
  const endedSession = await endImportedSession(run)
  const { counts: snapshot, ...unfinished } = await importSnapshot(run, endedSession)
  return {
    dryRun,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    schema,
    node,
    counts: { audits, usage, cooldowns, snapshot },
    ...unfinished,
    ...(endedSession === undefined ? {} : { endedSession }),
    problems: problems.listed(),
    comparison: run.comparison.report(run.sessions),
  }
}

/** Without its name, what was imported before would be imported again. */
function nodeOf({ fingerprint }: RustSource): NodeId {
  if (fingerprint !== undefined) return `rust-${fingerprint.slice(0, 12)}`
  throw new StoreError(
    'CORRUPT',
    'the first row of the source, by which it is recognised, is damaged: give the node that it had, or a new one',
  )
}

const TABLES: { readonly [P in ImportPhase]: RustTable } = {
  audits: 'audit_log',
  usage: 'usage',
  cooldowns: 'cooldowns',
  snapshot: 'snapshot',
}
