import {
  type AuditHead,
  type AuditRow,
  type Day,
  GENESIS_HASH,
  type LogEnds,
  type NodeRecord,
  type RecordedOperation,
  type SessionRow,
} from '@shepherd-store/core'

export type Keys = { readonly scope: string; readonly entryId: string; readonly day: Day; readonly node: string }
export type Row = Omit<Keys, 'node'> & { durationMs: number }

const GENESIS: AuditHead = { id: 0, hash: GENESIS_HASH }

/** What a database would hold. Drivers on the same data are handles on one store. */
export class MapData {
  readonly audits: AuditRow[] = []
  readonly log: { -readonly [K in keyof LogEnds]: LogEnds[K] } = { head: GENESIS, start: GENESIS, forgottenId: 0 }
  readonly usage = new Map<string, Keys & Row>()
  readonly cooldowns = new Map<string, { readonly scope: string; readonly entryId: string; readonly until: Date }>()
  readonly snapshots = new Map<string, { readonly revision: number; readonly text: string }>()
  readonly operations = new Map<string, RecordedOperation>()
  readonly sessions = new Map<string, SessionRow>()
  readonly played = new Map<string, number>()
  readonly grants = new Map<string, Row>()
  readonly nodes = new Map<string, NodeRecord>()
}
