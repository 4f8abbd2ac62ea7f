import type { Change, CommitOptions, OwnedStore } from '@shepherd-store/core'
import { withMethods } from '../saboteurs/saboteur.ts'

/** The store, which tells of a commit that ends a session before it makes it. */
export function announced(store: OwnedStore, tell: (changes: readonly Change[]) => Promise<void>): OwnedStore {
  const commit = async (changes: readonly Change[], options?: CommitOptions) => {
    if (changes.some(({ type }) => type === 'end_session')) await tell(changes)
    return store.commit(changes, options)
  }
  return withMethods(store, { commit: commit as OwnedStore['commit'] })
}
