import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { fillLog } from '../tampering/log.ts'
import { lookAt, placeFile } from './corruption/damaged-file.ts'
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
    for (let flip = 0; flip < count; flip += 1) {
      // Every record is as likely, and within it every bit.
      const cell = cells[choice.integer(0, cells.length - 1)] ?? { from: 0, to: 0 }
      const at = choice.integer(cell.from, cell.to - 1)
      const bit = choice.integer(0, 7)
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at)
      placeFile(path, damaged)
      tally.tried()
      if (rowsOf(path) === rows) {
        unread += 1
        continue
      }
      tally.faults += 1
      const { refused, report, raw } = await lookAt(path, { questions: {} })
      const isFound = refused !== undefined || report?.sound === false
      const lost = isFound ? [] : [`nothing was found of it: ${rowsOf(path)?.slice(0, 100)}`]
      const nameless =
        report?.problems.filter(({ code, part, message }) => !code || !part || !/[;:]/.test(message)) ?? []
      const untrue = [...raw, ...nameless.map((problem) => JSON.stringify(problem))]
      tally.add({ acknowledged: 0, inDoubt: 0, lost, doubled: [], untrue }, `bit ${bit} of byte ${at}`)
    }
    tally.print(`bits flipped in records (${unread} of them change nothing that is read)`)
    assert.deepEqual(tally.problems, [])
    assert.equal(tally.lost + tally.doubled + tally.untrue, 0)
    assert.ok(tally.faults > count * 0.8, `only ${tally.faults} flips changed anything`)
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
  return { bytes, cells, rows: rowsOf(path) }
}

const COLUMNS = [
  ...['id', 'timestamp', 'scope', 'node', 'type', 'entry_id', 'session_id', 'event', 'original_id'],
  ...['original_timestamp', 'original_event', 'salt', 'content_digest', 'digest', 'hash'],
]

/** All that is stored in the table, as its bytes are; `undefined` when SQLite itself cannot read it. */
function rowsOf(path: string): string | undefined {
  const database = new Database(path, { readonly: true })
  try {
    const columns = COLUMNS.map((column) => `typeof(${column}), hex(${column})`)
    return JSON.stringify(
      database
        .prepare(`select ${columns.join(', ')} from audit_log order by id`)
        .raw()
        .all(),
    )
  } catch {
    return undefined
  } finally {
    database.close()
  }
}
