import type { AuditBreak, AuditHead, AuditVerification, Store } from '@shepherd-store/core'
import { firstRecord } from './archived.ts'
import { count } from './format.ts'

/** What the log says to heads that were kept before the one that is expected. */
interface EarlierHeads {
  /** Where the log first contradicts one of them, and the record before. */
  readonly contradiction?: { readonly firstBreak: AuditBreak; readonly before: AuditHead | undefined }
  /** Those of records that are not in the log any more. */
  readonly beforeStart: readonly AuditHead[]
}

export async function lookAtHeads(store: Store, heads: readonly AuditHead[]): Promise<EarlierHeads> {
  const looks: Look[] = []
  for (const head of heads) {
    // With the record before, which is the last good one where it differs.
    const records = await store.listAudits({ scope: 'all', after: Math.max(0, head.id - 2), limit: 2 })
    if (records.some(({ id, hash }) => id === head.id && hash === head.hash)) continue
    looks.push({ head, before: records.find(({ id }) => id < head.id), next: records.find(({ id }) => id >= head.id) })
  }
  if (looks.length === 0) return { beforeStart: [] }
  // Afterwards: what has left the log by now is no contradiction.
  const startId = (await firstRecord(store))?.id ?? 1
  const logHead = await store.auditHead()
  const cut = await cutOf(store)
  const isCut = ({ head }: Look): boolean => head.id === cut?.id
  const isBefore = (look: Look): boolean => look.head.id < startId && !isCut(look)
  const [contradiction] = looks
    .filter((look) => !isBefore(look) && !(isCut(look) && look.head.hash === cut?.hash))
    .map((look) => contradictionOf(isCut(look) ? { ...look, next: cut } : look, logHead))
    .toSorted((a, b) => a.firstBreak.id - b.firstBreak.id)
  const beforeStart = looks.filter(isBefore).map(({ head }) => head)
  return { ...(contradiction === undefined ? {} : { contradiction }), beforeStart }
}

/** The record that the log was last cut behind, as the log tells. */
async function cutOf(store: Store): Promise<AuditHead | undefined> {
  const query = { scope: 'all', types: ['records_archived'], order: 'desc', limit: 1 } as const
  const [record] = await store.listAudits(query)
  return record?.event.type === 'records_archived' ? { id: record.event.throughId, hash: record.event.hash } : undefined
}

/** A head that the log does not hold, and what stands in its place. */
interface Look {
  readonly head: AuditHead
  readonly before: AuditHead | undefined
  readonly next: AuditHead | undefined
}

function contradictionOf(
  { head: { id }, before, next }: Look,
  logHead: AuditHead | undefined,
): NonNullable<EarlierHeads['contradiction']> {
  if (next === undefined) {
    const endId = logHead?.id ?? 0
    const message = `the log ends at ${endId}, but it once reached ${id}: its tail was cut off`
    return { firstBreak: { id: endId + 1, problem: 'head_missing', message }, before: logHead }
  }
  const [problem, message] =
    next.id === id
      ? (['head_differs', `record ${id} is not the one that was the head: the log was written anew`] as const)
      : (['missing', `record ${id} is missing`] as const)
  return { firstBreak: { id, problem, message }, before }
}

/** The verification together with what those heads tell: the first break of both counts. */
export function withEarlierHeads(
  verification: AuditVerification,
  { contradiction, beforeStart }: EarlierHeads,
): AuditVerification {
  const blindSpots = [...verification.blindSpots, ...beforeStartText(beforeStart)]
  const { head: _, firstBreak, ...rest } = verification
  if (contradiction === undefined || (firstBreak !== undefined && firstBreak.id <= contradiction.firstBreak.id)) {
    return { ...verification, blindSpots }
  }
  const { firstBreak: earlier, before } = contradiction
  const head = before === undefined ? {} : { head: { id: before.id, hash: before.hash } }
  return { ...rest, ...head, intact: false, firstBreak: earlier, tail: 'unproven', blindSpots }
}

function beforeStartText(heads: readonly AuditHead[]): readonly string[] {
  const last = heads.at(-1)
  if (last === undefined) return []
  const which =
    heads.length === 1
      ? `The head of record ${last.id} was not looked at: the log begins behind it.`
      : `${count(heads.length, 'head')}, up to that of record ${last.id}, were not looked at: the log begins behind them.`
  return [which]
}
