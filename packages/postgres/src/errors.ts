import { isStoreError, type Outcome, StoreError, type StoreErrorCode } from '@shepherd-store/core'

/** What SQLSTATEs mean. The longest prefix that comes first counts. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const MEANINGS: readonly (readonly [prefix: string, code: StoreErrorCode, advice: string])[] = [
  ['08', 'UNAVAILABLE', 'the connection was lost; try again'],
  ['25006', 'READ_ONLY', 'this server is a standby, or was set read-only; connect to the primary'],
  ['25P03', 'UNAVAILABLE', 'the server ended a transaction that waited for its client too long; try again'],
  ['26000', 'UNAVAILABLE', 'a prepared statement is gone; try again'],
  ['28', 'PERMISSION_DENIED', 'look at the user, the password and pg_hba.conf'],
  ['3D000', 'NOT_FOUND', 'the database does not exist; make it, or look at the URL'],
  ['40', 'BUSY', 'another transaction was in the way; try again'],
  ['42501', 'PERMISSION_DENIED', 'the role lacks the right to do it: ask the owner of the schema'],
  ['42P01', 'DATABASE', 'a table of the store is missing; restore a backup'],
  ['42P05', 'UNAVAILABLE', 'a prepared statement is there already, as behind a pooler that mixes sessions; try again'],
  ['53100', 'DISK_FULL', 'make room on the disk of the server, then try again'],
  ['53', 'UNAVAILABLE', 'the server has no connections or memory left; try again'],
  ['55P03', 'BUSY', 'another transaction kept its lock; try again'],
  [
    '57014',
    'TIMEOUT',
    'the server stopped the statement, which took too long; try again, or give calls more time (callTimeoutMs)',
  ],
  ['57P', 'UNAVAILABLE', 'the server ended the connection, or is starting or stopping; try again'],
  ['58', 'IO', "the server's operating system failed the call; look at its log"],
  ['XX001', 'CORRUPT', 'the database is damaged; restore a backup'],
  ['XX002', 'CORRUPT', 'an index is damaged; REINDEX, or restore a backup'],
]

/** The server's or the driver's error as a `StoreError`: classified by its SQLSTATE, never by its text. */
export function toStoreError(error: unknown, outcome: Outcome = 'not_applied'): StoreError {
  if (isStoreError(error)) return error
  const state = sqlStateOf(error)
  if (state === undefined) return withoutState(error, outcome)
  const text = error instanceof Error ? error.message : String(error)
  const meaning = MEANINGS.find(([prefix]) => state.startsWith(prefix))
  if (meaning === undefined)
    return new StoreError('DATABASE', `${text} (SQLSTATE ${state}): see the server's log`, { cause: error, outcome })
  const [, code, advice] = meaning
  return new StoreError(code, `${text} (SQLSTATE ${state}): ${advice}`, { cause: error, outcome })
}

/** The SQLSTATE that the server sent; `undefined` when it sent none: then the connection failed, or the driver. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error ? error.code : undefined
}

/** Whether the server's word settles that the transaction did not commit. A lost connection settles nothing. */
export function settlesTransaction(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state !== undefined && !/^(08|57P|25P03)/.test(state)
}

function withoutState(error: unknown, outcome: Outcome): StoreError {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && 'code' in error && error.code === 'ERR_SOCKET_BAD_PORT') {
    return new StoreError('INVALID_ARGUMENT', `${text}; correct the port`, { cause: error })
  }
  // A mistake in the program, not on the way to the server.
  if (error instanceof TypeError || error instanceof RangeError) {
    return new StoreError('DATABASE', text, { cause: error, outcome })
  }
  const message = `the database cannot be reached (${text}); look whether it runs, and at the URL, then try again`
  return new StoreError('UNAVAILABLE', message, { cause: error, outcome })
}
