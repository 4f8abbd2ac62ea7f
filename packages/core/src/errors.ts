/** What went wrong, for a program. Act upon the code; the message is for people. */
export type StoreErrorCode =
  /** An argument is outside its stated range. Nothing was written. */
  | 'INVALID_ARGUMENT'
  /** Stored data cannot be understood. The message names the row. */
  | 'MALFORMED'
  /** The store does not exist, and was not to be created. */
  | 'NOT_FOUND'
  /** Other writers held the store for longer than the stated wait, or its queue is full. Try again. */
  | 'BUSY'
  /** The database cannot be reached, or dropped the connection. Try again. */
  | 'UNAVAILABLE'
  /** No answer within the stated time. */
  | 'TIMEOUT'
  /** The user may not do it: a wrong password, a missing right, a file of somebody else's. */
  | 'PERMISSION_DENIED'
  /** The file, the file system or the server takes no writes. */
  | 'READ_ONLY'
  /** There is no room for the write. */
  | 'DISK_FULL'
  /** The operating system failed a read or a write. */
  | 'IO'
  /** The database file is damaged. Restore a backup. */
  | 'CORRUPT'
  /** The operation id was used before, with other content. */
  | 'OPERATION_MISMATCH'
  /** The caller's signal stopped the call before it was complete. */
  | 'ABORTED'
  /** The store was closed. */
  | 'CLOSED'
  /** The schema is newer than this library. Install a newer version. */
  | 'SCHEMA_TOO_NEW'
  /** The schema is older than this library, and `migrate` is `'never'`. */
  | 'SCHEMA_TOO_OLD'
  /** The file or the schema belongs to another program. */
  | 'UNRECOGNIZED_SCHEMA'
  /** The file was written by the Rust crate. Import it. */
  | 'RUST_SCHEMA'
  /** The database keeps its days by another calendar. */
  | 'CALENDAR_MISMATCH'
  /** The runtime or the database lacks what the store's promises need. */
  | 'UNSUPPORTED'
  /** Any other failure that the database reports; see `cause`. */
  | 'DATABASE'

/** Whether the failed call may have taken effect. Reads are always `not_applied`. */
export type Outcome = 'not_applied' | 'unknown'

export interface StoreErrorOptions {
  readonly cause?: unknown
  readonly operation?: string | undefined
  /** Default `not_applied`. */
  readonly outcome?: Outcome | undefined
  /** Default by code: `BUSY`, `UNAVAILABLE` and `TIMEOUT` are. */
  readonly retryable?: boolean | undefined
}

const RETRYABLE: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>(['BUSY', 'UNAVAILABLE', 'TIMEOUT'])

/** The one error that a store throws. The driver's own error is its `cause`. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  /** Whether the same call may succeed later. When `outcome` is `unknown`, repeat it only with an operation id. */
  readonly retryable: boolean
  readonly outcome: Outcome
  /** The store's method, when one was called. */
  readonly operation: string | undefined

  constructor(code: StoreErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.outcome = options.outcome ?? 'not_applied'
    this.retryable = options.retryable ?? RETRYABLE.has(code)
    this.operation = options.operation
  }
}

/** Whether `error` is a `StoreError`, of one of `codes` if any are given. Works across copies of the package. */
export function isStoreError(error: unknown, ...codes: readonly StoreErrorCode[]): error is StoreError {
  if (!(error instanceof Error) || error.name !== 'StoreError' || !('code' in error)) return false
  return codes.length === 0 || codes.some((code) => code === error.code)
}

export function invalidArgument(message: string): StoreError {
  return new StoreError('INVALID_ARGUMENT', message)
}

/** What `read` makes of a caller's arguments: one whose getter or proxy throws is refused. So is a clock that does. */
export function fromArguments<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isStoreError(error)) throw error
    throw new StoreError('INVALID_ARGUMENT', `an argument, or the clock, cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** The same failure with the name of the method that it left through. */
export function duringOperation(error: unknown, operation: string): StoreError {
  const failure = toStoreError(error, 'unknown')
  if (failure.operation !== undefined) return failure
  const { code, message, outcome, retryable, cause } = failure
  return new StoreError(code, `${operation}: ${message}`, { cause: cause ?? failure, operation, outcome, retryable })
}

/** The same failure with another outcome. */
export function withOutcome(error: unknown, outcome: Outcome): StoreError {
  const failure = toStoreError(error, outcome)
  if (failure.outcome === outcome) return failure
  const { code, message, operation, retryable, cause } = failure
  return new StoreError(code, message, { cause: cause ?? failure, operation, outcome, retryable })
}

/** The error, or what stands for one that is no `StoreError`: a driver's mistake. */
export function toStoreError(error: unknown, outcome: Outcome): StoreError {
  return isStoreError(error) ? error : new StoreError('DATABASE', messageOf(error), { cause: error, outcome })
}

export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'string' ? error : 'what was thrown is no error'
}
