import { sql } from 'kysely'
import type { SqlFlavor } from './flavor.ts'
import { atMost, prepare } from './prepare.ts'
import type { OperationsTable } from './tables.ts'

type OperationSlots = { readonly [K in keyof Omit<OperationsTable, 'first_audit_id'>]: OperationsTable[K] } & {
  readonly back: number
}

/** Operation ids that were applied: how one is known again, recorded, and forgotten. */
export function createOperationStatements({ db, operationAge, skipLocked }: SqlFlavor) {
  const lastAuditId = db.selectFrom('audit_head').select('last_id')
  return {
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
                .offset(atMost(slots.newer)),
            )
            .orderBy('applied_at')
            .limit(atMost(slots.limit))
            .modifyEnd(skipLocked)
            .$asTuple('scope', 'operation_id'),
        ),
      ),
    ),
  }
}
