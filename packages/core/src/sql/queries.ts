import { type Expression, type ExpressionBuilder, sql } from 'kysely'
import type { SessionRequest, UsageKeyPart, UsageRequest } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import { isDaySpan } from '../period.ts'
import { auditQueries, logEnds, type LogEndsRow } from './audit-queries.ts'
import type { SqlFlavor } from './flavor.ts'
import { TABLES_OF_SCOPES } from './log-statements.ts'
import { atMost, prepare, Shapes } from './prepare.ts'
import type { SqlValue, Statement } from './program.ts'
import { spanQueries } from './span-queries.ts'
import type { Tables } from './tables.ts'

export interface UsageSumRow {
  readonly day?: string
  readonly entry_id?: string
  readonly node?: string
  readonly scope?: string
  readonly duration_ms: unknown
  readonly unreadable: unknown
}

const USAGE_COLUMNS = { day: 'day', entryId: 'entry_id', node: 'node', scope: 'scope' } as const

/** Instants and days as text; integers as the driver gives them. */
export interface SessionsRow {
  readonly scope: string
  readonly session_id: string
  readonly node: string
  readonly run: string
  readonly report: unknown
  readonly entry_id: string
  readonly started_at: string
  readonly deadline: string | null
  readonly last_reported_at: string
  readonly ended_at: string | null
  readonly duration_ms: unknown
  readonly reserved_day: string | null
  readonly reserved_ms: unknown
  readonly detail: string
}

/** Every column of a session, as `SessionsRow` has it. */
export function sessionColumns({ textOf }: Pick<SqlFlavor, 'textOf'>) {
  return ({ ref }: ExpressionBuilder<Tables, 'sessions'>) =>
    [
      ...(['scope', 'session_id', 'node', 'run', 'report', 'entry_id', 'duration_ms', 'reserved_ms'] as const),
      textOf.instant(ref('started_at')).as('started_at'),
      textOf.instant(ref('deadline').$castTo<string>()).as('deadline'),
      textOf.instant(ref('last_reported_at')).as('last_reported_at'),
      textOf.instant(ref('ended_at').$castTo<string>()).as('ended_at'),
      textOf.day(ref('reserved_day').$castTo<string>()).as('reserved_day'),
      textOf.json(ref('detail')).as('detail'),
    ] as const
}

/** The sum of the rows that hold a duration, and how many rows do not: hostile ones could overflow an integer's sum. */
function sumOf({ sum }: Pick<SqlFlavor, 'sum'>, column: Expression<unknown>) {
  const readable = sql`${column} between 0 and ${sql.lit(LIMITS.DURATION_MS_MAX)}`
  return [
    sql<unknown>`coalesce(${sum(sql`case when ${readable} then ${column} else 0 end`)}, 0)`.as('duration_ms'),
    sql<unknown>`count(case when ${readable} then null else 1 end)`.as('unreadable'),
  ] as const
}

/** What is selected of each table for its sum. */
export function sumsOf(flavor: Pick<SqlFlavor, 'sum'>) {
  return {
    usage: ({ ref }: ExpressionBuilder<Tables, 'usage'>) => sumOf(flavor, ref('duration_ms')),
    granted: ({ ref }: ExpressionBuilder<Tables, 'grants'>) => sumOf(flavor, ref('granted_ms')),
    reserved: ({ ref }: ExpressionBuilder<Tables, 'sessions'>) => sumOf(flavor, ref('reserved_ms')),
  }
}

export type Queries = ReturnType<typeof createQueries>

/** What `read` asks; each statement is compiled once for each combination of filters that occurs. */
export function createQueries(flavor: SqlFlavor) {
  const { db, textOf } = flavor
  const sessions = sessionColumns({ textOf })
  const sums = sumsOf(flavor)
  return {
    audits: auditQueries(flavor),
    ...spanQueries(flavor),
    /** One row where anything is kept of the scope. */
    scopeKnown: prepare((slots: { readonly scope: string }) =>
      db
        .selectNoFrom(sql.lit(1).as('one'))
        .where(({ or, exists, selectFrom }) =>
          or(
            [...TABLES_OF_SCOPES, 'audit_log' as const].map((table) =>
              exists(selectFrom(table).select(sql.lit(1).as('one')).where('scope', '=', slots.scope)),
            ),
          ),
        ),
    ),
    firstAudit: prepare(() => db.selectFrom('audit_log').select('id').orderBy('id').limit(sql.lit(1))),
    logEnds: prepare(() => db.selectFrom('audit_head').select(logEnds).$castTo<LogEndsRow>()),

    usage: byShape(
      (request: UsageRequest) => [
        `${request.by.toSorted().join()} ${isDaySpan(request) ? 'day' : 'span'}`,
        ...[request.scope, request.entryId, request.node, request.to],
      ],
      ({ scope, entryId, node, by, ...span }) =>
        prepare((slots: Slots<UsageRequest>) =>
          db
            .selectFrom('usage')
            .select(sums.usage)
            .select(by.filter((part) => part !== 'day').map((part) => USAGE_COLUMNS[part]))
            .$if(by.includes('day'), (query) => query.select(({ ref }) => textOf.day(ref('day')).as('day')))
            // With the day itself, the rows of an entry are found by their whole key.
            .where('day', isDaySpan(span) ? '=' : '>=', slots.from)
            .$if(span.to !== undefined && !isDaySpan(span), (query) => query.where('day', '<', slots.to))
            .$if(scope !== undefined, (query) => query.where('scope', '=', slots.scope))
            .$if(entryId !== undefined, (query) => query.where('entry_id', '=', slots.entryId))
            .$if(node !== undefined, (query) => query.where('node', '=', slots.node))
            // Nothing added up is nothing, not zero.
            .$if(by.length === 0, (query) => query.having(sql`count(*)`, '>', sql.lit(0)))
            .$if(by.length > 0, (query) =>
              query.groupBy(by.map((part: UsageKeyPart) => USAGE_COLUMNS[part])).limit(atMost(slots.limit)),
            )
            .$castTo<UsageSumRow>(),
        ),
    ),

    cooldowns: prepare((slots: { readonly scope: string; readonly limit: number }) =>
      db
        .selectFrom('cooldowns')
        .select(({ ref }) => ['entry_id', textOf.instant(ref('until')).as('until')])
        .where('scope', '=', slots.scope)
        .limit(atMost(slots.limit)),
    ),
    cooldown: prepare((slots: { readonly scope: string; readonly entryId: string }) =>
      db
        .selectFrom('cooldowns')
        .select(({ ref }) => ['entry_id', textOf.instant(ref('until')).as('until')])
        .where('scope', '=', slots.scope)
        .where('entry_id', '=', slots.entryId),
    ),
    /** By entry; `last` is the last day. Where that is the first one, the rows lie together, in the order of their entries. */
    grants: byShape(
      ({ entryId, from, last }: SpanSlots) => [from === last ? 'day' : 'span', entryId],
      ({ entryId, from, last }) =>
        prepare((slots: Slots<SpanSlots>) =>
          db
            .selectFrom('grants')
            .select(['entry_id'])
            .select(sums.granted)
            .where('scope', '=', slots.scope)
            .where('day', from === last ? '=' : '>=', slots.from)
            .$if(from !== last, (query) => query.where('day', '<=', slots.last))
            .$if(entryId !== undefined, (query) => query.where('entry_id', '=', slots.entryId))
            .groupBy('entry_id')
            .limit(atMost(slots.limit))
            .$castTo<EntrySumRow>(),
        ),
    ),
    reserved: byShape(
      ({ entryId, from, last }: SpanSlots) => [from === last ? 'day' : 'span', entryId],
      ({ entryId, from, last }) =>
        prepare((slots: Slots<SpanSlots>) =>
          db
            .selectFrom('sessions')
            .select(['entry_id'])
            .select(sums.reserved)
            .where('scope', '=', slots.scope)
            .where('ended_at', 'is', null)
            .where('reserved_day', from === last ? '=' : '>=', slots.from)
            .$if(from !== last, (query) => query.where('reserved_day', '<=', slots.last))
            .$if(entryId !== undefined, (query) => query.where('entry_id', '=', slots.entryId))
            .groupBy('entry_id')
            .limit(atMost(slots.limit))
            .$castTo<EntrySumRow>(),
        ),
    ),

    sessions: byShape(
      ({ scope, sessionId, entryId, node, open, after }: FlatSessionRequest) => [
        'sessions',
        ...[scope, sessionId, entryId, node, open, after],
      ],
      ({ scope, sessionId, entryId, node, open, after }) =>
        prepare((slots: Slots<Omit<FlatSessionRequest, 'open'>>) =>
          db
            .selectFrom('sessions')
            .select(sessions)
            .$if(scope !== undefined, (query) => query.where('scope', '=', slots.scope))
            .$if(sessionId !== undefined, (query) => query.where('session_id', '=', slots.sessionId))
            .$if(entryId !== undefined, (query) => query.where('entry_id', '=', slots.entryId))
            .$if(node !== undefined, (query) => query.where('node', '=', slots.node))
            .$if(open === 1, (query) => query.where('ended_at', 'is', null))
            .$if(after !== undefined, (query) =>
              query.where(({ eb, refTuple, tuple }) =>
                eb(
                  refTuple('started_at', 'scope', 'session_id'),
                  '<',
                  tuple(slots.after, slots.afterScope, slots.afterId),
                ),
              ),
            )
            .orderBy('sessions.started_at', 'desc')
            .orderBy('scope', 'desc')
            .orderBy('session_id', 'desc')
            .limit(atMost(slots.limit))
            .$castTo<SessionsRow>(),
        ),
    ),

    nodes: prepare((slots: { readonly limit: number }) =>
      db
        .selectFrom('nodes')
        .select(({ ref }) => ['node', textOf.instant(ref('seen_at')).as('seen_at'), 'clock_skew_ms'])
        .orderBy('node')
        .limit(atMost(slots.limit)),
    ),

    snapshot: prepare((slots: { readonly scope: string; readonly node: string }) =>
      db
        .selectFrom('snapshot')
        .select(({ ref }) => ['revision', textOf.json(ref('state')).as('state')])
        .where('scope', '=', slots.scope)
        .where('node', '=', slots.node),
    ),
  }
}

export interface EntrySumRow {
  readonly entry_id: string
  readonly duration_ms: unknown
  readonly unreadable: unknown
}

export interface SpanSlots {
  readonly scope: string
  readonly entryId?: string
  readonly from: string
  readonly last: string
  readonly limit: number
}

/** A request as slots take it. */
export interface FlatSessionRequest extends Omit<SessionRequest, 'open' | 'after'> {
  readonly open?: 1
  readonly after?: string
  readonly afterScope?: string
  readonly afterId?: string
}

/** The request's own values are the slots; those that its shape leaves out are never asked for. */
type Slots<Q> = { readonly [K in keyof Q]-?: Exclude<Q[K], undefined> } & Readonly<Record<string, SqlValue>>

function byShape<Q extends object, R>(
  shapeOf: (request: Q) => readonly (string | number | undefined)[],
  build: (request: Q) => (slots: Slots<Q>) => Statement<R>,
): (request: Q) => Statement<R> {
  const shapes = new Shapes<(slots: Slots<Q>) => Statement<R>>()
  return (request) => {
    const [fixed, ...optional] = shapeOf(request)
    const shape = `${fixed} ${optional.map((value) => (value === undefined ? '-' : '+')).join('')}`
    return shapes.get(shape, () => build(request))(request as Slots<Q>)
  }
}
