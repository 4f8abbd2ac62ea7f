import type { AuditRequest } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import type { AuditLogRow } from './audit-queries.ts'
import { SPAN_RECORDS } from './log-schema.ts'
import { Batch, type Program } from './program.ts'
import type { Queries } from './queries.ts'
import { logEndsOf, toInteger } from './rows.ts'

/** How many spans are looked up at first, and how many at most, each time four times as many. Those side by side are one place. */
const SPANS_AT_FIRST = 16
const SPANS_AT_ONCE = 4_096
/** Up to so many days, spans are found by their days. */
const FEW_DAYS = 64
/**
 * In how many places of the log the first flight asks, and the widest one: each asks in twice as many as the one before.
 * A time has one place, and several where clocks were wrong.
 */
const PLACES_AT_FIRST = 4
const PLACES_AT_ONCE = 64
/** How many records the places of one flight may bring. */
const RECORDS_AT_ONCE = 4 * LIMITS.AUDIT_PAGE_LIMIT_MAX

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
  const [fromDay, toDay] = [first.slice(0, DAY_CHARS), last.slice(0, DAY_CHARS)]
  const isOfFewDays = Date.parse(toDay) - Date.parse(fromDay) < FEW_DAYS * DAY_MS
  const spansOf = queries[isOfFewDays ? 'spansOfDays' : 'spansInOrder'][order]
  const spans = {
    ...{ fromDay, toDay, from: first, to: last, after },
    // A span ends up to so many records behind the last one that is asked for.
    before: Math.min(Number.MAX_SAFE_INTEGER, before + SPAN_RECORDS),
    limit: SPANS_AT_FIRST,
  }
  let width = PLACES_AT_FIRST
  for (let isFirst = true; ; isFirst = false) {
    const look = new Batch()
    const spanRows = look.add(spansOf(spans))
    const ends = look.add(queries.logEnds({}))
    yield* look.send()
    const { head } = logEndsOf(ends()[0])
    const tail = { after: head.id - (head.id % SPAN_RECORDS), before: Number.MAX_SAFE_INTEGER }
    const lastIds = spanRows().map(({ last_id }) => toInteger(last_id, 'audit_spans.last_id'))
    const isLast = lastIds.length < spans.limit
    const places = [
      ...(order === 'desc' && isFirst ? [tail] : []),
      // A row that no record wrote tells of nothing: it must not make others come twice.
      ...placesOf(lastIds.filter((id) => id % SPAN_RECORDS === 0 && id <= tail.after)),
      ...(order === 'asc' && isLast ? [tail] : []),
    ]
    while (places.length > 0) {
      const ask = new Batch()
      const missing = limit - found.length
      const pages = places
        .splice(0, Math.max(1, Math.min(width, Math.floor(RECORDS_AT_ONCE / missing))))
        .map((place) => {
          const bounds = { after: Math.max(after, place.after), before: Math.min(before, place.before) }
          return ask.add(queries.audits({ ...request, ...bounds, limit: missing }))
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
    spans.limit = Math.min(SPANS_AT_ONCE, spans.limit * 4)
  }
}

const DAY_CHARS = '2026-11-23'.length
const DAY_MS = 24 * 60 * 60 * 1_000
const FIRST_INSTANT = new Date(LIMITS.INSTANT_MS_MIN).toISOString()
/** As text, and as an instant, behind every other. */
const LAST_INSTANT = '9999-12-31T24:00:00.000Z'

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
