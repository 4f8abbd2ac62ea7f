import type { AuditBreak, AuditHead, AuditVerification } from './audit.ts'
import { contentDigest, GENESIS_HASH, linkHash } from './chain.ts'
import type { AuditRow } from './effects.ts'
import type { Engine } from './engine.ts'
import { LIMITS } from './limits.ts'

/** Follows the chain over the log's records, given in order from the first. */
export async function verifyChain(
  rows: AsyncIterable<AuditRow>,
  expectedHead: AuditHead | undefined,
): Promise<AuditVerification> {
  let head: AuditHead = { id: 0, hash: GENESIS_HASH }
  let firstBreak: AuditBreak | undefined
  let proven = false
  for await (const row of rows) {
    firstBreak = breakAt(row, head) ?? headBreak(row, expectedHead)
    if (firstBreak !== undefined) break
    head = { id: row.id, hash: row.hash }
    proven ||= row.id === expectedHead?.id
  }
  if (firstBreak === undefined && expectedHead !== undefined && expectedHead.id > head.id) {
    firstBreak = {
      id: head.id + 1,
      problem: 'head_missing',
      message: `the log ends at ${head.id}, but it once reached ${expectedHead.id}: its tail was cut off`,
    }
  }
  return {
    intact: firstBreak === undefined,
    checked: head.id + (firstBreak === undefined || firstBreak.problem === 'head_missing' ? 0 : 1),
    ...(head.id === 0 ? {} : { head }),
    ...(firstBreak === undefined ? {} : { firstBreak }),
    tail: proven ? 'proven' : 'unproven',
  }
}

function breakAt(row: AuditRow, previous: AuditHead): AuditBreak | undefined {
  const due = previous.id + 1
  if (row.id !== due) {
    const message =
      row.id > due ? `records ${due} to ${row.id - 1} are missing` : `record ${row.id} stands where ${due} belongs`
    return { id: due, problem: 'missing', message }
  }
  if (contentDigest(row) !== row.digest) {
    return { id: row.id, problem: 'content_changed', message: `record ${row.id} is not as it was written` }
  }
  if (linkHash(previous.hash, row.id, row.digest) !== row.hash) {
    return {
      id: row.id,
      problem: 'chain_broken',
      message: `the hash of record ${row.id} does not follow from the record before`,
    }
  }
  return undefined
}

function headBreak(row: AuditRow, expected: AuditHead | undefined): AuditBreak | undefined {
  if (row.id !== expected?.id || row.hash === expected.hash) return undefined
  const message = `record ${row.id} is sound in itself, but is not the one that was the head: the log was written anew`
  return { id: row.id, problem: 'head_differs', message }
}

/** The whole log, of every scope, page by page. */
export async function* allRows(engine: Engine): AsyncIterable<AuditRow> {
  // Without a lower bound: a record with an id below 1 is found as well.
  let after: { readonly after?: number } = {}
  for (;;) {
    const { audits } = await engine.read({ audits: { ...after, order: 'asc', limit: LIMITS.AUDIT_PAGE_LIMIT_MAX } })
    yield* audits
    const last = audits.at(-1)
    if (last === undefined || audits.length < LIMITS.AUDIT_PAGE_LIMIT_MAX) return
    after = { after: last.id }
  }
}
