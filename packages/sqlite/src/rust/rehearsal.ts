import {
  type AuditRow,
  createStore,
  type ReadResult,
  type Store,
  type StoreDriver,
  type WriteUnit,
} from '@shepherd-store/core'

const NOTHING: ReadResult = {
  ...{ usage: [], grants: [], reserved: [], cooldowns: [] },
  ...{ sessions: [], nodes: [], snapshots: [], audits: [] },
}

/** A store that checks what it is given as every store does, and keeps nothing. */
export function createRehearsal({ calendar, clock, node, scope }: Store): Store {
  const driver: StoreDriver = {
    contract: 1,
    capabilities: { durability: 'none', sharing: 'process' },
    calendar,
    write: async (units) =>
      units.map((unit) => ({ type: 'applied', audits: recordsOf(unit), usage: [], sessions: [] })),
    read: async () => NOTHING,
    probe: async () => ({ backend: 'rehearsal', version: '1', schemaVersion: 1 }),
    close: async () => {},
  }
  return createStore(driver, { clock, node, scope })
}

function recordsOf({ changes }: WriteUnit): readonly AuditRow[] {
  return changes.flatMap((change) => (change.table === 'audit' ? [{ ...change.content, id: 1, hash: '' }] : []))
}
