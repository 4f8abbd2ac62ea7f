import type { Change, Day, DurationMs, EntryId } from '@shepherd-store/core'
import { addDays, compareText, isDay, isStoreError, LIMITS, StoreError } from '@shepherd-store/core'
import { parseSeconds, show, UnreadableRow } from './forms.ts'
import { rowNumber } from './quarantine.ts'
import type { UsageCounts } from './report.ts'
import type { ImportRun } from './run.ts'
import type { SourceRow } from './table-reader.ts'
import { together } from './writer.ts'

/**
 * Books what the source has beyond what was booked from it before: it sets, it does not add. What the source has lost
 * since stays booked, and is reported.
 */
export async function importUsage(run: ImportRun): Promise<UsageCounts> {
  const { rows, found, unreadable } = await readUsage(run)
  for (const { entryId, day, totalMs } of rows) run.comparison.booked(entryId, day, totalMs)
  let done = found - rows.length
  let addedMs = 0
  for (const batch of batches(rows)) {
    const booked = await bookedOf(run, batch)
    for (const ms of await together(batch.map((row) => book(run, row, booked.get(keyOf(row)) ?? 0)))) addedMs += ms
    done += batch.length
    run.step('usage', done)
  }
  const totalMs = rows.reduce((sum, row) => sum + row.totalMs, 0)
  return { found, unreadable, totalMs, addedMs, alreadyThereMs: totalMs - addedMs }
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

/** What an earlier import booked, for the days of `batch`. */
async function bookedOf(run: ImportRun, batch: readonly UsageRow[]): Promise<ReadonlyMap<string, DurationMs>> {
  const [from, last] = [batch[0]?.day, batch.at(-1)?.day]
  if (from === undefined || last === undefined) return new Map()
  const { view } = run.writer
  const totals = await view.listUsage({ from, to: addDays(last, 1), by: ['day', 'entry'], node: view.node })
  const booked = new Map<string, DurationMs>()
  for (const { entryId = '', day = from, durationMs, unreadable } of totals) {
    if (unreadable > 0) {
      throw new StoreError('MALFORMED', `the usage of ${show(entryId)} on ${day} by node ${view.node} cannot be read`)
    }
    booked.set(keyOf({ entryId, day }), durationMs)
  }
  return booked
}

/**
 * Books the difference, and returns it. The commit is named after what it adds to: of several that saw the same
 * booking, only one takes effect.
 */
async function book(run: ImportRun, row: UsageRow, bookedMs: DurationMs): Promise<DurationMs> {
  const missingMs = row.totalMs - bookedMs
  if (missingMs < 0) {
    const problem = `${show(row.entryId)} has ${row.totalMs} ms on ${row.day}; ${bookedMs} are booked already, and stay`
    run.problems.add({ table: 'usage', row: rowNumber(row.row), problem, quarantined: 'no' })
  }
  if (missingMs <= 0) return 0
  try {
    await run.writer.commit(`usage of ${keyOf(row)} above ${bookedMs}`, [additionOf(row, missingMs)])
    return missingMs
  } catch (error) {
    if (!isStoreError(error, 'OPERATION_MISMATCH')) throw error
    const nowMs = (await bookedOf(run, [row])).get(keyOf(row)) ?? 0
    if (nowMs <= bookedMs) throw error
    return book(run, row, nowMs)
  }
}

function additionOf({ entryId, day }: UsageRow, durationMs: DurationMs): Change {
  return { type: 'add_usage', entryId, day, durationMs }
}

function keyOf({ entryId, day }: { readonly entryId: EntryId; readonly day: Day }): string {
  return JSON.stringify([day, entryId])
}
