import assert from 'node:assert/strict'
import { createStore, isStoreError, manualClock } from '@shepherd-store/core'
import { openSqliteDriver } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import type { Journal } from './journal.ts'
import { judge, type Verdict } from './judge.ts'
import { DAY, WORK_AT } from './work.ts'

/** What whoever opens the file next finds there. One that cannot be used has lost everything. */
export function judgeFile(path: string, journal: Journal): Promise<Verdict> {
  return ifUsable(path, async () => {
    const clock = manualClock(WORK_AT)
    const driver = await openSqliteDriver(path, { writer: 'inline', calendar: { timeZone: 'UTC', dayStart: '00:00' } })
    const store = createStore(driver, { clock })
    try {
      const verdict = await judge(store, journal)
      // It goes on.
      await store.addUsage('afterwards', DAY, 1, { operationId: 'afterwards' })
      return verdict
    } finally {
      await store.close()
    }
  })
}

/** What `use` tells of the file, which is sound afterwards; or that it cannot be used. */
export async function ifUsable(path: string, use: () => Promise<Verdict>): Promise<Verdict> {
  try {
    const verdict = await use()
    checkIntegrity(path)
    return verdict
  } catch (error) {
    if (!isStoreError(error)) throw error
    const lost = [`the store cannot be used: ${error.code} ${error.message}`]
    return { acknowledged: 0, inDoubt: 0, lost, doubled: [], untrue: [] }
  }
}

function checkIntegrity(path: string): void {
  const database = new Database(path, { readonly: true })
  const found: unknown = database.pragma('integrity_check', { simple: true })
  database.close()
  assert.equal(found, 'ok', path)
}
