/**
 * The tables, as statements see them: instants and days are bound as text, and read as text through the flavor.
 * What each column means is said in `migrations.ts`, where it is made.
 */
export interface Tables {
  readonly meta: { readonly key: string; readonly value: string }
  readonly audit_log: AuditLogTable
  readonly audit_head: { readonly last_id: number; readonly last_hash: string }
  readonly audit_cuts: { readonly through_id: number; readonly through_hash: string }
  readonly audit_spans: AuditSpansTable
  readonly forgotten_scopes: { readonly scope: string; readonly through_id: number }
  readonly usage: UsageTable
  readonly cooldowns: { readonly scope: string; readonly entry_id: string; readonly until: string }
  readonly snapshot: {
    readonly scope: string
    readonly node: string
    readonly revision: number
    readonly state: string
  }
  readonly operations: OperationsTable
  readonly sessions: SessionsTable
  readonly session_played: SessionPlayedTable
  readonly grants: GrantsTable
  readonly nodes: { readonly node: string; readonly seen_at: string; readonly clock_skew_ms: number | null }
}

export interface AuditSpansTable {
  readonly day: string
  readonly last_id: number
  readonly first_at: string
  readonly last_at: string
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
  readonly salt: string | null
  readonly content_digest: string | null
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

export interface SessionsTable {
  readonly scope: string
  readonly session_id: string
  readonly node: string
  readonly run: string
  readonly report: number
  readonly entry_id: string
  readonly started_at: string
  readonly deadline: string | null
  readonly last_reported_at: string
  readonly ended_at: string | null
  readonly duration_ms: number
  readonly reserved_day: string | null
  readonly reserved_ms: number
  readonly detail: string
}

export interface SessionPlayedTable {
  readonly scope: string
  readonly session_id: string
  readonly run: string
  readonly day: string
  readonly played_ms: number
}

export interface GrantsTable {
  readonly scope: string
  readonly day: string
  readonly entry_id: string
  readonly granted_ms: number
}

export const TABLE_NAMES = [
  ...(['meta', 'audit_log', 'usage', 'cooldowns', 'snapshot', 'operations'] as const),
  ...(['sessions', 'session_played', 'grants', 'nodes'] as const),
  ...(['audit_head', 'audit_cuts', 'audit_spans', 'forgotten_scopes'] as const),
] as const
