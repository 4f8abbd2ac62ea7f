import type { OwnedStore } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { DAY, ENTRIES, eventRows, turn } from './household.ts'
import { OTHER_WAYS, USUAL_WAY, type Way } from './our-sqlite.ts'
import { appendStatement, durableDatabase, incrementStatement, plainDatabase, valuesOf } from './raw-sqlite.ts'
import type { Contender, Row } from './row.ts'

/** Of each handle. */
const COMMITS = 128
const ENTRY = turn(ENTRIES, 0)

/** Two programs on one machine, which take turns with the lock of one file. */
export const twoHandles: Row = {
  id: 'sqlite-two-handles',
  title: 'SQLite: a record and an increment in one commit, by two handles on one file at once; the yardstick in turn',
  operations: 2 * COMMITS,
  rounds: 9,
  contenders: [ours(USUAL_WAY), raw(), ...OTHER_WAYS.map(ours)],
}

function ours({ name, options }: Way): Contender {
  return {
    name,
    async start(place) {
      const path = place.file('store.db')
      const stores = [
        await openSqliteStore(path, { ...options, node: 'one' }),
        await openSqliteStore(path, { ...options, node: 'two' }),
      ]
      return {
        async run() {
          for (let count = 0; count < COMMITS; count += 1) await Promise.all(stores.map(commitOnce))
        },
        close: () => Promise.all(stores.map((store) => store.close())),
      }
    },
  }
}

function commitOnce(store: OwnedStore): Promise<unknown> {
  return store.commit([
    { type: 'append_audit', event: { type: 'service_started' } },
    { type: 'add_usage', entryId: ENTRY, day: DAY, durationMs: 1 },
  ])
}

function raw(): Contender {
  return {
    name: 'better-sqlite3, two connections',
    async start(place) {
      const path = place.file('plain.db')
      const databases = [plainDatabase(path), durableDatabase(path)]
      const values = valuesOf(turn(await eventRows(), 0))
      const commits = databases.map((database) => {
        const insert = appendStatement(database)
        const upsert = incrementStatement(database)
        return database.transaction(() => {
          insert.run(...values)
          upsert.run('default', DAY, ENTRY, 'local', 1)
        })
      })
      return {
        run() {
          for (let count = 0; count < COMMITS; count += 1) for (const commit of commits) commit.immediate()
        },
        close: () => databases.map((database) => database.close()),
      }
    },
  }
}
