import process from 'node:process'
import { openSqliteStore } from '@shepherd-store/sqlite'

/** A process that opens a store, and closes it. */
await (await openSqliteStore(process.argv[2] ?? '')).close()
