import type { CalendarOptions, StoreDriver } from '@shepherd-store/core'
import { openSqliteDriver } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'

/**
 * How a process opens a file with `synchronous=NORMAL`, which syncs no commit: what a test of power cuts has to catch. It
 * is set behind the settings of the store, which would refuse to open with it.
 */
export function openDriver(
  location: string,
  { calendar }: { readonly calendar: CalendarOptions },
): Promise<StoreDriver> {
  const { pragma } = Database.prototype
  Database.prototype.pragma = function (this: Database.Database, source, options) {
    const result: unknown = pragma.call(this, source, options)
    if (source.startsWith('journal_size_limit =')) pragma.call(this, 'synchronous = normal')
    return result
  }
  return openSqliteDriver(location, { calendar, writer: 'inline' })
}
