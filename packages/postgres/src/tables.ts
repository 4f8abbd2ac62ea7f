import type { Tables } from '@shepherd-store/core/sql'

/** The tables that only PostgreSQL has. */
export interface PostgresTables extends Tables {
  readonly audit_head: { readonly last_id: number; readonly last_hash: string }
  readonly writers: WritersTable
}

interface WritersTable {
  readonly writer: string
  readonly last_group: number
  /** What the group did, as JSON. */
  readonly applied: string
  readonly last_audit_id: number
  readonly seen_at: string
}
