import { type Expression, sql } from 'kysely'
import type { SqlFlavor } from './flavor.ts'
import { once } from './prepare.ts'
import type { Statement } from './program.ts'

/**
 * How many records a row of `audit_spans` tells of: enough that ten million records have ten thousand spans, few enough
 * that the records behind the last span are read at once.
 */
export const SPAN_RECORDS = 1_024

/** The last id of the span that a record belongs to. */
export function spanEnd(id: Expression<number>) {
  return sql<number>`((${id} - 1) / ${sql.lit(SPAN_RECORDS)} + 1) * ${sql.lit(SPAN_RECORDS)}`
}

/** What the log needs to be asked, cut and erased from. */
export function logSchema({ db, types, tableOptions, dayOf }: SqlFlavor): readonly Statement[] {
  const { integer, instant, text } = types
  const keyed = tableOptions({ keyed: true })
  return [
    // What makes the digest unguessable. Absent on records of the first form.
    db.schema.alterTable('audit_log').addColumn('salt', text),
    // Stands in place of what was erased.
    db.schema.alterTable('audit_log').addColumn('content_digest', text),

    // The log begins after the last of these: what was before is in an archive, or in another store.
    db.schema
      .createTable('audit_cuts')
      .addColumn('through_id', integer, (column) => column.primaryKey().notNull())
      .addColumn('through_hash', text, (column) => column.notNull())
      .modifyEnd(keyed),

    // Scopes of which everything that the log tells up to there may be erased.
    db.schema
      .createTable('forgotten_scopes')
      .addColumn('scope', text, (column) => column.primaryKey().notNull())
      .addColumn('through_id', integer, (column) => column.notNull())
      .modifyEnd(keyed),

    // For each day, in UTC, that occurs among so many records, up to `last_id`: the earliest and the latest time of that
    // day. It tells where a time lies in a log whose order is another one, and a record whose clock was wrong adds a row.
    db.schema
      .createTable('audit_spans')
      .addColumn('day', types.day('day'), (column) => column.notNull())
      .addColumn('last_id', integer, (column) => column.notNull())
      .addColumn('first_at', instant, (column) => column.notNull())
      .addColumn('last_at', instant, (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_spans_key', ['last_id', 'day'])
      .modifyEnd(keyed),
    db.insertInto('audit_spans').expression((from) =>
      from
        .selectFrom('audit_log')
        .select(({ ref, fn }) => [
          dayOf(ref('timestamp')).as('day'),
          spanEnd(ref('id')).as('last_id'),
          fn.min('timestamp').as('first_at'),
        ])
        .select(({ fn }) => fn.max('timestamp').as('last_at'))
        .where(
          ({ ref }) => spanEnd(ref('id')),
          '<=',
          (eb) => eb.selectFrom('audit_log').select(({ fn }) => fn.max('id').as('id')),
        )
        .groupBy(({ ref }) => [dayOf(ref('timestamp')), spanEnd(ref('id'))]),
    ),
    db.schema.createIndex('audit_spans_day').on('audit_spans').columns(['day', 'last_id']),

    db.schema
      .createIndex('audit_log_session')
      .on('audit_log')
      .columns(['session_id', 'id'])
      .where('session_id', 'is not', null),
  ].map((query) => once(query))
}
