import { type AuditBreak, type AuditHead, contentDigest, linkHash, type VerifyOptions } from '@shepherd-store/core'
import fc from 'fast-check'
import { FAR } from './log.ts'
import type { RawRecord } from './place.ts'

/** What somebody does to the log in SQL. */
export interface Tampering {
  readonly what: string
  readonly sql: string
  /** What the verification has to name: the first id that is not as it was written. */
  readonly found: Pick<AuditBreak, 'id' | 'problem'>
  readonly options?: VerifyOptions
}

/** Where: as parts of what there is to choose from, from 0 to 1. */
interface Choice {
  readonly place: number
  readonly other: number
}

const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const choices = fc.record({ place: part, other: part })

/** So many, of all kinds in turn, at places that the seed tells. */
export function tamperings(
  records: readonly RawRecord[],
  { count, seed }: { count: number; seed: number },
): readonly Tampering[] {
  // fast-check prefers small numbers and ends of ranges; here any place is as good as another.
  return fc.sample(fc.noBias(choices), { numRuns: count, seed }).map((choice, index) => {
    const kind = KINDS[index % KINDS.length] as Kind
    return kind(records, choice)
  })
}

type Kind = (records: readonly RawRecord[], choice: Choice) => Tampering

const COLUMNS = [
  ...(['timestamp', 'scope', 'node', 'type', 'entry_id', 'session_id', 'event'] as const),
  ...(['original_id', 'original_timestamp', 'original_event', 'salt', 'content_digest', 'digest', 'hash'] as const),
]

const KINDS: readonly Kind[] = [
  ...COLUMNS.map(
    (column): Kind =>
      (records, choice) =>
        editedByte(column, records, choice),
  ),
  ...[
    movedId,
    removed,
    swapped,
    insertedRow,
    insertedLink,
    cutTail,
    cutTailAndHead,
    forgedErasure,
    wrongErasure,
    wrongForm,
    forgedCut,
  ],
]

function editedByte(
  column: (typeof COLUMNS)[number],
  records: readonly RawRecord[],
  { place, other }: Choice,
): Tampering {
  const [record] = pick(records, place)
  const { id } = record
  const value = record[column]
  const isLegal = { timestamp: isInstant, event: isJson, original_id: isCount }[column as string] ?? (() => true)
  const planted = value === null || value === '' ? '7' : withEditedByte(value, other, isLegal)
  return {
    what: `${column} of ${id}: ${planted} in place of ${value}`,
    sql: `update audit_log set "${column}" = ${quoted(planted)} where id = ${id}`,
    found: { id, problem: column === 'hash' ? 'chain_broken' : 'content_changed' },
  }
}

/** Another digit, or another letter, at that part of the text or the next one where the text stays legal. */
function withEditedByte(text: string, at: number, isLegal: (text: string) => boolean): string {
  for (let step = 0; step < text.length; step += 1) {
    const index = (Math.floor(at * text.length) + step) % text.length
    const character = text.charAt(index)
    const next = String.fromCharCode(character.charCodeAt(0) + (/[9fz]/.test(character) ? -1 : 1))
    const edited = text.slice(0, index) + next + text.slice(index + 1)
    if (/[0-9a-z]/.test(character) && isLegal(edited)) return edited
  }
  throw new Error(`there is no byte to edit in ${text}`)
}

const isInstant = (text: string): boolean => {
  const instant = new Date(text)
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === text
}
const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
const isCount = (text: string): boolean => /^[1-9]/.test(text)

function movedId(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [{ id }] = pick(records, place)
  return {
    what: `${id} moved behind all others`,
    sql: `update audit_log set id = ${FAR} where id = ${id}`,
    found: { id, problem: 'missing' },
  }
}

function removed(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [{ id }] = pick(records, place)
  return {
    what: `${id} removed`,
    sql: `delete from audit_log where id = ${id}`,
    found: { id, problem: id === lastOf(records).id ? 'tail_missing' : 'missing' },
  }
}

function swapped(records: readonly RawRecord[], { place, other }: Choice): Tampering {
  const [one, index] = pick(records, place)
  const [two] = pick(
    records.filter((_, at) => at !== index),
    other,
  )
  return {
    what: `${one.id} and ${two.id} swapped`,
    sql: `update audit_log set id = ${FAR} where id = ${one.id};
      update audit_log set id = ${one.id} where id = ${two.id};
      update audit_log set id = ${two.id} where id = ${FAR}`,
    found: { id: Math.min(one.id, two.id), problem: 'chain_broken' },
  }
}

/** A copy of another record in its place; those behind it make room. */
function insertedRow(records: readonly RawRecord[], { place, other }: Choice): Tampering {
  const id = placeToInsert(records, place)
  const [copied] = pick(
    records.filter((record) => record.id !== id),
    other,
  )
  return {
    what: `a copy of ${copied.id} inserted at ${id}`,
    sql: insertion(id, copied, copied.hash),
    found: { id, problem: 'chain_broken' },
  }
}

/** By one who knows how: the hash follows from the record before, and no record behind follows from it. */
function insertedLink(records: readonly RawRecord[], { place, other }: Choice): Tampering {
  const id = placeToInsert(records, place)
  const [copied] = pick(records, other)
  const hashBefore = records.find((record) => record.id === id - 1)?.hash ?? ''
  const isLast = id > lastOf(records).id
  return {
    what: `a copy of ${copied.id} linked in at ${id}`,
    sql: insertion(id, copied, linkHash(hashBefore, id, copied.digest)),
    // Behind the last record it is the log's own mark of its end that tells.
    found: isLast ? { id, problem: 'tail_missing' } : { id: id + 1, problem: 'chain_broken' },
  }
}

/** Behind the first record, up to the place behind the last. */
function placeToInsert(records: readonly RawRecord[], place: number): number {
  return pick(records, place)[0].id + 1
}

function insertion(id: number, copied: RawRecord, hash: string): string {
  const columns = COLUMNS.filter((column) => column !== 'hash').map((column) => `"${column}"`)
  return `update audit_log set id = id + ${FAR} where id >= ${id};
    update audit_log set id = id - ${FAR - 1} where id >= ${FAR};
    insert into audit_log (id, ${columns.join(', ')}, hash) select ${id}, ${columns.join(', ')}, '${hash}'
      from audit_log where id = ${copied.id < id ? copied.id : copied.id + 1}`
}

function cutTail(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [{ id }] = pick(records, place)
  return {
    what: `all from ${id} on cut off`,
    sql: `delete from audit_log where id >= ${id}`,
    found: { id, problem: 'tail_missing' },
  }
}

/** By one who knows how. Only a head that is kept elsewhere tells. */
function cutTailAndHead(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [{ id }, index] = pick(records.slice(1), place)
  const { hash } = records[index] as RawRecord
  return {
    what: `all from ${id} on cut off, and the end put there`,
    sql: `delete from audit_log where id >= ${id}; update audit_head set last_id = ${id - 1}, last_hash = '${hash}'`,
    found: { id, problem: 'head_missing' },
    options: { expectedHead: headOf(records) },
  }
}

export function headOf(records: readonly RawRecord[]): AuditHead {
  const { id, hash } = lastOf(records)
  return { id, hash }
}

const BLANK = `type = 'erased', event = '{"type":"erased"}', salt = null, entry_id = null, session_id = null,
  original_id = null, original_timestamp = null, original_event = null`

/** As `forgetScope` does it, of a scope that was not to be forgotten, or of a record that was appended later. */
function forgedErasure(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [record] = pick(records.filter(isErasable), place)
  const { id, salt, type, entry_id, session_id, event, original_id, original_timestamp, original_event } = record
  const digest = contentDigest({
    ...{ type, text: event },
    ...(salt === null ? {} : { salt }),
    ...(entry_id === null ? {} : { entryId: entry_id }),
    ...(session_id === null ? {} : { sessionId: session_id }),
    ...(original_id === null
      ? {}
      : {
          original: { id: Number(original_id), timestamp: original_timestamp ?? '', event: original_event ?? '' },
        }),
  })
  return {
    what: `${id} erased`,
    sql: `update audit_log set ${BLANK}, content_digest = '${digest}' where id = ${id}`,
    found: { id, problem: 'erasure_unrecorded' },
  }
}

/** Without knowing what was there. */
function wrongErasure(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [{ id, hash }] = pick(records.filter(isErasable), place)
  return {
    what: `${id} erased under another digest`,
    sql: `update audit_log set ${BLANK}, content_digest = '${hash}' where id = ${id}`,
    found: { id, problem: 'content_changed' },
  }
}

/** As if an older version of the schema had written it, whose digest is of all: then it may say anything of when and where. */
function wrongForm(records: readonly RawRecord[], { place }: Choice): Tampering {
  const { scope } = records.find(({ content_digest }) => content_digest !== null) ?? lastOf(records)
  const [{ id }] = pick(records.filter(isErasable), place)
  return {
    what: `${id} erased as a record of the first form, of scope ${scope}`,
    sql: `update audit_log set ${BLANK}, content_digest = digest, scope = ${quoted(scope)}, node = 'elsewhere' where id = ${id}`,
    found: { id, problem: 'erasure_unrecorded' },
  }
}

/** Those that tell of an archive, or of a scope that is forgotten, would leave that unexplained, and be named by it. */
function isErasable({ type, content_digest }: RawRecord): boolean {
  return content_digest === null && type !== 'records_archived' && type !== 'scope_forgotten'
}

function forgedCut(records: readonly RawRecord[], { place }: Choice): Tampering {
  const [{ id, hash }] = pick(records, place)
  return {
    what: `cut behind ${id}`,
    sql: `insert into audit_cuts values (${id}, '${hash}'); delete from audit_log where id <= ${id}`,
    found: { id, problem: 'cut_unrecorded' },
  }
}

function pick<T>(list: readonly T[], at: number): readonly [item: T, index: number] {
  const index = Math.floor(at * list.length)
  const item = list[index]
  if (item === undefined) throw new Error('there is nothing to choose from')
  return [item, index]
}

function lastOf(records: readonly RawRecord[]): RawRecord {
  return pick(records.slice(-1), 0)[0]
}

function quoted(text: string): string {
  return `'${text.replaceAll(`'`, `''`)}'`
}
