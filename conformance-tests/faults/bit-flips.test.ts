import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckProblem, manualClock } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { fillLog } from '../tampering/log.ts'
import { type Look, lookAt, placeFile } from './corruption/damaged-file.ts'
import { cellsOf } from './corruption/log-cells.ts'
import { Tally } from './tally.ts'

/** `SHEPHERD_TEST_BIT_FLIPS`: single bits of the stored records that are flipped, one at a time. */
const count = Number(process.env['SHEPHERD_TEST_BIT_FLIPS'] ?? 60)

const { fresh } = temporaryDirectories()

test(
  `finds each of ${count} bits that are flipped in the records of a log`,
  { timeout: 60_000 + count * 200 },
  async () => {
    const directory = fresh()
    mkdirSync(directory)
    const path = join(directory, 'store.db')
    const { bytes, cells, rows } = await writtenLog(path, fresh())
    const choice = seeded(seed)
    const tally = new Tally()
    let unread = 0
    const named = { record: 0, refused: 0, unreadable: 0 }
    for (let flip = 0; flip < count; flip += 1) {
      // Every record is as likely, and within it every bit.
      const cell = cells[choice.integer(0, cells.length - 1)] ?? { from: 0, to: 0 }
      const at = choice.integer(cell.from, cell.to - 1)
      const bit = choice.integer(0, 7)
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at)
      placeFile(path, damaged)
      tally.tried()
      const damagedRows = rowsOf(path)
      if (JSON.stringify(damagedRows) === JSON.stringify(rows)) {
        unread += 1
        continue
      }
      tally.faults += 1
      const look = await lookAt(path, { questions: {} })
      const met = idsMet(rows, damagedRows)
      const missing = whatIsMissing(look, met)
      if (look.refused !== undefined) named.refused += 1
      else if (damagedRows === undefined) named.unreadable += 1
      else if (missing === undefined && met.length > 0) named.record += 1
      const lost = missing === undefined ? [] : [missing]
      const nameless =
        look.report?.problems.filter(({ code, part, message }) => !code || !part || !/[;:]/.test(message)) ?? []
      const untrue = [...look.raw, ...nameless.map((problem) => JSON.stringify(problem))]
      tally.add({ acknowledged: 0, inDoubt: 0, lost, doubled: [], untrue }, `bit ${bit} of byte ${at}`)
    }
    tally.print(
      `bits flipped in records (${unread} change nothing that is read; ${named.record} found by the record, ${named.refused} at the opening, ${named.unreadable} by SQLite)`,
    )
    assert.deepEqual(tally.problems, [])
    assert.equal(tally.lost + tally.doubled + tally.untrue, 0)
    assert.ok(tally.faults > count * 0.8, `only ${tally.faults} flips changed anything`)
    assert.ok(named.record > tally.faults * 0.8, `only ${named.record} flips are found by the record`)
  },
)

/** A log of every kind of record, in a file, and where its rows lie. */
async function writtenLog(path: string, archiveTo: string) {
  const clock = manualClock('2026-01-01T10:00:00.000Z')
  const store = await openSqliteStore(path, { clock, writer: 'inline' })
  await fillLog(store, clock, archiveTo)
  await store.close()
  const database = new Database(path, { readonly: true })
  const root = database.prepare<[], number>(`select rootpage from sqlite_schema where name = 'audit_log'`).pluck().get()
  const records = database.prepare<[], number>('select count(*) from audit_log').pluck().get()
  database.close()
  const bytes = readFileSync(path)
  const cells = cellsOf(bytes, root ?? 0)
  assert.equal(cells.length, records)
  const rows = rowsOf(path)
  assert.ok(rows !== undefined && rows.length === records)
  return { bytes, cells, rows }
}

const COLUMNS = [
  ...['id', 'timestamp', 'scope', 'node', 'type', 'entry_id', 'session_id', 'event', 'original_id'],
  ...['original_timestamp', 'original_event', 'salt', 'content_digest', 'digest', 'hash'],
]

/** A row as its bytes are, behind its id. */
type Row = readonly [id: string, text: string]

/** The ids of rows that are not as they were, before and now, and of those behind them, which hang on them. */
function idsMet(rows: readonly Row[], damaged: readonly Row[] | undefined): readonly string[] {
  if (damaged === undefined) return []
  const unlike = (these: readonly Row[], those: readonly Row[]) => {
    const texts = new Set(those.map(([, text]) => text))
    return these.filter(([, text]) => !texts.has(text)).flatMap(([id]) => [id, String(Number(id) + 1)])
  }
  return [...unlike(rows, damaged), ...unlike(damaged, rows)]
}

/** What a person would look for in vain. Where SQLite does not read all records any more, the damage has no id. */
function whatIsMissing({ refused, report }: Look, met: readonly string[]): string | undefined {
  if (refused !== undefined) return undefined
  if (report?.sound !== false) return 'nothing was found of it'
  if (met.length === 0 || report.problems.some((problem) => names(problem, met))) return undefined
  return `none of the records ${met.join(', ')} is named: ${JSON.stringify(report.problems)}`
}

function names({ part }: CheckProblem, ids: readonly string[]): boolean {
  return ids.some((id) => part === `audit_log [${id}]`)
}

/** All that is stored in the table; `undefined` when SQLite itself cannot read it. */
function rowsOf(path: string): readonly Row[] | undefined {
  const database = new Database(path, { readonly: true })
  try {
    const columns = COLUMNS.map((column) => `typeof(${column}), hex(${column})`)
    return database
      .prepare<[], readonly string[]>(`select cast(id as text), ${columns.join(', ')} from audit_log order by id`)
      .raw()
      .all()
      .map(([id = '', ...rest]) => [id, rest.join(' ')])
  } catch (error) {
    if (error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return undefined
    throw error
  } finally {
    database.close()
  }
}
