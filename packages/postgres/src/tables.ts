import type { Tables } from '@shepherd-store/core/sql'

/** The shared tables, and the one that only PostgreSQL has. */
export interface PostgresTables extends Tables {
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
