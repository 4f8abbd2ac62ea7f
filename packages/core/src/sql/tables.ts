/**
 * The tables, as statements see them: instants and days are bound as text, and read as text through the flavor.
 * What each column means is said in `migrations.ts`, where it is made.
 */
export interface Tables {
  readonly meta: { readonly key: string; readonly value: string }
  readonly audit_log: AuditLogTable
  readonly usage: UsageTable
  readonly cooldowns: { readonly scope: string; readonly entry_id: string; readonly until: string }
  readonly snapshot: {
    readonly scope: string
    readonly node: string
    readonly revision: number
    readonly state: string
  }
  readonly operations: OperationsTable
}

export interface AuditLogTable {
  readonly id: number
  readonly timestamp: string
  readonly scope: string
  readonly node: string
  readonly type: string
  readonly entry_id: string | null
  readonly session_id: string | null
  readonly event: string
  readonly original_id: number | null
  readonly original_timestamp: string | null
  readonly original_event: string | null
  readonly digest: string
  readonly hash: string
}

export interface UsageTable {
  readonly scope: string
  readonly day: string
  readonly entry_id: string
  readonly node: string
  readonly duration_ms: number
}

export interface OperationsTable {
  readonly scope: string
  readonly operation_id: string
  readonly digest: string
  readonly applied_at: string
  readonly first_audit_id: number
  readonly audit_count: number
}

export const TABLE_NAMES = ['meta', 'audit_log', 'usage', 'cooldowns', 'snapshot', 'operations'] as const
