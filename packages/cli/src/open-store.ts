import { type OwnedStore, requireSupportedNode, StoreError, type StoreOptions } from '@shepherd-store/core'
import type { SqliteStoreOptions } from '@shepherd-store/sqlite'

export interface OpenStoreOptions extends StoreOptions, Pick<SqliteStoreOptions, 'changeCalendar' | 'migrate'> {
  /**
   * `false`: a store that is not there is not made, and `openStore` rejects: with `NOT_FOUND` where a file or a
   * database is missing, with `SCHEMA_TOO_OLD` where a PostgreSQL database has no tables of the store. Default true.
   */
  readonly create?: boolean | undefined
}

/**
 * Opens the store that `where` names: the path of an SQLite file, `sqlite:PATH`, `postgres://…` (or `postgresql://…`;
 * `options.node` is then required), or `memory:`, a new and empty one that is gone once it is closed. No environment
 * variable is read, and a backend is loaded when it is first used.
 * @throws StoreError `INVALID_ARGUMENT` for an unknown scheme, and whatever the backend's own function rejects with.
 */
export async function openStore(where: string, options: OpenStoreOptions = {}): Promise<OwnedStore> {
  requireSupportedNode()
  const place = placeOf(where)
  switch (place.backend) {
    case 'sqlite': {
      const { openSqliteStore } = await import('@shepherd-store/sqlite')
      return openSqliteStore(place.path, options)
    }
    case 'postgres': {
      const { create = true, node, migrate = create ? 'auto' : 'never', ...rest } = options
      if (node === undefined) throw invalid('node must name this machine: a store on PostgreSQL is shared by several')
      const { openPostgresStore } = await import('@shepherd-store/postgres')
      return openPostgresStore(where, { ...rest, node, migrate })
    }
    case 'memory': {
      const { createMemoryStore } = await import('@shepherd-store/memory')
      const { create: _, changeCalendar: __, migrate: ___, ...rest } = options
      return createMemoryStore(rest)
    }
  }
}

export type Place =
  | { readonly backend: 'sqlite'; readonly path: string }
  | { readonly backend: 'postgres' }
  | { readonly backend: 'memory' }

/** @throws StoreError `INVALID_ARGUMENT` for an unknown scheme. */
export function placeOf(where: string): Place {
  // One letter is no scheme: it is a drive, as in C:\shepherd.db.
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(where) ?? []
  switch (scheme?.toLowerCase()) {
    case undefined:
      return { backend: 'sqlite', path: where }
    case 'sqlite':
      if (!/^\/\/(?!\/)/.test(rest)) return { backend: 'sqlite', path: rest }
      throw invalid(
        `write sqlite:${rest.slice(2)} for a path from here, or sqlite:/${rest.slice(1)} for one from the root`,
      )
    case 'postgres':
    case 'postgresql':
      return { backend: 'postgres' }
    case 'memory':
      if (rest === '') return { backend: 'memory' }
      throw invalid('a store in memory has no name; write memory: alone')
    default:
      throw invalid(
        `${scheme}: is no kind of store; give a path, sqlite:PATH, postgres://USER@HOST/DATABASE, or memory: ` +
          `(a path that looks like it: ./${scheme}:…)`,
      )
  }
}

function invalid(message: string): StoreError {
  return new StoreError('INVALID_ARGUMENT', message)
}
