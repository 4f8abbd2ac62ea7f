import type { CalendarOptions, StoreDriver } from '@shepherd-store/core'
import type { Harness } from '@shepherd-store/core/conformance'
import { openSqliteDriver } from '@shepherd-store/sqlite'
import { harnessFor } from './sqlite-harness.ts'

/** Writes in the process's own thread, and so do its other processes. */
export const sqliteInlineHarness: Harness = harnessFor({
  name: 'sqlite, inline',
  module: import.meta.url,
  writer: 'inline',
})

/** How a worker process opens a place by its `address`. */
export function openDriver(
  location: string,
  { calendar }: { readonly calendar: CalendarOptions },
): Promise<StoreDriver> {
  return openSqliteDriver(location, { calendar, writer: 'inline' })
}
