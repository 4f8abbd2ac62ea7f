import type { Change, Day, DurationMs, EntryId } from '@shepherd-store/core'
import { addDays, compareText, isDay, isStoreError, LIMITS } from '@shepherd-store/core'
import { parseSeconds, show, UnreadableRow } from './forms.ts'
import { type Obstacle, rowNumber } from './quarantine.ts'
import type { UsageCounts } from './report.ts'
import type { ImportRun } from './run.ts'
import type { SourceRow } from './table-reader.ts'
import { reasonOf, together } from './writer.ts'

/**
 * Books what the source has beyond what was booked from it before: it sets, it does not add. What the source has lost
 * since stays booked, and is reported; what a person has taken off since stays off.
 */
export async function importUsage(run: ImportRun): Promise<UsageCounts> {
  const { rows, found, unreadable } = await readUsage(run)
  const counts = { found, unreadable, totalMs: 0, addedMs: 0 }
  for (const { entryId, day, totalMs } of rows) run.comparison.booked(entryId, day, totalMs)
  let done = unreadable
  for (const batch of batches(rows)) {
    const bookedMs = await bookedOf(run, batch)
    const bookings = await together(batch.map(async (row) => ({ row, ...(await book(run, row, bookedMs)) })))
    for (const { row, addedMs, obstacle } of bookings) {
      if (obstacle === undefined) {
        counts.totalMs += row.totalMs
        counts.addedMs += addedMs
      } else {
        counts.unreadable += 1
        await run.quarantine.refuse('usage', row.row, obstacle)
      }
    }
    done += batch.length
    run.step('usage', done)
  }
  return { ...counts, alreadyThereMs: counts.totalMs - counts.addedMs }
}

interface UsageRow {
  readonly row: SourceRow
  readonly entryId: EntryId
  readonly day: Day
  readonly totalMs: DurationMs
}

interface UsageRead {
  /** The readable rows, by day. */
  readonly rows: readonly UsageRow[]
  readonly found: number
  readonly unreadable: number
}

async function readUsage(run: ImportRun): Promise<UsageRead> {
  const rows: UsageRow[] = []
  let found = 0
  for (const page of run.source.pages('usage')) {
    found += page.length
    const readings = await together(page.map(async (row) => ({ row, reading: await readRow(run, row) })))
    for (const { row, reading } of readings) {
      if (typeof reading === 'string') await run.quarantine.keep('usage', row, reading)
      else rows.push(reading)
    }
  }
  return { rows: rows.toSorted((a, b) => compareText(a.day, b.day)), found, unreadable: found - rows.length }
}

/** The row, or why it cannot be read. */
async function readRow(run: ImportRun, row: SourceRow): Promise<UsageRow | string> {
  try {
    const usage = usageOf(row)
    return (await run.writer.refusal(additionOf(usage, usage.totalMs))) ?? usage
  } catch (error) {
    if (error instanceof UnreadableRow) return error.message
    throw error
  }
}

function usageOf(row: SourceRow): UsageRow {
  if (row.damage !== undefined) throw new UnreadableRow(row.damage)
  const entryId = row.cells.get('entry_id')
  const day = row.cells.get('day')
  if (typeof entryId !== 'string') throw new UnreadableRow(`entry_id is not text: ${show(entryId)}`)
  // The last day has no day after it, so that no range of usage contains it.
  if (typeof day !== 'string' || !isDay(day) || day === '9999-12-31')
    throw new UnreadableRow(`day is not a day: ${show(day)}`)
  return { row, entryId, day, totalMs: parseSeconds(row.cells.get('duration_secs'), 'duration_secs') }
}

/** As many as one flight takes, within the range that usage can be asked for. */
function* batches(rows: readonly UsageRow[]): Iterable<readonly UsageRow[]> {
  let batch: UsageRow[] = []
  for (const row of rows) {
    const [first] = batch
    const days = first === undefined ? 0 : (Date.parse(row.day) - Date.parse(first.day)) / 86_400_000
    if (batch.length === LIMITS.CHANGES_MAX || days >= LIMITS.USAGE_RANGE_DAYS_MAX) {
      yield batch
      batch = []
    }
    batch.push(row)
  }
  if (batch.length > 0) yield batch
}

/** `none`: nothing was booked for the row before. */
type BookedMs = (row: UsageRow) => DurationMs | 'none' | 'unreadable'

/** What an earlier import booked for the rows of `batch`. */
async function bookedOf(run: ImportRun, batch: readonly UsageRow[]): Promise<BookedMs> {
  const [from, last] = [batch[0]?.day, batch.at(-1)?.day]
  if (from === undefined || last === undefined) return () => 'none'
  const { view } = run.writer
  const totals = await view.listUsage({ from, to: addDays(last, 1), by: ['day', 'entry'], node: view.node })
  const booked = new Map(
    totals.map(({ entryId = '', day = from, durationMs, unreadable }) => [
      keyOf({ entryId, day }),
      unreadable === 0 ? durationMs : ('unreadable' as const),
    ]),
  )
  return (row) => booked.get(keyOf(row)) ?? 'none'
}

interface Booking {
  readonly addedMs: DurationMs
  /** Why the row could not be booked. */
  readonly obstacle?: Obstacle
}

/**
 * Books the difference to what was booked before. The commit is named after what it adds to: of several that saw the
 * same booking, only one takes effect.
 */
async function book(run: ImportRun, row: UsageRow, booked: BookedMs): Promise<Booking> {
  const { writer } = run
  const stored = booked(row)
  if (stored === 'unreadable') {
    const problem = `the usage of entry ${show(row.entryId)} on ${row.day} cannot be read; repair its row`
    return { addedMs: 0, obstacle: { problem, fault: 'store' } }
  }
  const storedMs = stored === 'none' ? 0 : stored
  if (row.totalMs < storedMs) {
    const problem = `${show(row.entryId)} has ${row.totalMs} ms on ${row.day}; ${storedMs} are booked already, and stay`
    run.problems.add({ table: 'usage', row: rowNumber(row.row), problem, quarantined: 'no' })
  }
  if (row.totalMs <= storedMs) return { addedMs: 0 }
  if (stored !== 'none' && !(await run.corrections.areKnown(row.day))) {
    const problem = `${row.totalMs - storedMs} ms of ${show(row.entryId)} on ${row.day} are not added: people may have taken them off, and what tells of it may have been archived; adjust the day if they are new`
    run.problems.add({ table: 'usage', row: rowNumber(row.row), problem, quarantined: 'no' })
    return { addedMs: 0 }
  }
  const takenOffMs = stored === 'none' ? 0 : await run.corrections.takenOff(row.entryId, row.day)
  const bookedMs = storedMs + takenOffMs
  const missingMs = row.totalMs - bookedMs
  if (takenOffMs > 0 && (await isUsedElsewhere(run, row))) {
    const newMs = Math.min(takenOffMs, row.totalMs - storedMs)
    const problem = `people took ${takenOffMs} ms off ${show(row.entryId)} on ${row.day}, a day of which other machines have used some, too: up to ${newMs} ms of the source may be new, and are not added; adjust the day if they are`
    run.problems.add({ table: 'usage', row: rowNumber(row.row), problem, quarantined: 'no' })
  }
  if (missingMs <= 0) return { addedMs: 0 }
  // A rehearsal does not know what is booked.
  const foreseen = writer.dryRun ? await obstacleTo(run, row, missingMs) : undefined
  if (foreseen !== undefined) return { addedMs: 0, obstacle: foreseen }
  try {
    await writer.commit(`usage of ${keyOf(row)} above ${bookedMs}`, [additionOf(row, missingMs)])
    return { addedMs: missingMs }
  } catch (error) {
    if (isStoreError(error, 'INVALID_ARGUMENT', 'MALFORMED')) {
      const obstacle = await obstacleTo(run, row, missingMs)
      if (obstacle !== undefined) return { addedMs: 0, obstacle }
    }
    if (!isStoreError(error, 'OPERATION_MISMATCH')) throw error
    const now = await bookedOf(run, [row])
    const nowMs = now(row)
    if (nowMs === 'none' || (nowMs !== 'unreadable' && nowMs <= storedMs)) throw error
    return book(run, row, now)
  }
}

/** Then what was taken off the day need not be of what was imported. */
async function isUsedElsewhere({ writer: { view } }: ImportRun, { entryId, day }: UsageRow): Promise<boolean> {
  const nodes = await view.listUsage({ from: day, to: addDays(day, 1), by: ['node'], entryId })
  return nodes.some(({ node }) => node !== view.node)
}

/** What of the entry's usage on that day, whoever booked it, keeps the store from adding `missingMs`. */
async function obstacleTo(
  { writer: { view } }: ImportRun,
  { entryId, day }: UsageRow,
  missingMs: DurationMs,
): Promise<Obstacle | undefined> {
  try {
    const usedMs = await view.getUsage(entryId, day)
    if (usedMs <= LIMITS.DURATION_MS_MAX - missingMs) return undefined
    const problem = `${missingMs} ms more are too much beside the ${usedMs} ms that are booked: the day would pass 2^53 - 1 ms`
    return { problem, fault: 'row' }
  } catch (error) {
    if (isStoreError(error, 'MALFORMED')) return { problem: reasonOf(error), fault: 'store' }
    throw error
  }
}

function additionOf({ entryId, day }: UsageRow, durationMs: DurationMs): Change {
  return { type: 'add_usage', entryId, day, durationMs }
}

function keyOf({ entryId, day }: { readonly entryId: EntryId; readonly day: Day }): string {
  return JSON.stringify([day, entryId])
}
