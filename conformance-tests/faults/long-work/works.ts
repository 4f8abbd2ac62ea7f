import { writeFileSync } from 'node:fs'
import { addDays, type Change, type Store } from '@shepherd-store/core'
import type { SqliteStore } from '@shepherd-store/sqlite'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { makeHousehold } from '../../../examples/household/make.ts'

/** Work of many commits, which a process may be killed in the middle of. */
export interface LongWork {
  /** Makes the file at `source` that it reads, where it reads one. `other` is an empty store. */
  makeSource?(source: string, other: Store): Promise<void>
  /** Makes what the store holds before it. */
  prepare(store: Store): Promise<void>
  /** The call. */
  perform(store: Store, source: string): Promise<unknown>
  /** Whether its records have the same hash whenever it is done: it makes no salt of its own. */
  readonly withHashes: boolean
}

export type LongWorkName = 'importAudits' | 'importRustStore' | 'forgetScope' | 'compact'

/** More than one batch of the log, of 250 records, for each scope. */
const RECORDS = 900
/** As the crate's database ends, in the middle of a session. */
const UNTIL = new Date('2026-11-23T23:10:00Z')
const FIRST_DAY = '2026-11-01'
const DECISION = { by: 'Ada', why: 'She has moved out.' }

/** Whose records are erased, among others'. */
const FORGOTTEN = 'anna'

export const LONG_WORKS: Readonly<Record<LongWorkName, LongWork>> = {
  importAudits: {
    async makeSource(source, other) {
      await fill(other)
      let text = ''
      for await (const part of other.exportAudits({ format: 'jsonl', scope: 'all' })) text += part
      writeFileSync(source, text)
    },
    async prepare() {},
    perform: (store, source) => store.importAudits(source),
    withHashes: true,
  },
  importRustStore: {
    async makeSource(source) {
      makeHousehold(source, { until: UNTIL })
    },
    async prepare(store) {
      await store.addUsage('chess', FIRST_DAY, 7)
      await store.appendAudit({ type: 'service_started' })
    },
    perform: (store, source) => importRustStore(source, store),
    withHashes: false,
  },
  forgetScope: {
    prepare: fill,
    perform: (store) => store.forgetScope(FORGOTTEN, DECISION),
    withHashes: false,
  },
  compact: {
    async prepare(store) {
      await fill(store)
      await store.forgetScope(FORGOTTEN, DECISION)
    },
    // Only a file has it.
    perform: (store) => (store as SqliteStore).compact(),
    withHashes: false,
  },
}

/** Two scopes with records, usage and cooldowns, in turn. */
export async function fill(store: Store): Promise<void> {
  for (let made = 0; made < RECORDS; made += 2 * PART) {
    for (const scope of [FORGOTTEN, 'otto']) {
      await store.view({ scope }).commit(
        Array.from({ length: PART }, (_, index): readonly Change[] => [
          { type: 'append_audit', event: { type: 'policy_loaded', entryCount: made + index } },
          { type: 'add_usage', entryId: 'chess', day: addDays(FIRST_DAY, index % 20), durationMs: 1 + made + index },
        ]).flat(),
      )
    }
  }
  for (const scope of [FORGOTTEN, 'otto']) await store.view({ scope }).setCooldownUntil('chess', UNTIL)
}
const PART = 50
