import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AuditEvent, isDay, LIMITS, type OriginalRecord } from '@shepherd-store/core'
import { type Cell, isSafe } from './cell.ts'
import { parseCrateEvent, parseReadmeEvent } from './event.ts'
import { parseTime, show, UnreadableRow } from './forms.ts'
import { ImportedLog, type LogRow } from './imported-log.ts'
import { quarantinedRow, rowNumber } from './quarantine.ts'
import type { RowCounts, RowProblem } from './report.ts'
import type { ImportRun } from './run.ts'
import type { RustSource } from './source.ts'
import type { SourceRow } from './table-reader.ts'

/**
 * Appends every row of the log that is not there yet, in the order of their ids, each with its time and its text. One
 * page of the source is one commit; while it is written, the next one is read. Rows are read from the first on, as later
 * ones are understood by earlier ones.
 */
export async function importAudits(run: ImportRun): Promise<RowCounts> {
  const reader = new AuditReader(run)
  const log = new ImportedLog(run.writer)
  const counts = { found: 0, unreadable: 0, imported: 0 }

  async function append(attempts: readonly Attempt[]): Promise<void> {
    let audits: readonly ReadAudit[] = attempts.map((attempt) => readAudit(attempt, undefined))
    counts.imported += await log.append(logRows(audits), async () => {
      audits = await reader.checked(attempts)
      return logRows(audits)
    })
    for (const { problem } of audits) {
      if (problem === undefined) continue
      counts.unreadable += 1
      run.problems.add(problem)
    }
    counts.found += attempts.length
    run.step('audits', counts.found)
  }

  let writing = Promise.resolve()
  try {
    for (const page of run.source.pages('audit_log')) {
      const attempts = reader.read(page)
      await writing
      writing = append(attempts)
      // Whether it failed is told when the next page is there; until then it is on its way.
      writing.catch(() => {})
      await nextTurn()
    }
  } finally {
    await writing
  }
  await log.checkSameSource()
  const { found, unreadable, imported } = counts
  return { found, imported, alreadyThere: found - imported, unreadable }
}

function logRows(audits: readonly ReadAudit[]): readonly LogRow[] {
  return audits.flatMap(({ logRow }) => logRow ?? [])
}

interface ReadAudit {
  /** Absent when the row's id is beyond what a record can hold. */
  readonly logRow?: LogRow
  readonly problem?: RowProblem
}

/** Rows as changes; what cannot be read becomes a quarantine record, in its place. */
class AuditReader {
  readonly #run: ImportRun
  #nearest: Nearby | undefined

  constructor(run: ImportRun) {
    this.#run = run
  }

  read(page: readonly SourceRow[]): readonly Attempt[] {
    return page.map((row) => this.#attempt(row))
  }

  /** The same rows, each with why the store would not take it, if it would not. */
  checked(attempts: readonly Attempt[]): Promise<readonly ReadAudit[]> {
    return Promise.all(
      attempts.map(async (attempt) => {
        const change = readAudit(attempt, undefined).logRow?.change
        return readAudit(attempt, change && (await this.#run.writer.refusal(change)))
      }),
    )
  }

  #attempt(row: SourceRow): Attempt {
    let timestamp: Date | undefined
    try {
      if (row.damage !== undefined) throw new UnreadableRow(row.damage)
      timestamp = parseTime(row.cells.get('timestamp'), 'timestamp')
      this.#nearest = { timestamp, row }
      const event = this.#event(row, timestamp)
      this.#see(row, event, timestamp)
      return { row, timestamp, event }
    } catch (error) {
      if (!(error instanceof UnreadableRow)) throw error
      if (timestamp !== undefined) return { row, timestamp, problem: error.message }
      this.#nearest ??= firstTime(this.#run.source)
      return { row, nearest: this.#nearest, problem: error.message }
    }
  }

  #event(row: SourceRow, timestamp: Date): AuditEvent {
    const context = { timestamp, session: (id: string) => this.#run.sessions.open(id) }
    if (this.#run.source.schema === 'crate') return parseCrateEvent(textOf(row, 'event_json'), context)
    return parseReadmeEvent(textOf(row, 'event_type'), textOf(row, 'event_data'), context)
  }

  #see(row: SourceRow, event: AuditEvent, timestamp: Date): void {
    this.#run.sessions.see(event, timestamp)
    // The date in the text is the local one, on which the crate books.
    const localDay = String(row.cells.get('timestamp')).slice(0, 10)
    if (event.type === 'session_ended' && isDay(localDay)) this.#run.comparison.ended(event, localDay)
  }
}

interface Nearby {
  readonly timestamp: Date
  /** Absent when no row has a readable time. */
  readonly row?: SourceRow
}

interface Attempt {
  readonly row: SourceRow
  readonly timestamp?: Date
  /** When the row has no readable time: that of the row before, or else of the first row that has one. */
  readonly nearest?: Nearby
  readonly event?: AuditEvent
  readonly problem?: string
}

function readAudit(attempt: Attempt, refusal: string | undefined): ReadAudit {
  const { row, timestamp, event } = attempt
  if (!isSafe(row.id)) {
    const problem = row.damage ?? 'its id is beyond 2^53, where a record has no place for it'
    return { problem: { table: 'audit_log', row: rowNumber(row), problem, quarantined: 'no' } }
  }
  if (timestamp === undefined || event === undefined) return quarantined(attempt, attempt.problem ?? '')
  if (refusal !== undefined) return quarantined(attempt, refusal)
  return { logRow: { change: { type: 'import_audit', timestamp, event, original: originalOf(row) }, damaged: false } }
}

function quarantined({ row, timestamp, nearest }: Attempt, problem: string): ReadAudit {
  const original = originalOf(row)
  const elsewhere = new Set<string>()
  if (original.timestamp === row.cells.get('timestamp')) elsewhere.add('timestamp')
  if (original.event !== '') for (const name of EVENT_COLUMNS) elsewhere.add(name)
  const cells = new Map([...row.cells].filter(([name]) => name !== 'id' && !elsewhere.has(name)))
  const { event, kept } = quarantinedRow('audit_log', row, cells, problem)
  const timeOf = nearest === undefined ? {} : { time_of_row: nearest.row === undefined ? null : rowNumber(nearest.row) }
  return {
    logRow: {
      change: {
        type: 'import_audit',
        timestamp: timestamp ?? nearest?.timestamp ?? new Date(0),
        event: { ...event, data: { ...event.data, ...timeOf } },
        original,
      },
      damaged: row.damage !== undefined,
    },
    problem: { table: 'audit_log', row: rowNumber(row), problem, quarantined: kept },
  }
}

/** The first row that has a readable time. */
function firstTime(source: RustSource): Nearby {
  for (const page of source.pages('audit_log')) {
    for (const row of page) {
      try {
        return { timestamp: parseTime(row.cells.get('timestamp'), 'timestamp'), row }
      } catch {
        continue // the next row may have one
      }
    }
  }
  return { timestamp: new Date(0) }
}

const EVENT_COLUMNS = ['event_json', 'event_type', 'event_data'] as const

/**
 * The row's own text: of the README's schema both columns, `PolicyLoaded {"entry_count":9}`. Empty where it is not
 * text, or more than a record holds.
 */
function originalOf({ id, cells }: SourceRow): OriginalRecord {
  const event = EVENT_COLUMNS.flatMap((name) => (cells.has(name) ? [cells.get(name)] : []))
  const text = event.every((cell) => typeof cell === 'string') ? event.join(' ') : ''
  const timestamp = cells.get('timestamp')
  return { id: Number(id), timestamp: isKeepable(timestamp) ? timestamp : '', event: isKeepable(text) ? text : '' }
}

function isKeepable(cell: Cell | undefined): cell is string {
  return typeof cell === 'string' && !cell.includes('\0') && Buffer.byteLength(cell) <= LIMITS.PAYLOAD_BYTES_MAX
}

function textOf({ cells }: SourceRow, column: string): string {
  const cell = cells.get(column)
  if (typeof cell === 'string') return cell
  throw new UnreadableRow(`${column} is not text: ${show(cell)}`)
}
