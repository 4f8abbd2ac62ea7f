import { sql, type SqlBool } from 'kysely'
import type { AuditPosition } from '../driver.ts'
import type { AuditColumns, SqlFlavor } from './flavor.ts'
import { prepare } from './prepare.ts'
import { usageSum, type UsageSumRow } from './queries.ts'
import type { OperationsTable, UsageTable } from './tables.ts'

type Slots<T> = { readonly [K in keyof T]: T[K] }
type ScopeAndEntry = { readonly scope: string; readonly entryId: string }
type CooldownSlots = ScopeAndEntry & { readonly until: string }
type OperationSlots = Slots<Omit<OperationsTable, 'first_audit_id'>> & { readonly back: number }

export type Statements = ReturnType<typeof createStatements>

/** What a group of units looks at and writes; each statement is compiled once. */
export function createStatements({ db, textOf, lastAuditId, operationAge, skipLocked }: SqlFlavor) {
  return {
    auditHead: prepare(() => db.selectFrom('audit_log').select(['id', 'hash']).orderBy('id', 'desc').limit(1)),
    auditPositions: prepare((slots: { after: number; upTo: number }) =>
      db
        .selectFrom('audit_log')
        .select(['id', 'hash'])
        .where('id', '>', slots.after)
        .where('id', '<=', slots.upTo)
        .orderBy('id'),
    ),
    /** `id` and `hash` follow from the head, read under the write lock. */
    insertAudit: prepare((slots: AuditColumns & AuditPosition) =>
      db
        .insertInto('audit_log')
        .values({
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
          digest: slots.digest,
          hash: slots.hash,
        })
        .returning(['id', 'hash']),
    ),

    usageSum: prepare((slots: ScopeAndEntry & { readonly day: string }) =>
      db
        .selectFrom('usage')
        .select(usageSum)
        .where('scope', '=', slots.scope)
        .where('day', '=', slots.day)
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
    extendCooldown: prepare(({ scope, entryId, until }: CooldownSlots) =>
      db
        .insertInto('cooldowns')
        .values({ scope, entry_id: entryId, until })
        .onConflict((conflict) =>
          conflict
            .columns(['scope', 'entry_id'])
            .doUpdateSet(({ ref }) => ({ until: ref('excluded.until') }))
            .where(({ ref }) => sql<SqlBool>`${ref('cooldowns.until')} <= ${ref('excluded.until')}`),
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

    operation: prepare((slots: { readonly scope: string; readonly id: string }) =>
      db
        .selectFrom('operations')
        .select(['digest', 'first_audit_id', 'audit_count'])
        .where('scope', '=', slots.scope)
        .where('operation_id', '=', slots.id),
    ),
    /** `back`: how many records the group has appended from the operation's first one on. */
    recordOperation: prepare((slots: OperationSlots) =>
      db.insertInto('operations').values({
        scope: slots.scope,
        operation_id: slots.operation_id,
        digest: slots.digest,
        applied_at: operationAge.appliedAt(slots.applied_at),
        first_audit_id: sql<number>`${lastAuditId} + 1 - ${sql`cast(${slots.back} as integer)`}`,
        audit_count: slots.audit_count,
      }),
    ),
    /** Forgets a few of the oldest. One that has at most `newer` newer ones stays. */
    forgetOperations: prepare((slots: { readonly before: string; readonly newer: number; readonly limit: number }) =>
      db.deleteFrom('operations').where((eb) =>
        eb(
          eb.refTuple('scope', 'operation_id'),
          'in',
          eb
            .selectFrom('operations')
            .select(['scope', 'operation_id'])
            .where('applied_at', '<', operationAge.forgetBefore(slots.before))
            .where('applied_at', '<', (query) =>
              query
                .selectFrom('operations as kept')
                .select('kept.applied_at')
                .orderBy('kept.applied_at', 'desc')
                .limit(1)
                .offset(slots.newer),
            )
            .orderBy('applied_at')
            .limit(slots.limit)
            .modifyEnd(skipLocked)
            .$asTuple('scope', 'operation_id'),
        ),
      ),
    ),
  }
}
