import { isStoreError, type Outcome, StoreError, type StoreErrorCode } from '@shepherd-store/core'

const READ_ONLY_ADVICE = 'this server is a standby, or was set read-only; connect to the primary'

/** What SQLSTATEs mean. The longest prefix that comes first counts. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const MEANINGS: readonly (readonly [prefix: string, code: StoreErrorCode, advice: string])[] = [
  ['0A000', 'UNAVAILABLE', 'a table was changed since the connection prepared its statements; try again'],
  ['08', 'UNAVAILABLE', 'the connection was lost; try again'],
  ['25006', 'READ_ONLY', READ_ONLY_ADVICE],
  ['25P03', 'UNAVAILABLE', 'the server ended a transaction that waited for its client too long; try again'],
  ['26000', 'UNAVAILABLE', 'a prepared statement is gone; try again'],
  ['28', 'PERMISSION_DENIED', 'look at the user, the password and pg_hba.conf'],
  ['3D000', 'NOT_FOUND', 'the database does not exist; make it, or look at the URL'],
  ['40', 'BUSY', 'another transaction was in the way; try again'],
  ['42501', 'PERMISSION_DENIED', 'the role lacks the right to do it: ask the owner of the schema'],
  ['3F000', 'DATABASE', 'the schema of the store is missing; restore a backup'],
  ['42703', 'DATABASE', 'a column of the store is missing; restore a backup'],
  ['42P01', 'DATABASE', 'a table of the store is missing; restore a backup'],
  ['42P10', 'DATABASE', 'a table of the store has lost its primary key; make it again, or restore a backup'],
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

/** Whether a standby refuses to begin a transaction that writes: it says of it that it has no such feature. */
export function isStandbysRefusal(error: unknown): boolean {
  return sqlStateOf(error) === UNSUPPORTED_FEATURE
}

/** What it says then: its transaction has failed, and nothing of it is done. */
export function standbyError(cause: unknown): StoreError {
  return new StoreError('READ_ONLY', `the server takes no writes: ${READ_ONLY_ADVICE}`, { cause })
}

const UNSUPPORTED_FEATURE = '0A000'

/**
 * Whether the failure may be met on every connection of that age, and on none that is made now: they lead to a server that is
 * no primary any more, or nowhere, or have prepared what does not fit the tables any more.
 */
export function mayBeOfConnections({ code, cause }: StoreError): boolean {
  const state = sqlStateOf(cause)
  // A pool that has no connection left says so without a cause.
  const isUnanswered = code === 'TIMEOUT' && cause !== undefined && state === undefined
  return code === 'READ_ONLY' || isUnanswered || state === UNSUPPORTED_FEATURE
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

/**
 * Whether an error that the server gives as its answer to COMMIT itself settles that nothing was committed: one that comes
 * before anything is written to the server's log. A server that cannot sync that log stops, and may find the commit in it.
 */
export function settlesCommit(error: unknown): boolean {
  return /^(23|40001|40002|40P01|P0|25P02|57014)/.test(sqlStateOf(error) ?? '')
}

/** It helps to try again: with what was written, what became of it is found. */
export function asRetryable({ code, message, cause, outcome }: StoreError): StoreError {
  return new StoreError(code, message, { cause, outcome, retryable: true })
}

/** A host with several addresses has an error for each, and says nothing itself. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(textOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function withoutState(error: unknown, outcome: Outcome): StoreError {
  const text = textOf(error)
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
