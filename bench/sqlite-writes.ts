import type { OwnedStore } from '@shepherd-store/core'
import { callers } from './callers.ts'
import { DAY, ENTRIES, events, eventRows, snapshots, snapshotTexts, turn } from './household.ts'
import { ours, oursOtherwise } from './our-sqlite.ts'
import { appendStatement, incrementStatement, plainDatabase, snapshotStatement, valuesOf } from './raw-sqlite.ts'
import type { Contender, Row, Running } from './row.ts'
import { twoHandles } from './two-handles.ts'
import { drizzleSqlite } from './with-drizzle.ts'
import { keyvSnapshot } from './with-keyv.ts'
import { kyselySqlite } from './with-kysely.ts'

/** So many durable writes one after another take about a tenth of a second. */
const SINGLE = 256
const ENTRY = turn(ENTRIES, 0)

export const sqliteWrites: readonly Row[] = [
  append({ id: 'sqlite-append-1', many: 1, ourOperations: SINGLE, atMost: 1.2, rounds: 21 }),
  append({ id: 'sqlite-append-64', many: 64, ourOperations: 4_096, atMost: 0.08, rounds: 9 }),
  append({ id: 'sqlite-append-512', many: 512, ourOperations: 8_192, atMost: 0.05, rounds: 9 }),
  increment(64),
  saveSnapshot(),
  twoHandles,
]

function append({ id, many, ourOperations, atMost, rounds }: AppendRow): Row {
  const work = (store: OwnedStore) => () =>
    callers(many, ourOperations, (index) => store.appendAudit(turn(events, index)))
  return {
    id,
    title: `SQLite: durable append, ${many === 1 ? 'one caller' : `${many} callers at once; the yardstick one after another`}`,
    atMost,
    operations: SINGLE,
    rounds,
    contenders: [
      ours(work, { operations: ourOperations }),
      rawAppend(),
      ...oursOtherwise(work, { operations: ourOperations }),
      kyselySqlite.append(many, SINGLE),
      drizzleSqlite.append(many, SINGLE),
    ],
  }
}

interface AppendRow {
  readonly id: string
  readonly many: number
  /** The store's own: as it is much faster in company, it does more, so that its run is long enough to be timed. */
  readonly ourOperations: number
  readonly atMost: number
  readonly rounds: number
}

function rawAppend(): Contender {
  return {
    name: 'better-sqlite3, prepared insert',
    async start(place): Promise<Running> {
      const database = plainDatabase(place.file('plain.db'))
      const insert = appendStatement(database)
      const rows = (await eventRows()).map(valuesOf)
      return {
        run() {
          for (let index = 0; index < SINGLE; index += 1) insert.run(...turn(rows, index))
        },
        close: () => void database.close(),
      }
    },
  }
}

function increment(many: number): Row {
  const operations = 4_096
  const work = (store: OwnedStore) => () => callers(many, operations, () => store.addUsage(ENTRY, DAY, 1))
  const raw: Contender = {
    name: 'better-sqlite3, prepared upsert',
    start(place) {
      const database = plainDatabase(place.file('plain.db'))
      const upsert = incrementStatement(database)
      return {
        run() {
          for (let count = 0; count < SINGLE; count += 1) upsert.run('default', DAY, ENTRY, 'local', 1)
        },
        close: () => void database.close(),
      }
    },
  }
  return {
    id: `sqlite-increment-${many}`,
    title: `SQLite: durable increment of one counter, ${many} callers at once; the yardstick one after another`,
    atMost: 0.06,
    operations: SINGLE,
    rounds: 9,
    contenders: [
      ours(work, { operations }),
      raw,
      ...oursOtherwise(work, { operations }),
      kyselySqlite.increment(many, SINGLE),
      drizzleSqlite.increment(many, SINGLE),
    ],
  }
}

function saveSnapshot(): Row {
  const work = (store: OwnedStore) => () => callers(1, SINGLE, (index) => store.saveSnapshot(turn(snapshots, index)))
  const raw: Contender = {
    name: 'better-sqlite3, prepared upsert',
    async start(place) {
      const database = plainDatabase(place.file('plain.db'))
      const upsert = snapshotStatement(database)
      const texts = await snapshotTexts()
      return {
        run() {
          for (let index = 0; index < SINGLE; index += 1) upsert.run('default', 'local', turn(texts, index))
        },
        close: () => void database.close(),
      }
    },
  }
  return {
    id: 'sqlite-snapshot',
    title: 'SQLite: save a state snapshot, one caller',
    operations: SINGLE,
    rounds: 9,
    contenders: [
      ours(work),
      raw,
      ...oursOtherwise(work),
      kyselySqlite.saveSnapshot(SINGLE),
      drizzleSqlite.saveSnapshot(SINGLE),
      keyvSnapshot(SINGLE),
    ],
  }
}
