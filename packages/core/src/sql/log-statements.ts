import { ERASED_TEXT } from '../effects.ts'
import type { SqlFlavor } from './flavor.ts'
import { prepare } from './prepare.ts'
import type { Statement } from './program.ts'

/** The tables that keep something of a scope beside the log. */
export const TABLES_OF_SCOPES = [
  ...(['usage', 'cooldowns', 'snapshot', 'operations', 'sessions', 'session_played', 'grants'] as const),
] as const

/** What changes the log as a whole. The database itself refuses whatever is not allowed by a cut, or by a forgotten scope. */
export function createLogStatements({ db }: SqlFlavor) {
  return {
    cutLog: prepare(({ id, hash }: { readonly id: number; readonly hash: string }) =>
      db.insertInto('audit_cuts').values({ through_id: id, through_hash: hash }),
    ),
    removeRecords: prepare((slots: { readonly firstId: number; readonly throughId: number }) =>
      db.deleteFrom('audit_log').where('id', '>=', slots.firstId).where('id', '<=', slots.throughId),
    ),
    /** What is told of records that are all removed. */
    removeSpans: prepare((slots: { readonly throughId: number }) =>
      db.deleteFrom('audit_spans').where('last_id', '<=', slots.throughId),
    ),
    forgetScope: prepare(({ scope, throughId }: { readonly scope: string; readonly throughId: number }) =>
      db
        .insertInto('forgotten_scopes')
        .values({ scope, through_id: throughId })
        .onConflict((conflict) =>
          conflict.column('scope').doUpdateSet(({ ref }) => ({ through_id: ref('excluded.through_id') })),
        ),
    ),
    /** One for each table. */
    removeScope: TABLES_OF_SCOPES.map((table) =>
      prepare((slots: { readonly scope: string }) => db.deleteFrom(table).where('scope', '=', slots.scope)),
    ) as readonly unknown[] as readonly ((slots: { readonly scope: string }) => Statement<unknown>)[],
    eraseRecord: prepare((slots: { readonly id: number; readonly contentDigest: string }) =>
      db
        .updateTable('audit_log')
        .set({ type: 'erased', event: ERASED_TEXT, content_digest: slots.contentDigest })
        .set({ entry_id: null, session_id: null, salt: null })
        .set({ original_id: null, original_timestamp: null, original_event: null })
        .where('id', '=', slots.id)
        .where('content_digest', 'is', null),
    ),
  }
}
