import type Database from 'better-sqlite3'
import { callers } from './callers.ts'
import { fill, filledDatabase } from './filled-sqlite.ts'
import { DAY, DAYS, ENTRIES, turn } from './household.ts'
import { ours } from './our-sqlite.ts'
import { newestStatement, usageStatement } from './raw-sqlite.ts'
import type { Contender, Row } from './row.ts'
import { drizzleSqlite } from './with-drizzle.ts'
import { keyvUsage } from './with-keyv.ts'
import { kyselySqlite } from './with-kysely.ts'

const USAGE_READS = 5_000
const DAY_STATES = 500
const NEWEST_READS = 100

/** The yardsticks read the tables of a store, so that the rows are the very same. */
export const sqliteReads: readonly Row[] = [
  {
    id: 'sqlite-usage',
    title: 'SQLite: usage of one entry on one day',
    atMost: 3,
    operations: USAGE_READS,
    rounds: 15,
    contenders: [
      filled(
        (store) => () => callers(1, USAGE_READS, (index) => store.getUsage(turn(ENTRIES, index), turn(DAYS, index))),
      ),
      raw('better-sqlite3, prepared get', (database) => {
        const get = usageStatement(database)
        return () => {
          for (let index = 0; index < USAGE_READS; index += 1)
            get.get('default', turn(DAYS, index), turn(ENTRIES, index))
        }
      }),
      kyselySqlite.usage(USAGE_READS / 10),
      drizzleSqlite.usage(USAGE_READS / 10),
      keyvUsage(USAGE_READS / 10),
    ],
  },
  {
    id: 'sqlite-day-state',
    title: 'SQLite: state of a day: 50 entries with usage, 10 cooldowns, 5 grants, a session that is open',
    atMost: 2,
    operations: DAY_STATES,
    rounds: 15,
    contenders: [
      filled((store) => () => callers(1, DAY_STATES, async () => [...(await store.getDayState(DAY))])),
      raw('better-sqlite3, prepared queries', (database) => {
        const questions = dayQuestions(database)
        return () => {
          for (let count = 0; count < DAY_STATES; count += 1) for (const ask of questions) ask()
        }
      }),
    ],
  },
  {
    id: 'sqlite-newest-100',
    title: 'SQLite: the newest 100 records',
    atMost: 1.3,
    operations: NEWEST_READS,
    rounds: 15,
    contenders: [
      filled((store) => () => callers(1, NEWEST_READS, () => store.getRecentAudits(100))),
      raw('better-sqlite3, prepared select and JSON.parse', (database) => {
        const newest = newestStatement(database)
        return () => {
          for (let count = 0; count < NEWEST_READS; count += 1) {
            for (const { event } of newest.all('default', 100)) JSON.parse(event)
          }
        }
      }),
      kyselySqlite.newest(NEWEST_READS),
      drizzleSqlite.newest(NEWEST_READS),
    ],
  },
]

function filled(work: Parameters<typeof ours>[0]): Contender {
  return ours(work, { fill })
}

function raw(name: string, work: (database: Database.Database) => () => void): Contender {
  return {
    name,
    async start(place) {
      const database = await filledDatabase(place.file('filled.db'))
      return { run: work(database), close: () => void database.close() }
    },
  }
}

/** Statements which fetch every row that the state of a day is made of. */
function dayQuestions(database: Database.Database): readonly (() => unknown)[] {
  const usage = database.prepare('select entry_id, node, duration_ms from usage where scope = ? and day = ?')
  const grants = database.prepare('select entry_id, granted_ms from grants where scope = ? and day = ?')
  const sessions = database.prepare(
    'select entry_id, reserved_day, reserved_ms from sessions where scope = ? and ended_at is null',
  )
  const cooldowns = database.prepare('select entry_id, until from cooldowns where scope = ?')
  return [
    () => usage.all('default', DAY),
    () => grants.all('default', DAY),
    () => sessions.all('default'),
    () => cooldowns.all('default'),
  ]
}
