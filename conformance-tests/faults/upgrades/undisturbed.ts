import { SCHEMA_VERSION } from '@shepherd-store/core/sql'
import { openWatched, type Where } from '../processes/watched-store.ts'
import { type Dump, dump, linesOf } from './dump.ts'
import { freeze } from './frozen.ts'

/** What the opening of a database of one version comes to, when nobody disturbs it. */
export interface Undisturbed {
  /** 0: there was none. */
  readonly version: number
  /** How many statements it takes. */
  readonly statements: number
  /** Absent when there was none. */
  readonly before: Dump | undefined
  /** What is there afterwards, as lines. */
  readonly after: readonly string[]
}

/** Opens a database of each version. `fresh` names a place where there is none yet. */
export async function openEach(fresh: () => Where): Promise<readonly Undisturbed[]> {
  const opened: Undisturbed[] = []
  for (let version = 0; version <= SCHEMA_VERSION; version += 1) {
    const where = fresh()
    await freeze(where, version)
    const before = version === 0 ? undefined : await dump(where)
    let statements = 0
    const store = await openWatched(where, () => (statements += 1))
    await store.close()
    opened.push({ version, statements, before, after: linesOf(await dump(where)) })
  }
  return opened
}
