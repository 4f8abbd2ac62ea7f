import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { APPLICATION_ID } from './definitions.ts'
import { codeOf, fileError } from './errors.ts'

/** The first bytes of every SQLite file. https://sqlite.org/fileformat.html#the_database_header */
export const SQLITE_MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100
const APPLICATION_ID_AT = 68
/** What a file's switch to a log beside it changes in its header: the versions of its format, and who wrote last. */
const SWITCHED: readonly (readonly [from: number, to: number])[] = [
  [18, 20],
  [24, 28],
  [92, 100],
]

/** The first bytes of a rollback journal. https://sqlite.org/fileformat.html#the_rollback_journal */
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex')
/** Where a journal tells how many pages it holds, how many the database had before, how long its own header is, and how long they are. */
const RECORDS_AT = 8
const PAGES_BEFORE_AT = 16
const SECTOR_BYTES_AT = 20
const PAGE_BYTES_AT = 24
const JOURNAL_HEADER_BYTES = 28

/** The size of a page of a store: SQLite's default. */
const PAGE_BYTES = 4_096
/** Of the page of an empty database, behind the header: a leaf, and no cell in it. */
const EMPTY_LEAF = { type: 0x0d, cellsAt: HEADER_BYTES + 3 }

/**
 * Whether the making of a database at this path was interrupted in its very first transaction, before which the file was
 * empty, and nothing else has taken its place: SQLite empties it again when it is opened. Of its one page each part may be
 * there or not. @throws StoreError as `preparePlace`.
 */
export function isHalfMade(path: string): boolean {
  return holdsOf(path, (journal) => {
    const wasEmpty = journal.readUInt32BE(PAGES_BEFORE_AT) === 0
    return wasEmpty && statSync(path).size <= PAGE_BYTES && holdsNothing(firstPageOf(path))
  })
}

/**
 * Whether a store at this path was about to get its log, as a copy by `VACUUM INTO` does when it is first opened, and that
 * was interrupted: SQLite takes that back when the file is opened. A journal that would take back anything else may be that
 * of another file, whose place this one has taken. @throws StoreError as `preparePlace`.
 */
export function isHalfSwitched(path: string): boolean {
  return holdsOf(path, (journal, size) => {
    // The file is cut to that size, whatever else is in the journal.
    const sizeBefore = journal.readUInt32BE(PAGES_BEFORE_AT) * journal.readUInt32BE(PAGE_BYTES_AT)
    if (journal.readUInt32BE(PAGE_BYTES_AT) !== PAGE_BYTES || sizeBefore !== statSync(path).size) return false
    const page = firstPageOf(path)
    if (page.length < PAGE_BYTES || page.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) return false
    const sector = journal.readUInt32BE(SECTOR_BYTES_AT)
    if (size > sector + RECORD_BYTES) return false
    // What is written of it counts when the header says so, and only then is the file written to.
    if (journal.readUInt32BE(RECORDS_AT) === 0) return true
    const record = journal.subarray(sector)
    if (record.length < RECORD_BYTES || record.readUInt32BE(0) !== 1) return false
    return withoutSwitch(record.subarray(4, 4 + PAGE_BYTES)).equals(withoutSwitch(page))
  })
}

function withoutSwitch(page: Buffer): Buffer {
  const same = Buffer.from(page)
  for (const [from, to] of SWITCHED) same.fill(0, from, to)
  return same
}

/** A page in a journal: its number, what it was before, and a sum over that. */
const RECORD_BYTES = 4 + PAGE_BYTES + 4
/** The longest journal of one page. Its header is as long as a sector of the disk. */
const ONE_PAGE_JOURNAL_BYTES = 65_536 + RECORD_BYTES

/** Whether there is one at all: another process may have put the file in order meanwhile. */
export function hasJournal(path: string): boolean {
  return existsSync(`${path}-journal`)
}

/** What `isSo` says of the journal at a path, and of its size; false where there is none. */
function holdsOf(path: string, isSo: (journal: Buffer, size: number) => boolean): boolean {
  try {
    const { bytes, size } = beginningOf(`${path}-journal`)
    if (bytes.length < JOURNAL_HEADER_BYTES || !bytes.subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC))
      return false
    return isSo(bytes, size)
  } catch (error) {
    // Another process that makes the database takes its journal away at any moment.
    if (codeOf(error) === 'ENOENT') return false
    throw fileError(error, path)
  }
}

/** Nothing but zeros, or the page of a database without a table. */
function holdsNothing(page: Buffer): boolean {
  if (page.every((byte) => byte === 0)) return true
  if (page.toString('latin1', 0, SQLITE_MAGIC.length) !== SQLITE_MAGIC) return false
  return page[HEADER_BYTES] === EMPTY_LEAF.type && page.readUInt16BE(EMPTY_LEAF.cellsAt) === 0
}

/** Of the database itself. The descriptor stays: who closes one gives up the locks that this process may have on the file. */
function firstPageOf(path: string): Buffer {
  const bytes = Buffer.alloc(PAGE_BYTES)
  return bytes.subarray(0, readSync(openSync(path, 'r'), bytes, 0, bytes.length, 0))
}

function beginningOf(path: string): { readonly bytes: Buffer; readonly size: number } {
  const bytes = Buffer.alloc(ONE_PAGE_JOURNAL_BYTES)
  const file = openSync(path, 'r')
  try {
    return { bytes: bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)), size: statSync(path).size }
  } finally {
    closeSync(file)
  }
}
