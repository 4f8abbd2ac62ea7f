import assert from 'node:assert/strict'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'

const DAY = '2026-11-23'

/** As a first transaction that was cut off leaves it: it says that there was no page before. */
const JOURNAL = Buffer.concat([Buffer.from('d9d505f920a163d7', 'hex'), Buffer.alloc(504)])

const PAGE_BYTES = 4_096
/** The header of a whole journal: no page in it, and none in the file before; the sizes of a sector and of a page. */
const EMPTY_BEFORE = Buffer.concat([
  JOURNAL.subarray(0, 20),
  Buffer.from([512, PAGE_BYTES].flatMap((size) => [0, 0, size >> 8, size & 0xff])),
  Buffer.alloc(484),
])

test('leaves whatever has taken the place of a file that was half made', async () => {
  const path = freshPath()
  const other = await openSqliteStore(path)
  await other.addUsage('minecraft', DAY, 7)
  await other.close()
  writeFileSync(`${path}-journal`, JOURNAL)
  const bytes = readFileSync(path)
  await assert.rejects(openSqliteStore(path), (error) => isStoreError(error))
  assert.ok(readFileSync(path).equals(bytes))

  const notes = freshPath()
  writeFileSync(notes, 'Dear diary, '.repeat(100))
  writeFileSync(`${notes}-journal`, JOURNAL)
  await assert.rejects(openSqliteStore(notes), (error) => isStoreError(error))
  assert.equal(readFileSync(notes, 'utf8'), 'Dear diary, '.repeat(100))
})

test('leaves a store that has taken the place of another one, beside whose journal it stands', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.addUsage('minecraft', DAY, 7)
  await store.close()
  const bytes = readFileSync(path)
  const own = {
    records: 1,
    pages: bytes.length / PAGE_BYTES,
    pageBytes: PAGE_BYTES,
    page: bytes.subarray(0, PAGE_BYTES),
  }

  // Each is as long as one that is the file's own. SQLite would cut the file, or write to it.
  for (const journal of [
    { ...own, page: withByte(own.page, 200) },
    { ...own, pages: own.pages - 1, records: 0 },
    { ...own, pageBytes: PAGE_BYTES / 4, records: 0 },
    { ...own, pageBytes: PAGE_BYTES / 4, pages: own.pages * 4, records: 0 },
    { ...own, records: 2, page: Buffer.concat([own.page, own.page]) },
  ]) {
    writeFileSync(`${path}-journal`, journalOf(journal))
    await assert.rejects(openSqliteStore(path), (error) => isStoreError(error, 'UNRECOGNIZED_SCHEMA'))
    assert.ok(readFileSync(path).equals(bytes))
  }

  writeFileSync(`${path}-journal`, journalOf(own))
  const again = await openSqliteStore(path)
  assert.equal(await again.getUsage('minecraft', DAY), 7)
  await again.close()
})

interface RollbackJournal {
  readonly records: number
  readonly pages: number
  readonly pageBytes: number
  /** What the first page was before. */
  readonly page: Buffer
}

/** As a copy of a store is left that was about to get its log. https://sqlite.org/fileformat.html#the_rollback_journal */
function journalOf({ records, pages, pageBytes, page }: RollbackJournal): Buffer {
  const header = Buffer.alloc(512)
  JOURNAL.copy(header, 0, 0, 8)
  header.writeUInt32BE(records, 8)
  header.writeUInt32BE(pages, 16)
  header.writeUInt32BE(header.length, 20)
  header.writeUInt32BE(pageBytes, 24)
  return Buffer.concat([header, Buffer.from([0, 0, 0, 1]), page, sumOf(page)])
}

/** As a journal sums up a page whose header says that it begins with nothing: each 200th byte from its end. */
function sumOf(page: Buffer): Buffer {
  const sum = Buffer.alloc(4)
  let total = 0
  for (let at = page.length - 200; at > 0; at -= 200) total += page[at] ?? 0
  sum.writeUInt32BE(total)
  return sum
}

function withByte(page: Buffer, at: number): Buffer {
  const other = Buffer.from(page)
  other[at] = (other[at] ?? 0) ^ 1
  return other
}

test.each(['the file', 'a link to it'])('makes a file that is half made, by %s', async (by) => {
  const path = freshPath()
  writeFileSync(path, Buffer.alloc(PAGE_BYTES))
  writeFileSync(`${path}-journal`, EMPTY_BEFORE)
  const link = `${path}.link`
  symlinkSync(path, link)
  const store = await openSqliteStore(by === 'the file' ? path : link)
  await store.addUsage('minecraft', DAY, 7)
  await store.close()
  assert.deepEqual(readdirSync(dirname(path)).toSorted(), ['store.db', 'store.db.link'])
})
