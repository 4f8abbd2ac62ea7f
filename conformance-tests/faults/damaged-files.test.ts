import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { AuditHead } from '@shepherd-store/core'
import Database from 'better-sqlite3'
import { beforeAll, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { type Look, lookAt, placeFile } from './corruption/damaged-file.ts'
import { cutFiles, type Damage, damagedLogs, flippedBits, longerFiles, zeroedPages } from './corruption/damages.ts'
import { QUESTIONS, type WrittenStore, writeAhead, writeStore } from './corruption/written-store.ts'
import { Tally } from './tally.ts'

/** `SHEPHERD_TEST_DAMAGED_FILES`: files in which one bit, anywhere, is flipped. */
const flips = Number(process.env['SHEPHERD_TEST_DAMAGED_FILES'] ?? 40)
const TIMEOUT = { timeout: 120_000 + flips * 200 }

const { fresh } = temporaryDirectories()
const directory = fresh()
const path = join(directory, 'store.db')
let written: WrittenStore
let answers: Kept['sound']

beforeAll(async () => {
  mkdirSync(directory)
  written = await writeStore(path, 20)
  const { report, raw, ...sound } = await lookAt(path, { questions: QUESTIONS, expectedHead: written.head })
  assert.deepEqual([report?.problems, report?.audits?.tail, raw], [[], 'proven', []])
  answers = sound.answers
})

test('tells that it is not healthy when the root of a table is gone', TIMEOUT, async () => {
  const { bytes, pageSize, roots } = written
  const healthy: string[] = []
  for (const [table, root] of roots) {
    placeFile(path, Buffer.from(bytes).fill(0, (root - 1) * pageSize, root * pageSize))
    const { refused, health } = await lookAt(path, { questions: {} })
    const isTold = health?.healthy === false && health.problems[0]?.code === 'CORRUPT'
    if (refused !== 'CORRUPT' && !isTold) healthy.push(`${table}: ${refused ?? JSON.stringify(health)}`)
  }
  assert.deepEqual(healthy, [])
  assert.ok(roots.size >= 14)
})

test('finds every page that is zeroed', TIMEOUT, async () => {
  const { tally } = await meet(zeroedPages(written))
  tally.print('zeroed pages')
  assert.deepEqual([tally.problems, tally.inDoubt], [[], 0])
  assert.deepEqual([tally.tries > 30, tally.faults], [true, tally.tries])
})

test('finds every file whose end is missing, and nothing wrong where one has a tail', TIMEOUT, async () => {
  const { tally } = await meet(cutFiles(written, seeded(seed)))
  tally.print('files that were cut')
  assert.deepEqual([tally.problems, tally.inDoubt], [[], 0])
  assert.deepEqual([tally.tries > 60, tally.faults], [true, tally.tries])
  const longer = await meet(longerFiles(written, seeded(seed)))
  longer.tally.print('files with a tail')
  assert.deepEqual([longer.tally.problems, longer.tally.inDoubt], [[], 0])
})

test(
  `answers wrongly in none of ${flips} files with a flipped bit but where the check says that it is blind`,
  TIMEOUT,
  async () => {
    const { tally, blind } = await meet(flippedBits(written, seeded(seed), flips))
    tally.print(`files with a flipped bit (in doubt: rows beside the log that became others, ${[...blind].join('; ')})`)
    assert.deepEqual(tally.problems, [])
    assert.ok(tally.faults > 0)
    for (const question of blind) assert.ok(!question.startsWith('log') && question !== 'head', question)
  },
)

test('says that it is blind to a number beside the log that became another one', TIMEOUT, async () => {
  placeFile(path, written.bytes)
  const database = new Database(path)
  database.exec('update usage set duration_ms = duration_ms + 1')
  database.close()
  const { answers: given, report } = await lookAt(path, { questions: QUESTIONS, expectedHead: written.head })
  assert.notEqual(given.get('usage'), answers.get('usage'))
  assert.deepEqual(
    [report?.sound, report?.blindSpots.some((spot) => spot.startsWith('Rows beside the log'))],
    [true, true],
  )
})

test('finds what a damaged write-ahead log has lost, by the head that was kept', TIMEOUT, async () => {
  placeFile(path, written.bytes)
  const ahead = await writeAhead(path, 10)
  const elsewhere = join(directory, 'other.db')
  await writeStore(elsewhere, 10)
  const other = await writeAhead(elsewhere, 15)
  placeFile(path, ahead.bytes, ahead.log)
  const whole = await lookAt(path, { questions: QUESTIONS, expectedHead: ahead.head })
  assert.deepEqual([whole.report?.problems, whole.report?.audits?.tail, whole.raw], [[], 'proven', []])
  const { tally } = await meet(damagedLogs(ahead, other.log, seeded(seed)), { head: ahead.head, sound: whole.answers })
  tally.print('damaged write-ahead logs')
  assert.deepEqual([tally.problems, tally.inDoubt], [[], 0])
  assert.deepEqual([tally.tries > 30, tally.faults], [true, tally.tries])
})

test.each([
  ['a text', Buffer.from('Dear diary,\n'.repeat(500))],
  ['a zip', Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(5_000, 7)])],
  ['a gzip', gzipSync(Buffer.alloc(100_000, 7))],
  ['nothing but the name of SQLite', Buffer.from('SQLite format 3\0', 'latin1')],
  [
    'the name of SQLite, and noise',
    Buffer.concat([Buffer.from('SQLite format 3\0', 'latin1'), Buffer.alloc(8_176, 0x5a)]),
  ],
  ['an empty file', Buffer.alloc(0)],
])('refuses %s, and leaves it as it is', async (_, bytes) => {
  placeFile(path, bytes)
  const { refused, raw } = await lookAt(path, { questions: {} })
  assert.deepEqual([refused, raw], [bytes.length === 0 ? 'NOT_FOUND' : 'UNRECOGNIZED_SCHEMA', []])
  assert.deepEqual(readFileSync(path), bytes)
})

interface Kept {
  readonly head: AuditHead
  readonly sound: ReadonlyMap<string, string>
}

/**
 * Each damage is looked at by somebody who knows the head. A fault is what shows in any way. Lost: answered wrongly, and the
 * check calls it sound; in doubt: so, but beside the log, where the check says that it is blind.
 */
async function meet(damages: readonly Damage[], { head, sound }: Kept = { head: written.head, sound: answers }) {
  const tally = new Tally()
  const blind = new Set<string>()
  for (const { what, bytes, log } of damages) {
    placeFile(path, bytes, log)
    const look = await lookAt(path, { questions: QUESTIONS, expectedHead: head })
    const wrong = wronglyAnswered(look, sound)
    const isFound = look.refused !== undefined || look.report?.sound === false
    tally.tried()
    if (isFound || wrong.length > 0) tally.faults += 1
    const isBlind = look.report?.blindSpots.some((spot) => spot.startsWith('Rows beside the log')) === true
    const unseen = isFound ? [] : wrong
    const ofRows = isBlind ? unseen.filter((name) => !name.startsWith('log') && name !== 'head') : []
    for (const name of ofRows) blind.add(name)
    const lost = unseen.filter((name) => !ofRows.includes(name)).map((name) => `${name} is answered wrongly`)
    tally.add({ acknowledged: 0, inDoubt: ofRows.length > 0 ? 1 : 0, lost, doubled: [], untrue: look.raw }, what)
  }
  return { tally, blind }
}

/** Questions that were answered, and otherwise than by the sound store. */
function wronglyAnswered({ answers: given }: Look, sound: Kept['sound']): readonly string[] {
  return [...given].flatMap(([name, answer]) => {
    const isAnswered = !/^[A-Z_]+$/.test(answer)
    return isAnswered && answer !== sound.get(name) ? [name] : []
  })
}
