import { resolve } from 'node:path'
import { type ArchiveManifest, confirmArchive, findArchive, writeArchive } from './archive.ts'
import { type Authorship, logContent } from './audit-content.ts'
import { checkCallback, checkSignal } from './audit-requests.ts'
import type { AuditHead } from './audit.ts'
import type { Calendar } from './calendar.ts'
import { ChainCheck } from './chain-check.ts'
import { addDays } from './day.ts'
import { changedMeanwhile } from './decide-log.ts'
import type { Engine } from './engine.ts'
import { invalidArgument, isStoreError, StoreError } from './errors.ts'
import { checkErased, forgottenIn } from './forgotten.ts'
import { LIMITS } from './limits.ts'
import { checkSignalOf, logEnds, rowsOf, writeLogChanges } from './log-work.ts'
import type { StopSignal } from './stop-signal.ts'
import type { NodeId } from './values.ts'
import { checkBoolean, checkFields, checkInteger, describe } from './values.ts'

export interface RetentionOptions {
  /** How many days before today stay in the log, 30 to 18,250. */
  readonly keepDays: number
  /** The directory that what is older goes to, before it leaves the log. It is made where it is missing. */
  readonly archiveTo?: string | undefined
  /** Tells what would be archived, and does nothing. Then `archiveTo` may be left out. Default false. */
  readonly dryRun?: boolean | undefined
  /** Stops it: it rejects with `ABORTED`. The same call goes on with what is left. */
  readonly signal?: StopSignal | undefined
  readonly onProgress?: ((progress: RetentionProgress) => void) | undefined
}

export interface RetentionProgress {
  readonly step: 'archiving' | 'removing'
  /** Of the records that are to leave the log: how many were gone through, and how many there are. */
  readonly done: number
  readonly total: number
}

export interface RetentionResult {
  /** The start of the first day that stays. */
  readonly cutoff: Date
  /** How many records left the log, or would. */
  readonly records: number
  /** The last of them. Absent when there are none. */
  readonly throughId?: number
  /**
   * The first record that stays although older ones stand behind it, as a clock was wrong, its machine's or theirs. They
   * leave the log when it is old itself. Absent when there is none.
   */
  readonly heldBy?: { readonly id: number; readonly timestamp: Date; readonly node: NodeId }
  /** What was written, in order, or had been written by an earlier call that did not come to its end. */
  readonly archives: readonly ArchiveManifest[]
}

/** @throws StoreError `INVALID_ARGUMENT` */
export function checkRetention(options: RetentionOptions): RetentionOptions {
  const known = ['keepDays', 'archiveTo', 'dryRun', 'signal', 'onProgress'] as const
  const { keepDays, archiveTo, dryRun = false, signal, onProgress } = checkFields(options, known, 'options')
  if (archiveTo === undefined && !checkBoolean(dryRun, 'dryRun')) {
    throw invalidArgument('archiveTo must name the directory that records go to before they leave the log')
  }
  if (archiveTo !== undefined && (typeof archiveTo !== 'string' || archiveTo === '' || archiveTo.includes('\0'))) {
    throw invalidArgument(`archiveTo must be the path of a directory, not ${describe(archiveTo)}`)
  }
  return {
    keepDays: checkInteger(keepDays, 'keepDays', LIMITS.RETENTION_DAYS_MIN, LIMITS.RETENTION_DAYS_MAX),
    archiveTo: archiveTo === undefined ? undefined : resolve(archiveTo),
    dryRun: checkBoolean(dryRun, 'dryRun'),
    signal: checkSignal(signal),
    onProgress: checkCallback(onProgress, 'onProgress'),
  }
}

/** Archives the oldest records, and removes them: file by file, so that it can be stopped and taken up again. */
export async function applyRetention(
  engine: Engine,
  by: Authorship & { readonly calendar: Calendar },
  { keepDays, archiveTo, dryRun, signal, onProgress }: RetentionOptions,
): Promise<RetentionResult> {
  const { calendar, timestamp: now } = by
  const cutoff = calendar.startOf(addDays(calendar.dayOf(now), -keepDays))
  const stay = { from: cutoff, to: new Date(Math.min(now.getTime() + FAR_AHEAD_MS, LIMITS.INSTANT_MS_MAX)) }
  const { throughId, ...held } = await lastToLeave(engine, stay)
  const { start } = await logEnds(engine)
  const total = Math.max(0, throughId - start.id)
  const result = { cutoff, records: total, ...(total === 0 ? {} : { throughId }), ...held }
  if (dryRun === true || archiveTo === undefined) return { ...result, archives: [] }

  const archives: ArchiveManifest[] = []
  await removeCut(engine, signal)
  for (let from = start; from.id < throughId;) {
    const tell = (step: RetentionProgress['step'], id: number) => onProgress?.({ step, done: id - start.id, total })
    const found = await findArchive(archiveTo, from)
    if (found !== undefined && found.throughId > throughId) throw reachesFurther(found, throughId)
    const before = from
    from = await unlessCut(engine, before, async () => {
      const { head } = await logEnds(engine)
      const isToBeMade = found === undefined || (await isForgottenSince(engine, found))
      const manifest = isToBeMade
        ? await archivePart(engine, archiveTo, before, found?.throughId ?? throughId, { stay, signal, tell })
        : await confirmed(archiveTo, found)
      const through = await cut(engine, by, { from: before.id, asOf: head.id, manifest })
      archives.push(manifest)
      return through
    })
    await removeCut(engine, signal, (id) => tell('removing', id))
  }
  const last = archives.at(-1)
  const records = archives.reduce((sum, each) => sum + each.records, 0)
  return { cutoff, records, ...(last === undefined ? {} : { throughId: last.throughId }), ...held, archives }
}

async function confirmed(directory: string, found: ArchiveManifest): Promise<ArchiveManifest> {
  if (await confirmArchive(directory, found)) return found
  throw changedMeanwhile(`another call has made the archive ${found.file} anew`)
}

/** What is not found as it should be may have left the log meanwhile. */
async function unlessCut<T>(engine: Engine, from: AuditHead, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // A database may let two cut at once, and refuse one of the two cuts.
    if (!isStoreError(error, 'MALFORMED', 'NOT_FOUND', 'DATABASE') || error.outcome !== 'not_applied') throw error
    const { start } = await logEnds(engine)
    if (start.id === from.id) throw error
    throw cutMeanwhile(start, from)
  }
}

function cutMeanwhile(start: AuditHead, from: AuditHead): StoreError {
  return changedMeanwhile(`the log begins behind record ${start.id}, no longer behind ${from.id}`)
}

/**
 * The last record that is old, before the first that is not: so that a cut, which goes through the order of the log, takes
 * nothing that is to stay. A record whose time is unreadable, or lies far ahead of now, goes with those around it. One
 * that lies less far ahead may be right, and this machine's clock be behind.
 */
async function lastToLeave(
  engine: Engine,
  stay: TimesThatStay,
): Promise<{ readonly throughId: number } & Pick<RetentionResult, 'heldBy'>> {
  // What is appended from here on stays: it may stand behind one that is to stay, too.
  const { head } = await logEnds(engine)
  const stays = { ...stay, before: head.id + 1, order: 'asc', limit: 1 } as const
  const [first] = (await engine.read({ audits: stays })).audits
  const cutoff = stay.from
  const old = await engine.read({
    audits: { to: cutoff, before: first?.id ?? head.id + 1, order: 'desc', limit: 1 },
  })
  const throughId = old.audits[0]?.id ?? 0
  if (first === undefined) return { throughId }
  const behind = await engine.read({ audits: { to: cutoff, after: first.id, order: 'asc', limit: 1 } })
  if (behind.audits.length === 0) return { throughId }
  const { id, timestamp, node } = first
  return { throughId, heldBy: { id, timestamp, node } }
}

/** Fewer days were to be kept when it was made. */
function reachesFurther({ file, throughId: reached }: ArchiveManifest, throughId: number): StoreError {
  return invalidArgument(
    `the archive ${file}, which the log was not cut behind yet, reaches record ${reached}, and only those up to ${throughId} are old: ` +
      'keep as many days as when it was made, or name another directory',
  )
}

/** `[from, to)`: a record of such a time is not archived. */
interface TimesThatStay {
  readonly from: Date
  readonly to: Date
}

/** A year: no clock that somebody looks at is so far behind. */
const FAR_AHEAD_MS = 366 * 24 * 60 * 60 * 1_000

interface Archiving {
  readonly stay: TimesThatStay
  readonly signal: StopSignal | undefined
  tell(step: 'archiving', id: number): void
}

async function archivePart(
  engine: Engine,
  directory: string,
  from: AuditHead,
  throughId: number,
  { stay, signal, tell }: Archiving,
): Promise<ArchiveManifest> {
  const lastId = Math.min(throughId, from.id + LIMITS.ARCHIVE_RECORDS_MAX)
  const [last] = (await engine.read({ audits: { after: lastId - 1, before: lastId + 1, order: 'asc', limit: 1 } }))
    .audits
  if (last === undefined) throw brokenAt(`record ${lastId} is missing`)
  const forgotten = await forgottenIn(engine, signal)
  return writeArchive(directory, from, { id: last.id, hash: last.hash }, sound(), async () => {
    const { start } = await logEnds(engine)
    if (start.id !== from.id) throw cutMeanwhile(start, from)
  })

  /** What cannot be proven does not leave the log: it would be evidence that is lost. */
  async function* sound() {
    const chain = new ChainCheck({})
    chain.goOnFrom(from)
    for await (const row of rowsOf(engine, { after: from.id, before: lastId + 1 }, { signal, gaps: 'refused' })) {
      if (!chain.isSound(row)) throw brokenAt(chain.result().firstBreak?.message ?? '')
      // What a question about its time does not find is not old for that.
      if (row.timestamp >= stay.from && row.timestamp < stay.to) {
        throw brokenAt(`record ${row.id} is not old, and questions about its time pass over it`)
      }
      checkErased(row, forgotten)
      if (row.id % LIMITS.AUDIT_PAGE_LIMIT_MAX === 0) tell('archiving', row.id)
      yield row
    }
  }
}

/** Whether the archive, which was made by an earlier call, may hold what was erased in the log since. */
async function isForgottenSince(engine: Engine, manifest: ArchiveManifest): Promise<boolean> {
  await checkEnd(engine, manifest)
  const { throughId } = manifest
  const { audits } = await engine.read({
    audits: { types: ['scope_forgotten'], after: throughId, order: 'asc', limit: 1 },
  })
  return audits.length > 0
}

/** @throws StoreError `MALFORMED` when the archive is of another log. */
async function checkEnd(engine: Engine, { file, throughId, hash }: ArchiveManifest): Promise<void> {
  const [stored] = (
    await engine.read({ audits: { after: throughId - 1, before: throughId + 1, order: 'asc', limit: 1 } })
  ).audits
  if (stored?.hash === hash) return
  throw new StoreError(
    'MALFORMED',
    `the archive ${file} ends with another record ${throughId} than the log has: it is of another log; name another directory`,
  )
}

/** From then on the log begins behind the archive's last record. The log itself tells it. */
async function cut(
  engine: Engine,
  by: Authorship,
  { from, asOf, manifest }: { readonly from: number; readonly asOf: number; readonly manifest: ArchiveManifest },
): Promise<AuditHead> {
  await checkEnd(engine, manifest)
  const { file, sha256, firstId, throughId, hash } = manifest
  const through = { id: throughId, hash }
  const { timestamp, scope, node } = by
  const event = { type: 'records_archived', firstId, throughId, hash, archive: file, sha256 } as const
  await writeLogChanges(engine, [
    { table: 'audit', content: logContent({ timestamp, scope, node }, event) },
    { table: 'audit_cut', from, through, asOf },
  ])
  return through
}

/** Removes what is cut off and still there, in bounded steps. */
export async function removeCut(
  engine: Engine,
  signal: StopSignal | undefined,
  tell: (id: number) => void = () => {},
): Promise<void> {
  const { start } = await logEnds(engine)
  if (start.id === 0) return
  const { firstAuditId = start.id + 1 } = await engine.read({ firstAudit: true })
  // A record before the first is a forged one: it stays, and is found by whoever verifies.
  for (let id = Math.max(1, firstAuditId); id <= start.id; id += LIMITS.LOG_BATCH_RECORDS) {
    checkSignalOf(signal, id)
    const throughId = Math.min(start.id, id + LIMITS.LOG_BATCH_RECORDS - 1)
    await writeLogChanges(engine, [{ table: 'audit_removal', firstId: id, throughId }])
    tell(throughId)
  }
}

function brokenAt(problem: string): StoreError {
  return new StoreError(
    'MALFORMED',
    `the log is not as it was written (${problem}): see verifyAudits; nothing was removed. ` +
      'Put back what was there, from a backup, or keep the log whole: what is not proven does not leave it',
  )
}
