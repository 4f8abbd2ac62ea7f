import { sql } from 'kysely'
import type { AuditRequest } from '../driver.ts'
import { lowerBound } from './audit-ids.ts'
import type { SqlFlavor } from './flavor.ts'
import { SPAN_END, SPAN_RECORDS } from './log-schema.ts'
import { prepare } from './prepare.ts'

export interface SpansRequest {
  readonly fromDay: string
  readonly toDay: string
  readonly from: string
  readonly to: string
  readonly after: number
  readonly before: number
  readonly limit: number
}

/** The spans that have records of the time that is asked for, between `after` and `before`, in either direction. */
export function spanQueries(flavor: SqlFlavor) {
  const { db, dayOf } = flavor
  const spans = (order: AuditRequest['order']) =>
    prepare((slots: { readonly [K in keyof SpansRequest]: SpansRequest[K] }) =>
      db
        .selectFrom('audit_spans')
        .select('last_id')
        .distinct()
        .where('day', '>=', slots.fromDay)
        .where('day', '<=', slots.toDay)
        .where('last_at', '>=', slots.from)
        .where('first_at', '<', slots.to)
        .where('last_id', '>', lowerBound(flavor, slots.after))
        .where('last_id', '<', slots.before)
        .orderBy('last_id', order)
        .limit(slots.limit),
    )
  return {
    spans: { asc: spans('asc'), desc: spans('desc') },
    /** The first record between these, of whose time no span tells. */
    untold: prepare((slots: { readonly after: number; readonly through: number }) =>
      db
        .selectFrom('audit_log')
        .select('id')
        .where('id', '>', slots.after)
        .where('id', '<=', slots.through)
        .where('id', '<=', ({ selectFrom }) =>
          selectFrom('audit_head').select(sql<number>`last_id - last_id % ${sql.lit(SPAN_RECORDS)}`.as('id')),
        )
        .where(({ not, exists, selectFrom, ref }) =>
          not(
            exists(
              selectFrom('audit_spans')
                .select(sql.lit(1).as('one'))
                .where('day', '=', dayOf(ref('audit_log.timestamp')))
                .where('audit_spans.last_id', '=', SPAN_END)
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
