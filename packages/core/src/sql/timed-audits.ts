import type { AuditRequest } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import type { AuditLogRow } from './audit-queries.ts'
import { SPAN_RECORDS } from './log-schema.ts'
import { Batch, type Program } from './program.ts'
import type { Queries } from './queries.ts'
import { logEndsOf, toInteger } from './rows.ts'

/** How many spans are looked up at once. Those that lie side by side are asked as one. */
const SPANS_AT_ONCE = 256
/**
 * In how many places of the log the first flight asks, and the widest one: each asks in twice as many as the one before.
 * A time has one place, and several where clocks were wrong.
 */
const PLACES_AT_FIRST = 4
const PLACES_AT_ONCE = 64

/** Whether the request is about a time. */
export function isTimed({ from, to }: AuditRequest): boolean {
  return from !== undefined || to !== undefined
}

/**
 * Records of a time, in the order of the log, which may be another one: asked for only where spans tell that there are
 * some, and behind the last span. The work goes with what lies in those places, not with the length of the log, however
 * wrong the clocks are that dated other records.
 */
export function* timedAudits(queries: Queries, request: AuditRequest): Program<readonly AuditLogRow[]> {
  const { order, limit, from, to, after = 0, before = Number.MAX_SAFE_INTEGER } = request
  const found: AuditLogRow[] = []
  const [first, last] = [from?.toISOString() ?? FIRST_INSTANT, to?.toISOString() ?? LAST_INSTANT]
  const spans = {
    fromDay: first.slice(0, DAY_CHARS),
    toDay: last.slice(0, DAY_CHARS),
    from: first,
    to: last,
    after,
    // A span ends up to so many records behind the last one that is asked for.
    before: Math.min(Number.MAX_SAFE_INTEGER, before + SPAN_RECORDS),
    limit: SPANS_AT_ONCE,
  }
  let width = PLACES_AT_FIRST
  for (let isFirst = true; ; isFirst = false) {
    const look = new Batch()
    const spanRows = look.add(queries.spans[order](spans))
    const ends = look.add(queries.logEnds({}))
    yield* look.send()
    const lastIds = spanRows().map(({ last_id }) => toInteger(last_id, 'audit_spans.last_id'))
    const isLast = lastIds.length < SPANS_AT_ONCE
    const { head } = logEndsOf(ends()[0])
    const tail = { after: head.id - (head.id % SPAN_RECORDS), before: Number.MAX_SAFE_INTEGER }
    const places = [
      ...(order === 'desc' && isFirst ? [tail] : []),
      ...placesOf(lastIds),
      ...(order === 'asc' && isLast ? [tail] : []),
    ]
    while (places.length > 0) {
      const ask = new Batch()
      const pages = places.splice(0, width).map((place) => {
        const bounds = { after: Math.max(after, place.after), before: Math.min(before, place.before) }
        return ask.add(queries.audits({ ...request, ...bounds, limit: limit - found.length }))
      })
      yield* ask.send()
      for (const page of pages) found.push(...page())
      if (found.length >= limit) return found.slice(0, limit)
      width = Math.min(PLACES_AT_ONCE, width * 2)
    }
    if (isLast) return found
    const reached = lastIds.at(-1) ?? 0
    if (order === 'asc') spans.after = reached
    else spans.before = reached
  }
}

const DAY_CHARS = '2026-11-23'.length
const FIRST_INSTANT = new Date(LIMITS.INSTANT_MS_MIN).toISOString()
/** As text, and as an instant, behind every other. */
const LAST_INSTANT = '9999-12-31T23:59:59.9999Z'

interface Place {
  readonly after: number
  readonly before: number
}

/** The ids that the spans tell of, those that lie side by side as one. */
function placesOf(lastIds: readonly number[]): readonly Place[] {
  const places: { after: number; before: number }[] = []
  for (const lastId of lastIds) {
    const [after, before] = [lastId - SPAN_RECORDS, lastId + 1]
    const previous = places.at(-1)
    if (previous !== undefined && previous.before === after + 1) previous.before = before
    else if (previous !== undefined && previous.after === lastId) previous.after = after
    else places.push({ after, before })
  }
  return places
}
