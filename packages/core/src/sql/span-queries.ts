import { sql } from 'kysely'
import type { AuditRequest } from '../driver.ts'
import { integer, lowerBound } from './audit-ids.ts'
import type { SqlFlavor } from './flavor.ts'
import { SPAN_RECORDS, spanEnd } from './log-schema.ts'
import { atMost, prepare } from './prepare.ts'

/** A type, not an interface: a record of values that are bound. */
export type SpansRequest = Readonly<
  Record<'fromDay' | 'toDay' | 'from' | 'to', string> & Record<'after' | 'before' | 'limit', number>
>

/** Spans that have records of a time, between `after` and `before`, in either direction. */
export function spanQueries(flavor: SqlFlavor) {
  const { db, dayOf, aside } = flavor
  const spans = (order: AuditRequest['order'], by: 'day' | 'last_id') =>
    prepare((slots: SpansRequest) =>
      db
        .selectFrom('audit_spans')
        .select('last_id')
        .distinct()
        .where((eb) => {
          const day = by === 'day' ? eb.ref('day') : aside(eb.ref('day'))
          const lastId = by === 'last_id' ? eb.ref('last_id') : aside(eb.ref('last_id'))
          return eb.and([
            eb(day, '>=', slots.fromDay),
            eb(day, '<=', slots.toDay),
            eb('last_at', '>=', slots.from),
            eb('first_at', '<', slots.to),
            eb(lastId, '>', lowerBound(flavor, slots.after)),
            eb(lastId, '<', slots.before),
          ])
        })
        .orderBy('last_id', order)
        .limit(atMost(slots.limit)),
    )
  return {
    /** Of few days: found by these. */
    spansOfDays: { asc: spans('asc', 'day'), desc: spans('desc', 'day') },
    /** Of many: gone through in the order of the log, until there are enough. */
    spansInOrder: { asc: spans('asc', 'last_id'), desc: spans('desc', 'last_id') },
    /** Of the next `count` records: the first of whose time no span tells. */
    untold: prepare((slots: { readonly after: number; readonly count: number }) =>
      db
        .selectFrom('audit_log')
        .select('id')
        .where('id', '>', lowerBound(flavor, slots.after))
        .where('id', '<=', sql<number>`${lowerBound(flavor, slots.after)} + ${integer(slots.count)}`)
        .where('id', '<=', ({ selectFrom }) =>
          selectFrom('audit_head').select(sql<number>`last_id - last_id % ${sql.lit(SPAN_RECORDS)}`.as('id')),
        )
        .where(({ not, exists, selectFrom, ref }) =>
          not(
            exists(
              selectFrom('audit_spans')
                .select(sql.lit(1).as('one'))
                .where('day', '=', dayOf(ref('audit_log.timestamp')))
                .where('audit_spans.last_id', '=', spanEnd(ref('audit_log.id')))
                .whereRef('first_at', '<=', 'audit_log.timestamp')
                .whereRef('last_at', '>=', 'audit_log.timestamp'),
            ),
          ),
        )
        .orderBy('id')
        .limit(sql.lit(1)),
    ),
  }
}
