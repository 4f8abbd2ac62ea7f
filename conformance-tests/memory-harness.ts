import type { Harness } from '@shepherd-store/core/conformance'
import { createMemoryData, databaseOf, type MemoryData, memoryDriver } from '@shepherd-store/memory'
import { rawSqlite } from './sqlite-raw.ts'

export const memoryHarness: Harness = {
  name: 'memory',
  async createPlace() {
    let data: MemoryData | undefined
    const opened = () => (data ??= createMemoryData())
    return {
      async openDriver({ calendar }) {
        data ??= createMemoryData({ calendar })
        return memoryDriver(data)
      },
      raw: {
        audits: () => rawSqlite(databaseOf(opened())).audits(),
        usage: () => rawSqlite(databaseOf(opened())).usage(),
        sessions: () => rawSqlite(databaseOf(opened())).sessions(),
        spoil: (row) => rawSqlite(databaseOf(opened())).spoil(row),
      },
      async destroy() {
        data = undefined
      },
    }
  },
}
