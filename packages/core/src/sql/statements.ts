import { sql } from 'kysely'
import type { AuditPosition } from '../effects.ts'
import type { AuditColumns, SqlFlavor } from './flavor.ts'
import { createLogStatements } from './log-statements.ts'
import { createOperationStatements } from './operation-statements.ts'
import { prepare } from './prepare.ts'
import type { SqlValue } from './program.ts'
import { sessionColumns, type SessionsRow, sumsOf, type UsageSumRow } from './queries.ts'
import type { GrantsTable, SessionPlayedTable, SessionsTable, UsageTable } from './tables.ts'

type Slots<T> = { readonly [K in keyof T]: T[K] }
type ScopeAndEntry = { readonly scope: string; readonly entryId: string }
type SpanSlots = ScopeAndEntry & { readonly from: string; readonly last: string }
type CooldownSlots = ScopeAndEntry & { readonly until: string }

export type Statements = ReturnType<typeof createStatements>

/** What a group of units looks at and writes; each statement is compiled once. */
export function createStatements(flavor: SqlFlavor) {
  const { db, textOf, nodeSeen } = flavor
  const sums = sumsOf(flavor)
  return {
    ...createLogStatements(flavor),
    ...createOperationStatements(flavor),
    auditHead: prepare(() => db.selectFrom('audit_head').select(['last_id as id', 'last_hash as hash'])),
    /** `id` and `hash` follow from the head, read under the write lock. */
    insertAudit: prepare((slots: AuditColumns & AuditPosition) =>
      db.insertInto('audit_log').values({
        id: slots.id,
        timestamp: slots.timestamp,
        scope: slots.scope,
        node: slots.node,
        type: slots.type,
        entry_id: slots.entry_id,
        session_id: slots.session_id,
        event: slots.event,
        original_id: slots.original_id,
        original_timestamp: slots.original_timestamp,
        original_event: slots.original_event,
        salt: slots.salt,
        content_digest: slots.content_digest,
        digest: slots.digest,
        hash: slots.hash,
      }),
    ),

    usageOfDay: prepare((slots: ScopeAndEntry & { readonly day: string }) =>
      db
        .selectFrom('usage')
        .select(sums.usage)
        .where('scope', '=', slots.scope)
        .where('day', '=', slots.day)
        .where('entry_id', '=', slots.entryId)
        .$castTo<UsageSumRow>(),
    ),
    usageOfSpan: prepare((slots: SpanSlots) =>
      db
        .selectFrom('usage')
        .select(sums.usage)
        .where('scope', '=', slots.scope)
        .where('day', '>=', slots.from)
        .where('day', '<=', slots.last)
        .where('entry_id', '=', slots.entryId)
        .$castTo<UsageSumRow>(),
    ),
    nodeUsage: prepare((slots: ScopeAndEntry & { readonly day: string }) =>
      db
        .selectFrom('usage')
        .select(['node', 'duration_ms'])
        .where('scope', '=', slots.scope)
        .where('day', '=', slots.day)
        .where('entry_id', '=', slots.entryId),
    ),
    granted: prepare((slots: SpanSlots) =>
      db
        .selectFrom('grants')
        .select(sums.granted)
        .where('scope', '=', slots.scope)
        .where('day', '>=', slots.from)
        .where('day', '<=', slots.last)
        .where('entry_id', '=', slots.entryId)
        .$castTo<UsageSumRow>(),
    ),
    reserved: prepare((slots: SpanSlots) =>
      db
        .selectFrom('sessions')
        .select(sums.reserved)
        .where('scope', '=', slots.scope)
        .where('ended_at', 'is', null)
        .where('reserved_day', '>=', slots.from)
        .where('reserved_day', '<=', slots.last)
        .where('entry_id', '=', slots.entryId)
        .$castTo<UsageSumRow>(),
    ),
    addUsage: prepare((slots: Slots<UsageTable>) =>
      db
        .insertInto('usage')
        .values({
          scope: slots.scope,
          day: slots.day,
          entry_id: slots.entry_id,
          node: slots.node,
          duration_ms: slots.duration_ms,
        })
        .onConflict((conflict) =>
          conflict.columns(['scope', 'day', 'entry_id', 'node']).doUpdateSet(({ ref }) => ({
            duration_ms: sql<number>`${ref('usage.duration_ms')} + ${ref('excluded.duration_ms')}`,
          })),
        ),
    ),

    /** The row is there. */
    lowerUsage: prepare((slots: Slots<UsageTable>) =>
      db
        .updateTable('usage')
        .set(({ ref }) => ({ duration_ms: sql<number>`${ref('duration_ms')} - ${slots.duration_ms}` }))
        .where('scope', '=', slots.scope)
        .where('day', '=', slots.day)
        .where('entry_id', '=', slots.entry_id)
        .where('node', '=', slots.node),
    ),
    putGrant: prepare(({ scope, day, entry_id, granted_ms }: Slots<GrantsTable>) =>
      db
        .insertInto('grants')
        .values({ scope, day, entry_id, granted_ms })
        .onConflict((conflict) =>
          conflict
            .columns(['scope', 'day', 'entry_id'])
            .doUpdateSet(({ ref }) => ({ granted_ms: ref('excluded.granted_ms') })),
        ),
    ),

    cooldown: prepare((slots: ScopeAndEntry) =>
      db
        .selectFrom('cooldowns')
        .select(({ ref }) => textOf.instant(ref('until')).as('until'))
        .where('scope', '=', slots.scope)
        .where('entry_id', '=', slots.entryId),
    ),
    setCooldown: prepare(({ scope, entryId, until }: CooldownSlots) =>
      db
        .insertInto('cooldowns')
        .values({ scope, entry_id: entryId, until })
        .onConflict((conflict) =>
          conflict.columns(['scope', 'entry_id']).doUpdateSet(({ ref }) => ({ until: ref('excluded.until') })),
        ),
    ),
    clearCooldown: prepare((slots: ScopeAndEntry) =>
      db.deleteFrom('cooldowns').where('scope', '=', slots.scope).where('entry_id', '=', slots.entryId),
    ),

    revision: prepare((slots: { readonly scope: string; readonly node: string }) =>
      db.selectFrom('snapshot').select('revision').where('scope', '=', slots.scope).where('node', '=', slots.node),
    ),
    saveSnapshot: prepare(({ scope, node, state }: { scope: string; node: string; state: string }) =>
      db
        .insertInto('snapshot')
        .values({ scope, node, revision: 1, state })
        .onConflict((conflict) =>
          conflict.columns(['scope', 'node']).doUpdateSet(({ ref }) => ({
            state: ref('excluded.state'),
            revision: sql<number>`${ref('snapshot.revision')} + 1`,
          })),
        ),
    ),

    session: prepare((slots: { readonly scope: string; readonly sessionId: string }) =>
      db
        .selectFrom('sessions')
        .select(sessionColumns({ textOf }))
        .where('scope', '=', slots.scope)
        .where('session_id', '=', slots.sessionId)
        .$castTo<SessionsRow>(),
    ),
    openSession: prepare((slots: { readonly scope: string; readonly node: string }) =>
      db
        .selectFrom('sessions')
        .select(sessionColumns({ textOf }))
        .where('scope', '=', slots.scope)
        .where('node', '=', slots.node)
        .where('ended_at', 'is', null)
        .$castTo<SessionsRow>(),
    ),
    openSessionOfScope: prepare((slots: { readonly scope: string }) =>
      db
        .selectFrom('sessions')
        .select(sessionColumns({ textOf }))
        .where('scope', '=', slots.scope)
        .where('ended_at', 'is', null)
        .limit(sql.lit(1))
        .$castTo<SessionsRow>(),
    ),
    putSession: prepare((slots: Slots<SessionsTable> & Readonly<Record<string, SqlValue>>) =>
      db
        .insertInto('sessions')
        .values({
          scope: slots.scope,
          session_id: slots.session_id,
          node: slots.node,
          run: slots.run,
          report: slots.report,
          entry_id: slots.entry_id,
          started_at: slots.started_at,
          deadline: slots.deadline,
          last_reported_at: slots.last_reported_at,
          ended_at: slots.ended_at,
          duration_ms: slots.duration_ms,
          reserved_day: slots.reserved_day,
          reserved_ms: slots.reserved_ms,
          detail: slots.detail,
        })
        .onConflict((conflict) =>
          conflict.columns(['scope', 'session_id']).doUpdateSet(({ ref }) => ({
            run: ref('excluded.run'),
            report: ref('excluded.report'),
            deadline: ref('excluded.deadline'),
            last_reported_at: ref('excluded.last_reported_at'),
            ended_at: ref('excluded.ended_at'),
            duration_ms: ref('excluded.duration_ms'),
            reserved_day: ref('excluded.reserved_day'),
            reserved_ms: ref('excluded.reserved_ms'),
            detail: ref('excluded.detail'),
          })),
        ),
    ),
    played: prepare((slots: Slots<Omit<SessionPlayedTable, 'played_ms'>>) =>
      db
        .selectFrom('session_played')
        .select('played_ms')
        .where('scope', '=', slots.scope)
        .where('session_id', '=', slots.session_id)
        .where('run', '=', slots.run)
        .where('day', '=', slots.day),
    ),
    putPlayed: prepare(({ scope, session_id, run, day, played_ms }: Slots<SessionPlayedTable>) =>
      db
        .insertInto('session_played')
        .values({ scope, session_id, run, day, played_ms })
        .onConflict((conflict) =>
          conflict
            .columns(['scope', 'session_id', 'run', 'day'])
            .doUpdateSet(({ ref }) => ({ played_ms: ref('excluded.played_ms') })),
        ),
    ),
    seeNode: prepare(({ node, at }: { readonly node: string; readonly at: string }) =>
      db
        .insertInto('nodes')
        .values({ node, seen_at: nodeSeen.seenAt(at), clock_skew_ms: nodeSeen.skewMs(at) })
        .onConflict((conflict) =>
          conflict.column('node').doUpdateSet(({ ref }) => ({
            seen_at: ref('excluded.seen_at'),
            clock_skew_ms: ref('excluded.clock_skew_ms'),
          })),
        ),
    ),
  }
}
