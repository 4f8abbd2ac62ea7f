import type { OwnedStore } from '@shepherd-store/core'
import { openSqliteStore, type SqliteStoreOptions } from '@shepherd-store/sqlite'
import type { Contender, Running } from './row.ts'

export interface Way {
  readonly name: string
  readonly options: SqliteStoreOptions
}

/** As users open it. */
export const USUAL_WAY: Way = { name: 'shepherd-store', options: {} }

/** The other ways in which it can be told to write to its file. */
export const OTHER_WAYS: readonly Way[] = [{ name: 'shepherd-store, writer inline', options: { writer: 'inline' } }]

/** The work of one run, on a store in a file of its own. */
type Work = (store: OwnedStore) => () => Promise<unknown>

/** The store as users open it. */
export function ours(work: Work, { operations, fill }: OursOptions = {}): Contender {
  return contender(USUAL_WAY, work, { operations, fill })
}

/** The store opened in the other ways, each with the same work. */
export function oursOtherwise(work: Work, options: OursOptions = {}): readonly Contender[] {
  return OTHER_WAYS.map((way) => contender(way, work, options))
}

interface OursOptions {
  readonly operations?: number | undefined
  /** Called before the work, once. */
  readonly fill?: ((store: OwnedStore) => Promise<unknown>) | undefined
}

function contender({ name, options }: Way, work: Work, { operations, fill }: OursOptions): Contender {
  return {
    name,
    ...(operations === undefined ? {} : { operations }),
    async start(place): Promise<Running> {
      const store = await openSqliteStore(place.file('store.db'), options)
      await fill?.(store)
      return { run: work(store), close: () => store.close() }
    },
  }
}
