import { createStore, type Store, type StoreDriver } from '@shepherd-store/core'

/** A store that checks what it is given as every store does, and keeps nothing. */
export function createRehearsal({ calendar, clock, node, scope }: Store): Store {
  const driver: StoreDriver = {
    contract: 1,
    capabilities: { durability: 'none', sharing: 'process' },
    calendar,
    write: async (units) =>
      units.map(({ changes }) => ({
        type: 'applied',
        audits: changes.flatMap(({ table }) => (table === 'audit' ? [{ id: 1, hash: '' }] : [])),
        usage: [],
      })),
    read: async () => ({ usage: [], cooldowns: [], snapshots: [], audits: [] }),
    probe: async () => ({ backend: 'rehearsal', version: '1', schemaVersion: 1 }),
    close: async () => {},
  }
  return createStore(driver, { clock, node, scope })
}
