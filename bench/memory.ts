import { migrationsFrom } from '@shepherd-store/core/sql'
import { createMemoryData, createMemoryStore } from '@shepherd-store/memory'
import { sqliteFlavor } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { callers } from './callers.ts'
import { DAYS, ENTRIES, eventRows, events, fillDays, turn } from './household.ts'
import { appendStatement, incrementStatement, plainDatabase, usageStatement, valuesOf } from './raw-sqlite.ts'
import type { Row } from './row.ts'

const NAME = 'shepherd-store'
const APPENDS = 1_000
const READS = 5_000
const OPENINGS = 50

export const memory: readonly Row[] = [
  {
    id: 'memory-append',
    title: 'memory: append, one caller',
    atMost: 5,
    operations: APPENDS,
    rounds: 15,
    contenders: [
      {
        name: NAME,
        start() {
          const store = createMemoryStore()
          return {
            run: () => callers(1, APPENDS, (index) => store.appendAudit(turn(events, index))),
            close: () => store.close(),
          }
        },
      },
      {
        name: 'better-sqlite3, prepared insert in :memory:',
        async start() {
          const database = plainDatabase(':memory:')
          const insert = appendStatement(database)
          const rows = (await eventRows()).map(valuesOf)
          return {
            run() {
              for (let index = 0; index < APPENDS; index += 1) insert.run(...turn(rows, index))
            },
            close: () => void database.close(),
          }
        },
      },
    ],
  },
  {
    id: 'memory-usage',
    title: 'memory: usage of one entry on one day',
    atMost: 5,
    operations: READS,
    rounds: 15,
    contenders: [
      {
        name: NAME,
        async start() {
          const store = createMemoryStore()
          await fillDays(store)
          return {
            run: () => callers(1, READS, (index) => store.getUsage(turn(ENTRIES, index), turn(DAYS, index))),
            close: () => store.close(),
          }
        },
      },
      {
        name: 'better-sqlite3, prepared get in :memory:',
        start() {
          const database = plainDatabase(':memory:')
          const add = incrementStatement(database)
          for (const day of DAYS) for (const entryId of ENTRIES) add.run('default', day, entryId, 'local', 1_234_567)
          const get = usageStatement(database)
          return {
            run() {
              for (let index = 0; index < READS; index += 1) get.get('default', turn(DAYS, index), turn(ENTRIES, index))
            },
            close: () => void database.close(),
          }
        },
      },
    ],
  },
  {
    id: 'memory-open',
    title: 'memory: open and close; the yardstick makes the same tables',
    atMost: 0.7,
    operations: OPENINGS,
    rounds: 15,
    contenders: [
      {
        name: NAME,
        start: () => ({ run: () => callers(1, OPENINGS, () => createMemoryStore().close()), close: () => undefined }),
      },
      {
        name: 'better-sqlite3, :memory: with its tables made',
        start() {
          const definitions = migrationsFrom(0, sqliteFlavor).map(({ sql }) => sql)
          return {
            run() {
              for (let count = 0; count < OPENINGS; count += 1) {
                const database = new Database(':memory:')
                for (const definition of definitions) database.prepare(definition).run()
                database.close()
              }
            },
            close: () => undefined,
          }
        },
      },
    ],
  },
  {
    id: 'memory-fork',
    title: 'memory: a fork of a prepared store, opened; the yardstick copies an empty database with its tables',
    operations: OPENINGS,
    rounds: 15,
    contenders: [
      {
        name: NAME,
        async start() {
          const data = createMemoryData()
          await fillDays(createMemoryStore({ data }))
          const fork = () => createMemoryStore({ fork: data }).close()
          return { run: () => callers(1, OPENINGS, fork), close: () => undefined }
        },
      },
      {
        name: 'better-sqlite3, serialized and opened',
        start() {
          const prepared = new Database(':memory:')
          for (const { sql } of migrationsFrom(0, sqliteFlavor)) prepared.prepare(sql).run()
          return {
            run() {
              for (let count = 0; count < OPENINGS; count += 1) new Database(prepared.serialize()).close()
            },
            close: () => void prepared.close(),
          }
        },
      },
    ],
  },
]
