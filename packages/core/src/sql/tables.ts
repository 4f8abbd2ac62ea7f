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

/** Every column, as the compiler sees to: `health` looks whether they are there. */
export const TABLE_COLUMNS: { readonly [T in keyof Tables]: Readonly<Record<keyof Tables[T], true>> } = {
  meta: { key: true, value: true },
  audit_log: {
    id: true,
    timestamp: true,
    scope: true,
    node: true,
    type: true,
    entry_id: true,
    session_id: true,
    event: true,
    original_id: true,
    original_timestamp: true,
    original_event: true,
    salt: true,
    content_digest: true,
    digest: true,
    hash: true,
  },
  audit_head: { last_id: true, last_hash: true },
  audit_cuts: { through_id: true, through_hash: true },
  audit_spans: { day: true, last_id: true, first_at: true, last_at: true },
  forgotten_scopes: { scope: true, through_id: true },
  usage: { scope: true, day: true, entry_id: true, node: true, duration_ms: true },
  cooldowns: { scope: true, entry_id: true, until: true },
  snapshot: { scope: true, node: true, revision: true, state: true },
  operations: {
    scope: true,
    operation_id: true,
    digest: true,
    applied_at: true,
    first_audit_id: true,
    audit_count: true,
  },
  sessions: {
    scope: true,
    session_id: true,
    node: true,
    run: true,
    report: true,
    entry_id: true,
    started_at: true,
    deadline: true,
    last_reported_at: true,
    ended_at: true,
    duration_ms: true,
    reserved_day: true,
    reserved_ms: true,
    detail: true,
  },
  session_played: { scope: true, session_id: true, run: true, day: true, played_ms: true },
  grants: { scope: true, day: true, entry_id: true, granted_ms: true },
  nodes: { node: true, seen_at: true, clock_skew_ms: true },
}
