import type { Tables } from '@shepherd-store/core/sql'

/** The tables that only PostgreSQL has. */
export interface PostgresTables extends Tables {
  readonly audit_head: { readonly last_id: number; readonly last_hash: string }
  readonly writers: WritersTable
}

interface WritersTable {
  readonly writer: string
  readonly last_group: number
  /** The indexes of the units that the group applied, as a JSON array. */
  readonly applied: string
  readonly last_audit_id: number
  readonly seen_at: string
}
